"""Example:

  arae export-sheets --transfers "Cross-AE=cross/seed-1.jsonl" --transfers "ARAE=arae/seed-1.jsonl" \\
      --sources data/processed/reviews/tokens/test.txt --settings '{"per_label": 500}' --seed 1 \\
      --out results/sheets/transfer-reviews

Writes sheet_a.csv and sheet_b.csv for the raters, instructions.md, and key.json, which tells the
system behind every row and must not be shown to them. `arae import-sheets` reads what comes back.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from arae.foundation.belonging import require_made_from
from arae.foundation.console import say
from arae.foundation.errors import SettingsError
from arae.foundation.files import atomic_write, write_json
from arae.foundation.settings import parse_settings, plain, read_settings
from arae.foundation.stage import stage_run
from arae.stages.arguments import add_common_arguments

FORMAT = 1
OUTPUTS = ("sheet_a.csv", "sheet_b.csv", "instructions.md", "key.json")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The verb's options."""
    parser.add_argument(
        "--transfers",
        action="append",
        required=True,
        metavar="NAME=FILE",
        help="a system and its transfer-split .jsonl; once for each system",
    )
    parser.add_argument("--sources", type=Path, required=True, help="text that was transferred")
    parser.add_argument("--out", type=Path, required=True, help="folder for sheets and key")
    add_common_arguments(parser, '{"per_label": 500, "duplicates": 0.05, "gold": 0.02}')


def run(arguments: argparse.Namespace) -> None:
    """Write blinded rating sheets."""
    from arae.evaluation.sheets import (
        SheetSettings,
        build_rows,
        columns,
        instructions,
        read_transfers,
        write_sheet,
    )

    settings = parse_settings(SheetSettings, read_settings(arguments.settings), "export-sheets")
    files = _files(arguments.transfers)
    for path in files.values():
        require_made_from(path, arguments.sources)
    systems = {name: read_transfers(name, path, arguments.sources) for name, path in files.items()}
    rows = dict(zip("ab", build_rows(systems, settings, arguments.seed), strict=True))
    labels = sorted({t.target for made in systems.values() for t in made})
    out: Path = arguments.out
    with stage_run(
        "export-sheets",
        sidecar=out / "provenance.json",
        inputs=[*files.values(), arguments.sources],
        outputs=[out / name for name in OUTPUTS],
        settings={**plain(settings), "systems": {name: str(path) for name, path in files.items()}},
        seed=arguments.seed,
    ):
        for sheet, header in columns(settings.attribute).items():
            write_sheet(out / f"sheet_{sheet}.csv", header, rows[sheet])
        with atomic_write(out / "instructions.md") as handle:
            handle.write(instructions(labels, settings.attribute))
        key = {
            "format": FORMAT,
            "attribute": settings.attribute,
            "labels": labels,
            "rows": [row.key for sheet in rows.values() for row in sheet],
        }
        write_json(out / "key.json", key)
    say(f"{out}: {len(rows['a'])} rows in sheet A, {len(rows['b'])} in sheet B; keep key.json back")


def _files(given: list[str]) -> dict[str, Path]:
    files: dict[str, Path] = {}
    for text in given:
        name, _, path = text.rpartition("=")  # a name may hold one: λ=1
        if not name or not path:
            raise SettingsError(f"--transfers {text}: expected NAME=FILE")
        if name in files:
            raise SettingsError(f"--transfers {text}: the system '{name}' is given twice")
        files[name] = Path(path)
    return files
