"""Example:
arae report --studies results/studies/coverage-scenes --out results/report.html \\
    --metrics results/metrics.json
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from arae.foundation.console import say
from arae.foundation.errors import DataError
from arae.foundation.files import atomic_write, read_json, write_json
from arae.foundation.stage import stage_run
from arae.reporting.charts.figure import Figure
from arae.reporting.kinds.registry import KINDS, module_of
from arae.reporting.ledger import open_ledger
from arae.reporting.page import render
from arae.reporting.scores import FORMAT
from arae.reporting.study_table import is_of_paper

SHOWN = ("table.json", "figures.json", "table.csv", "table.md", "curves.csv")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command line of `arae report`."""
    add = parser.add_argument
    add("--studies", type=Path, nargs="+", required=True, help="folders of tabulated studies")
    add("--out", type=Path, required=True, help="the HTML file")
    add("--metrics", type=Path, required=True, help="flat JSON of all means, for comparisons")


def run(arguments: argparse.Namespace) -> None:
    """Verify everything that is to be shown, then write the report."""
    shown = [folder / name for folder in arguments.studies for name in SHOWN]
    ledger = open_ledger(shown)
    with stage_run(
        "report",
        sidecar=arguments.out.with_name(arguments.out.name + ".provenance.json"),
        inputs=shown,
        outputs=[arguments.out, arguments.metrics],
        settings={"studies": [str(folder) for folder in arguments.studies]},
        modules=[module_of(kind) for kind in KINDS],
    ):
        tables = [_read_table(folder / "table.json") for folder in arguments.studies]
        figures = [
            list(map(Figure.of_json, read_json(folder / "figures.json")))
            for folder in arguments.studies
        ]
        page = render(_in_order(list(zip(tables, figures, strict=True))), ledger, _absent(tables))
        write_json(arguments.metrics, {table["study"]: _means(table) for table in tables})
        with atomic_write(arguments.out) as handle:
            handle.write(page)
    say(f"{arguments.out}: {len(ledger.files)} files verified; open it in a browser")


def _read_table(path: Path) -> dict[str, Any]:
    table = read_json(path)
    if not isinstance(table, dict) or table.get("format") != FORMAT:
        raise DataError(f"{path}: not a table of format {FORMAT}; tabulate the study again")
    return table


def _in_order(
    studies: list[tuple[dict[str, Any], list[Figure]]],
) -> list[tuple[dict[str, Any], list[Figure]]]:
    """Studies in the order of the paper, which is the order of the kinds."""
    places = {kind: place for place, kind in enumerate(KINDS)}
    return sorted(studies, key=lambda study: places.get(study[0]["kind"], len(places)))


def _absent(tables: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """(paper item, title) of the kinds of study that no table is of; nothing beside one's own studies."""
    if not any(map(is_of_paper, tables)):
        return []
    present = {table["kind"] for table in tables}
    return [(kind.paper_item, kind.title) for name, kind in KINDS.items() if name not in present]


def _means(table: dict[str, Any]) -> dict[str, dict[str, float]]:
    """Label -> metric -> mean."""
    return {
        row["label"]: {metric: cell["mean"] for metric, cell in row["cells"].items()}
        for row in table["rows"]
    }
