"""Example:

  arae import-sheets --key results/sheets/transfer-reviews/key.json --sheet-a ann-a.csv bob-a.csv \\
      --sheet-b ann-b.csv bob-b.csv --out results/sheets/transfer-reviews/ratings.json

One file for each rater. Every exported row must be rated; nothing is written if anything is wrong.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from arae.foundation.console import say
from arae.foundation.files import write_json
from arae.foundation.stage import stage_run

FORMAT = 1


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The verb's options."""
    add = parser.add_argument
    add("--key", type=Path, required=True, help="key.json of the export")
    add("--sheet-a", type=Path, nargs="+", required=True, help="filled-in sheets A, one a rater")
    add("--sheet-b", type=Path, nargs="+", required=True, help="filled-in sheets B, one a rater")
    add("--out", type=Path, required=True, help="JSON file to write")


def run(arguments: argparse.Namespace) -> None:
    """Judge systems by people's ratings."""
    from arae.evaluation.ratings import Key, judge, read_ratings

    sheets = {"a": arguments.sheet_a, "b": arguments.sheet_b}
    key = Key.read(arguments.key)
    raters = {
        sheet: [read_ratings(path, sheet, key) for path in paths] for sheet, paths in sheets.items()
    }
    with stage_run(
        "import-sheets",
        sidecar=arguments.out.with_name(arguments.out.name + ".provenance.json"),
        inputs=[arguments.key, *sheets["a"], *sheets["b"]],
        outputs=[arguments.out],
        settings={},
    ):
        found = judge(key, raters)
        write_json(arguments.out, {"format": FORMAT, **found})
    _tell(found)


def _tell(found: dict[str, Any]) -> None:
    for system, results in found["systems"].items():
        cells = (
            f"{name} {result['mean']:.3f} [{result['interval'][0]:.3f}, {result['interval'][1]:.3f}]"
            for name, result in results.items()
        )
        say(f"{system}: {', '.join(cells)}")
    for question, quality in found["ratings"].items():
        alpha = quality["alpha"]
        said = "not defined" if alpha is None else f"{alpha:.3f}"
        say(f"{question}: {quality['raters']} raters, Krippendorff's alpha {said}")
