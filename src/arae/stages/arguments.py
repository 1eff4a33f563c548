"""Options that several verbs share."""

from __future__ import annotations

import argparse
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from arae.foundation.errors import SettingsError

MOST_SEED = 2**63 - 1
MOST_THREADS = 1024
MOST_STEPS = 1000


@dataclass(frozen=True)
class Number:
    """Reads the number of an option; a `SettingsError` names the option and the bounds."""

    option: str
    low: float
    high: float
    whole: bool = True
    others: tuple[str, ...] = ()  # words that stand for None

    def __call__(self, text: str) -> int | float | None:
        if text in self.others:
            return None
        pattern = r"[+-]?\d{1,30}" if self.whole else r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?"
        if re.fullmatch(pattern, text, re.ASCII):
            value = int(text) if self.whole else float(text)
            if self.low <= value <= self.high:
                return value
        what = " or ".join(["a whole number" if self.whole else "a number", *self.others])
        raise SettingsError(
            f"{self.option} {text}: expected {what} from {self.low:.10g} to {self.high:.10g}"
        )


def add_number(
    parser: argparse.ArgumentParser,
    option: str,
    default: int | float | None,
    low: float,
    high: float,
    meaning: str,
    **more: Any,
) -> None:
    """An option that is a number within bounds, which its help tells."""
    shown = f"; default {default}" if default is not None else ""
    parser.add_argument(
        option,
        type=Number(option, low, high, **more),
        default=default,
        metavar="N",
        help=f"{meaning} ({low:.10g} to {high:.10g}{shown})",
    )


def add_training_arguments(parser: argparse.ArgumentParser, settings_help: str) -> None:
    """Options of the verbs that train."""
    parser.add_argument("--ids", type=Path, required=True, help="folder of encoded splits")
    parser.add_argument(
        "--vocabulary", type=Path, required=True, help="vocabulary.txt of the corpus"
    )
    parser.add_argument("--out", type=Path, required=True, help="model directory to write")
    add_common_arguments(parser, settings_help)
    add_compute_arguments(parser)
    add_number(parser, "--processes", 1, 1, MOST_THREADS, "processes that share the work")


def add_common_arguments(parser: argparse.ArgumentParser, settings_help: str) -> None:
    """Settings and seed."""
    parser.add_argument(
        "--settings", required=True, help=f"JSON text, or FILE#section.name: {settings_help}"
    )
    add_number(parser, "--seed", 1, 0, MOST_SEED, "random seed")


def add_compute_arguments(parser: argparse.ArgumentParser) -> None:
    """Threads and device."""
    add_number(parser, "--threads", 1, 1, MOST_THREADS, "CPU threads")
    parser.add_argument("--device", default="auto", help="auto (default), cpu, cuda or cuda:N")
