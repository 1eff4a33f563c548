"""Whether a claim holds here, by one rule that stands beside the verdicts.

A claim says that some quantities are below others. It is a list of pairs, and it is worth its weakest
pair: a sentence that is false of one pair is false.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from arae.evaluation.intervals import t_interval
from arae.reporting.cells import NONE, SEEDS

REPRODUCED, PARTLY, NOT, UNTESTED = "reproduced", "partly", "not", "untested"
WORDS = {
    REPRODUCED: "reproduced",
    PARTLY: "partly reproduced",
    NOT: "not reproduced",
    UNTESTED: "not tested",
}
WEAKEST_FIRST = (NOT, UNTESTED, PARTLY, REPRODUCED)
# The metric of claims on numbers that are no column of the table.
VALUE = "value"

RULE = (
    "A pair is reproduced if the means over seeds are in the claimed order and their 95 % t intervals "
    "do not overlap; partly, if the means are in order but the intervals overlap or there is only one "
    "seed; not, if the means are equal or in the other order. An order of several systems stands for "
    "all its pairs. A claim is worth its weakest pair: not reproduced if one pair is not, partly if one "
    "is only partly, reproduced if all are; not tested if a pair was not measured and none is in the "
    "other order. Nothing is tuned to change a verdict."
)
PROVED = (
    "An inequality that is proved: reproduced if it holds in every run, not if any run breaks it."
)


@dataclass(frozen=True, kw_only=True)
class Side:
    """One side of a comparison: a mean, and the half-width of its interval over `interval`."""

    label: str
    mean: float
    half_width: float | None
    interval: str

    @classmethod
    def of_cell(cls, label: str, cell: Mapping[str, Any]) -> Side:
        """A cell of the table."""
        return cls(label=label, **{key: cell[key] for key in ("mean", "half_width", "interval")})

    @classmethod
    def of_values(cls, label: str, values: Sequence[float]) -> Side | None:
        """One value a seed; None if there is no value."""
        if not values:
            return None
        found = t_interval(values)
        source = NONE if found.half_width is None else SEEDS
        return cls(label=label, mean=found.mean, half_width=found.half_width, interval=source)

    @classmethod
    def constant(cls, label: str, value: float) -> Side:
        """A number of the claim itself, known exactly."""
        return cls(label=label, mean=value, half_width=0.0, interval=SEEDS)


Pair = dict[str, Any]


def pair(lower: Side, higher: Side, verdict: str | None = None) -> Pair:
    """Two sides, and whether the first is below the second (by the rule, unless it is given)."""
    return {
        "lower": asdict(lower),
        "higher": asdict(higher),
        "verdict": verdict or _by_rule(lower, higher),
    }


def pairs_of(wanted: Iterable[tuple[Side | None, Side | None]]) -> list[Pair | None]:
    """Judged pairs; None for one that was not measured."""
    return [
        None if lower is None or higher is None else pair(lower, higher) for lower, higher in wanted
    ]


def judged(
    says: str, statement: str, metric: str, pairs: Sequence[Pair | None], rule: str = ""
) -> dict[str, Any]:
    """The verdict on a claim with its numbers, as plain data; None is a pair that was not measured."""
    measured = [one for one in pairs if one is not None]
    return {
        "name": says,
        "statement": statement,
        "metric": metric,
        "verdict": weakest([UNTESTED if one is None else one["verdict"] for one in pairs]),
        "pairs": measured,
        "unmeasured": len(pairs) - len(measured),
        **({"rule": rule} if rule else {}),
    }


def weakest(verdicts: Sequence[str]) -> str:
    """The weakest of some verdicts; untested without any."""
    return min(verdicts, key=WEAKEST_FIRST.index, default=UNTESTED)


def proved(
    table: Mapping[str, Any],
    lower: tuple[str, str],
    higher: tuple[str, str],
    slack: Callable[[Mapping[str, Any]], float | None] = lambda details: 0.0,
) -> list[Pair | None]:
    """`lower` ≤ `higher`, each a (metric, label), in every run of every row that has both.

    `slack` gives what chance may add to the lower side, from a run's details; None: not measured.
    """
    return [
        _proved(row, lower, higher, slack)
        for row in table["rows"]
        if lower[0] in row["cells"] and higher[0] in row["cells"]
    ]


def _proved(
    row: Mapping[str, Any],
    lower: tuple[str, str],
    higher: tuple[str, str],
    slack: Callable[[Mapping[str, Any]], float | None],
) -> Pair | None:
    small, great = row["cells"][lower[0]], row["cells"][higher[0]]
    room = [slack(row["details"].get(str(seed), {})) for seed in small["seeds"]]
    if None in room:
        return None
    runs = zip(small["values"], great["values"], room, strict=True)
    held = all(left <= right + (chance or 0.0) for left, right, chance in runs)
    return pair(
        Side.of_cell(f"{row['label']}, {lower[1]}", small),
        Side.of_cell(f"{row['label']}, {higher[1]}", great),
        REPRODUCED if held else NOT,
    )


def _by_rule(lower: Side, higher: Side) -> str:
    if lower.mean >= higher.mean:
        return NOT
    if lower.interval != SEEDS or higher.interval != SEEDS:
        return PARTLY
    assert lower.half_width is not None and higher.half_width is not None
    apart = higher.mean - lower.mean > lower.half_width + higher.half_width
    return REPRODUCED if apart else PARTLY
