"""What is in doubt, beside the numbers that it concerns: notes by number."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

EVERY = "*"


def notes(table: Mapping[str, Any]) -> list[str]:
    """The notes of a table, in the order of their numbers."""
    labels = {row["text"]: row["label"] for row in table["rows"]}
    return [
        f"{labels[doubt['text']]}: {doubt['message']}" if doubt["text"] else doubt["message"]
        for doubt in table.get("doubts", [])
    ]


def of_row(table: Mapping[str, Any], text: str | None = None) -> str:
    """Marks beside a row's label, or (without a text) beside the head of all rows."""
    wanted = text or ""
    return _marks(
        number
        for number, doubt in _numbered(table)
        if doubt["text"] == wanted and EVERY in doubt["metrics"]
    )


def of_column(table: Mapping[str, Any], metric: str, text: str | None = None) -> str:
    """Marks beside a column's label or, with a text, beside that row's number in the column."""
    wanted = text or ""
    return _marks(
        number
        for number, doubt in _numbered(table)
        if doubt["text"] == wanted
        and EVERY not in doubt["metrics"]
        and any(fnmatchcase(metric, pattern) for pattern in doubt["metrics"])
    )


def _numbered(table: Mapping[str, Any]) -> list[tuple[int, Mapping[str, Any]]]:
    return list(enumerate(table.get("doubts", []), 1))


def _marks(numbers: Any) -> str:
    return "".join(f"\u00a0[{number}]" for number in numbers)
