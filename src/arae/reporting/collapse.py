"""Systems that have collapsed: their numbers may look best, and say nothing.

A system whose samples hardly differ is easy to predict; a code that carries nothing costs nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from arae.reporting.columns import REAL_TEXT

# Of real data's share of different samples; of all samples, where no real data is beside them.
SHARE_OF_REAL, SHARE = 0.5, 0.25
EMPTY = 0.99  # share of samples without a word
NATS = 0.01  # that a code carries


def reason(row: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> str:
    """Why a row is that of a collapsed system; "" if it is not."""
    if row["text"] == REAL_TEXT:
        return ""
    empty, distinct, kl = (_mean(row, metric) for metric in ("empty", "distinct", "kl"))
    real = next((_mean(other, "distinct") for other in rows if other["text"] == REAL_TEXT), None)
    least = SHARE if real is None else SHARE_OF_REAL * real
    if empty is not None and empty >= EMPTY:
        return f"{empty:.0%} of its samples are empty"
    if distinct is not None and distinct < least:
        return f"{distinct:.1%} of its samples are different, less than {least:.1%}"
    if kl is not None and kl < NATS:
        return f"its codes carry {kl:.4f} nats, less than {NATS:g}"
    return ""


def doubts(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """A doubt for each collapsed row."""
    return [
        {
            "message": f"collapsed ({row['collapsed']}): never marked as the best",
            "text": row["text"],
            "metrics": ["*"],
        }
        for row in rows
        if row["collapsed"]
    ]


def label(row: Mapping[str, Any]) -> str:
    """A row's label, which says so if its system has collapsed."""
    return f"{row['label']} (collapsed)" if row.get("collapsed") else str(row["label"])


def _mean(row: Mapping[str, Any], metric: str) -> float | None:
    cell = row["cells"].get(metric)
    return None if cell is None else float(cell["mean"])
