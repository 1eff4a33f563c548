"""Doubts: what a stage found that a reader of its numbers must know, and which numbers it concerns.

A stage that finds one goes on. The doubt is kept in its sidecar, so that whoever reads a number can follow
it back; the workflow shows it at once, again at the end of its run, in the table and in the report.
Beyond a bound, which is a setting, the stage stops instead.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from arae.foundation.console import say
from arae.foundation.errors import DataError

# The file to which stages append what a workflow is to show; set by the workflow.
SHOWN_BY = "ARAE_DOUBTS"
EVERY = ("*",)
# Patterns of the metrics that are measured on held-out text.
HELD_OUT = (
    *("reverse_ppl*", "elbo*", "weighted*", "nll*", "exact*", "accuracy*", "recall*", "transfer*"),
    *("bleu*", "reconstruction*"),
)


@dataclass(frozen=True, kw_only=True)
class Doubt:
    """`metrics`: patterns of the names concerned; `text`: the recipe concerned, "" for all rows."""

    message: str
    metrics: tuple[str, ...] = EVERY
    text: str = ""

    def as_json(self) -> dict[str, Any]:
        """Plain data."""
        return {**asdict(self), "metrics": list(self.metrics)}


def tell(doubt: Doubt, where: str) -> None:
    """Say a doubt in the log, and where a workflow shows it."""
    line = f"warning: {where}: {doubt.message}"
    say(line)
    shown = os.environ.get(SHOWN_BY)
    if shown:
        with Path(shown).open("a", encoding="utf-8") as handle:
            handle.write(line + "\n")


@dataclass(frozen=True, kw_only=True)
class Limit:
    """From where a share is a doubt, and beyond which bound (the setting `key`) it is an error."""

    key: str
    doubted: float
    bound: float

    def judge(self, share: float, message: str, metrics: tuple[str, ...] = EVERY) -> list[Doubt]:
        """The doubt that a share gives, if any; beyond the bound a `DataError`."""
        said = f"{share:.1%} {message}"
        if share > self.bound:
            raise DataError(
                f"{said}; more than {self.bound:.0%} is taken for a mistake: correct the files or "
                f"settings, or raise {self.key}"
            )
        return [Doubt(message=said, metrics=metrics)] if share > self.doubted else []


def doubts_in(records: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The different doubts of some sidecars, sorted."""
    found = {
        (str(doubt["message"]), str(doubt["text"]), tuple(map(str, doubt["metrics"])))
        for record in records
        for doubt in record.get("doubts", [])
    }
    return [
        {"message": message, "text": text, "metrics": list(metrics)}
        for message, text, metrics in sorted(found)
    ]
