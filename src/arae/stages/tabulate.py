"""Example:
arae tabulate --study coverage-scenes --settings study.json \\
    --scores results/scores/coverage-scenes/*/seed-*.json \\
    --histories results/models/*-scenes/seed-*/history.jsonl --out results/studies/coverage-scenes
"""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path

from arae.foundation.console import say
from arae.foundation.doubts import doubts_in
from arae.foundation.files import atomic_write, write_json
from arae.foundation.settings import parse_settings, plain, read_settings
from arae.foundation.stage import stage_run
from arae.reporting import curves, tables
from arae.reporting.charts.figure import standalone
from arae.reporting.kinds.registry import kind_of, module_of
from arae.reporting.ledger import open_ledger
from arae.reporting.scores import read_score, require_complete
from arae.reporting.study import StudySettings
from arae.reporting.study_table import build

FILES = ("table.csv", "table.md", "table.json", "figures.json", "curves.csv")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command line of `arae tabulate`."""
    add = parser.add_argument
    add("--study", required=True, help="name of the study")
    add("--settings", required=True, help="JSON or FILE#pointer: the study, its evaluation in full")
    add("--scores", type=Path, nargs="+", required=True, help="score files: all systems and seeds")
    add("--histories", type=Path, nargs="*", default=[], help="history.jsonl of the models")
    add("--out", type=Path, required=True, help="folder of the study's results")


def run(arguments: argparse.Namespace) -> None:
    """Gather a study's scores into its table and figures."""
    where = f"studies.{arguments.study}"
    settings = parse_settings(StudySettings, read_settings(arguments.settings), where)
    kind = kind_of(settings.kind, f"{where}.kind")
    kind.require_claims(plain(settings), f"{where}.claims")
    inputs = [*arguments.scores, *arguments.histories]
    out = arguments.out
    outputs = [out / name for name in FILES]
    with stage_run(
        "tabulate",
        sidecar=out / "provenance.json",
        inputs=inputs,
        outputs=outputs,
        settings=plain(settings),
        modules=[module_of(settings.kind)],
    ) as stage:
        ledger = open_ledger(inputs)
        scores = [read_score(path) for path in arguments.scores]
        require_complete(scores, kind.texts(settings).values(), settings.seeds)
        history = curves.read_curves(arguments.histories)
        doubts = doubts_in(ledger.records.values())
        table = build(kind, arguments.study, settings, scores, history, doubts)
        table["computed_on"] = [
            fact for key in ("device", "processor", "paths") for fact in ledger.distinct(key)
        ]
        with atomic_write(out / "table.csv") as handle:
            tables.write_csv(handle, table)
        with atomic_write(out / "curves.csv") as handle:
            curves.write_csv(handle, table["curves"])
        with atomic_write(out / "table.md") as handle:
            handle.write(tables.markdown(table))
        figures = kind.figures(table)
        for figure in figures:
            path = out / f"{figure.name}.svg"
            stage.claim(path)
            with atomic_write(path) as handle:
                handle.write(standalone(figure))
            outputs.append(path)
        write_json(out / "table.json", table)
        write_json(out / "figures.json", [asdict(figure) for figure in figures])
        stage.facts["study"] = arguments.study
    say(tables.markdown(table))
