"""Published numbers as the tables show them, with marks for those that need a word of caution."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

NOTHING = "–"
SIGNS = "†‡§¶"


def has_published(table: Mapping[str, Any], metric: str) -> bool:
    """Whether a column of published values belongs beside the metric."""
    return any(metric in row["published"] for row in table["rows"])


def number(table: Mapping[str, Any], row: Mapping[str, Any], column: Mapping[str, Any]) -> str:
    """A published value as its source prints it, with the sign of its note if it has one."""
    value = row["published"].get(column["metric"])
    if value is None:
        return NOTHING
    shown = f"{value * 100:,g} %" if column["percent"] else f"{value:,g}"
    note = table["published_marks"].get(row["label"], {}).get(column["metric"])
    return shown + (_signs(table)[note] if note else "")


def notes(table: Mapping[str, Any]) -> list[str]:
    """What the signs mean: `† in the text only`."""
    return [f"{sign} {note}." for note, sign in _signs(table).items()]


def source(table: Mapping[str, Any]) -> str:
    """How published numbers may be read beside ours."""
    if not table["published_source"]:
        return ""
    return (
        f"Published values: {table['published_source']}. They compare in size only where corpus, "
        f"sample count and evaluation model are the same; otherwise compare the order."
    )


def _signs(table: Mapping[str, Any]) -> dict[str, str]:
    """Note -> sign, in the order of rows and columns."""
    marks = table["published_marks"]
    found = dict.fromkeys(
        marks[row["label"]][column["metric"]]
        for row in table["rows"]
        for column in table["columns"]
        if column["metric"] in marks.get(row["label"], {})
    )
    return {
        note: SIGNS[place] if place < len(SIGNS) else f"({place + 1})"
        for place, note in enumerate(found)
    }
