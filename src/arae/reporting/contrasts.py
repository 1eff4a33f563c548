"""Verdicts on numbers that are no columns of the table: any two quantities over the same seeds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from arae.evaluation.intervals import t_interval
from arae.reporting import verdicts
from arae.reporting.cells import NONE, SEEDS
from arae.reporting.verdicts import Claim

METRIC = "value"


@dataclass(frozen=True, kw_only=True)
class Side:
    """A quantity with one value a seed; a constant of the claim itself has `exact` set."""

    label: str
    values: Sequence[float]
    exact: bool = False


def contrast(
    name: str, statement: str, pairs: Sequence[tuple[Side | None, Side | None]]
) -> dict[str, Any]:
    """The verdict, by the rule of `verdicts`, on "in each pair the first side is lower".

    A pair with a None or a side without values was not measured.
    """
    measured = [
        (lower, higher)
        for lower, higher in pairs
        if lower is not None and higher is not None and lower.values and higher.values
    ]
    missing = len(pairs) - len(measured)
    claim = Claim(
        name=name,
        statement=statement,
        metric=METRIC,
        pairs=(
            *((lower.label, higher.label) for lower, higher in measured),
            *((f"not measured {number}", "") for number in range(missing)),
        ),
    )
    sides = (side for pair in measured for side in pair)
    return verdicts.judge(claim, {side.label: {METRIC: _cell(side)} for side in sides})


def _cell(side: Side) -> dict[str, Any]:
    interval = t_interval(side.values)
    half = 0.0 if side.exact else interval.half_width
    return {
        "mean": interval.mean,
        "half_width": half,
        "interval": NONE if half is None else SEEDS,
    }
