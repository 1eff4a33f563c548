"""Whether a published order of systems holds here, by one rule stated beside the verdicts.

A claim of another form is judged by its kind of study and brings its own `rule`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from arae.reporting.cells import SEEDS

REPRODUCED, PARTLY, NOT, UNTESTED = "reproduced", "partly", "not", "untested"
WORDS = {
    REPRODUCED: "reproduced",
    PARTLY: "partly reproduced",
    NOT: "not reproduced",
    UNTESTED: "not tested",
}

RULE = (
    "A pair is reproduced if the means over seeds are in the published order and their 95 % t "
    "intervals do not overlap; partly, if the means are in order but the intervals overlap or "
    "there is only one seed; not, if the means are in the other order. A claim is reproduced if "
    "all its pairs are, not if none of its pairs is even partly, and partly otherwise. "
    "Nothing is tuned to change a verdict."
)


@dataclass(frozen=True, kw_only=True)
class Claim:
    """Something the paper says about one metric: in each pair, the first system has the lower value."""

    name: str
    statement: str
    metric: str
    pairs: tuple[tuple[str, str], ...]


def judge(claim: Claim, rows: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The verdict on a claim with its numbers, as plain data.

    `rows` maps a system's label to its cells by metric: {"mean", "half_width", "interval"}.
    """
    pairs: list[dict[str, Any]] = [
        {
            "lower": _side(lower, rows[lower][claim.metric]),
            "higher": _side(higher, rows[higher][claim.metric]),
            "verdict": _pair(rows[lower][claim.metric], rows[higher][claim.metric]),
        }
        for lower, higher in claim.pairs
        if claim.metric in rows.get(lower, {}) and claim.metric in rows.get(higher, {})
    ]
    return {
        "name": claim.name,
        "statement": claim.statement,
        "metric": claim.metric,
        "verdict": _overall([pair["verdict"] for pair in pairs], len(claim.pairs)),
        "pairs": pairs,
    }


def overall(found: Sequence[str]) -> str:
    """One verdict on several claims: reproduced or not if all are (the untested aside), else partly."""
    tested = {verdict for verdict in found if verdict != UNTESTED}
    return tested.pop() if len(tested) == 1 else PARTLY if tested else UNTESTED


def _side(label: str, cell: Mapping[str, Any]) -> dict[str, Any]:
    return {"label": label, **{key: cell[key] for key in ("mean", "half_width", "interval")}}


def _pair(lower: Mapping[str, Any], higher: Mapping[str, Any]) -> str:
    if lower["mean"] >= higher["mean"]:
        return NOT
    if lower["interval"] != SEEDS or higher["interval"] != SEEDS:
        return PARTLY
    gap = higher["mean"] - lower["mean"]
    return REPRODUCED if gap > lower["half_width"] + higher["half_width"] else PARTLY


def _overall(verdicts: list[str], wanted: int) -> str:
    if not verdicts:
        return UNTESTED
    if len(verdicts) == wanted and all(verdict == REPRODUCED for verdict in verdicts):
        return REPRODUCED
    return NOT if all(verdict == NOT for verdict in verdicts) else PARTLY
