"""Options that several verbs share."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_training_arguments(parser: argparse.ArgumentParser, settings_help: str) -> None:
    """Options of the verbs that train."""
    parser.add_argument("--ids", type=Path, required=True, help="folder of encoded splits")
    parser.add_argument(
        "--vocabulary", type=Path, required=True, help="vocabulary.txt of the corpus"
    )
    parser.add_argument("--out", type=Path, required=True, help="model directory to write")
    add_common_arguments(parser, settings_help)
    add_compute_arguments(parser)
    parser.add_argument(
        "--processes",
        type=int,
        default=1,
        help="train by so many processes, which share the threads",
    )


def add_common_arguments(parser: argparse.ArgumentParser, settings_help: str) -> None:
    """Settings and seed."""
    parser.add_argument(
        "--settings", required=True, help=f"JSON text, or FILE#section.name: {settings_help}"
    )
    parser.add_argument("--seed", type=int, default=1, help="random seed (default 1)")


def add_compute_arguments(parser: argparse.ArgumentParser) -> None:
    """Threads and device."""
    parser.add_argument("--threads", type=int, default=1, help="CPU threads (default 1)")
    parser.add_argument("--device", default="auto", help="auto (default), cpu, cuda or cuda:N")
