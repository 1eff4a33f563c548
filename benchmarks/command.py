"""What the commands of the benchmarks share: their options, and where their records go."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results"


def parser_of(module: str, teaches: str | None, threads: int | None = 2) -> argparse.ArgumentParser:
    """A parser for `python -m benchmarks.MODULE`, with `--out`, and `--threads` where they matter."""
    parser = argparse.ArgumentParser(
        prog=f"python -m benchmarks.{module}",
        description=teaches,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    if threads is not None:
        parser.add_argument(
            "--threads", type=int, default=threads, help=f"of torch; default: {threads}"
        )
    parser.add_argument("--out", type=Path, help="default: a file in benchmarks/results")
    return parser


def write(record: Any, out: Path | None, name: str) -> Path:
    """Keep a record as JSON; returns where."""
    path = out or RESULTS / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    return path
