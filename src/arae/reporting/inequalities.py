"""Verdicts on inequalities that are proved: they must hold in every single run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from arae.reporting.verdicts import NOT, REPRODUCED, UNTESTED

RULE = (
    "An inequality that is proved: reproduced if it holds in every run, not if any run breaks it."
)


def holds(
    table: Mapping[str, Any],
    name: str,
    statement: str,
    lower: tuple[str, str],
    higher: tuple[str, str],
) -> dict[str, Any]:
    """The verdict on `lower` ≤ `higher`, each a (metric, label), for every row that has both."""
    pairs = [
        {
            "lower": _side(f"{row['label']}, {lower[1]}", row["cells"][lower[0]]),
            "higher": _side(f"{row['label']}, {higher[1]}", row["cells"][higher[0]]),
            "verdict": _verdict(
                row["cells"][lower[0]]["values"], row["cells"][higher[0]]["values"]
            ),
        }
        for row in table["rows"]
        if lower[0] in row["cells"] and higher[0] in row["cells"]
    ]
    found = {pair["verdict"] for pair in pairs}
    verdict = NOT if NOT in found else REPRODUCED if found else UNTESTED
    return {
        "name": name,
        "statement": statement,
        "metric": lower[0],
        "verdict": verdict,
        "pairs": pairs,
        "rule": RULE,
    }


def _side(label: str, cell: Mapping[str, Any]) -> dict[str, Any]:
    return {"label": label, **{key: cell[key] for key in ("mean", "half_width", "interval")}}


def _verdict(lower: list[float], higher: list[float]) -> str:
    held = all(left <= right for left, right in zip(lower, higher, strict=True))
    return REPRODUCED if held else NOT
