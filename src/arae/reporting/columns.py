"""A column of a study's table."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

EACH = "*"
REAL_LABEL, REAL_TEXT = "Real data", "real"
LOWER, HIGHER, REAL = "lower", "higher", "real"


@dataclass(frozen=True, kw_only=True)
class Column:
    """A metric of the table and how to write its numbers.

    `transfer:*` stands for every measured metric that begins with `transfer:`, labelled by the rest.
    """

    metric: str
    label: str
    group: str
    # What is better: LOWER, HIGHER, or REAL: nearer to the value that real text has. None where
    # neither is, so that no value is marked as the best.
    better: str | None = None
    percent: bool = False
    decimals: int | None = None  # None: as many as the interval supports

    def as_json(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)


def measured_columns(columns: Sequence[Column], measured: Collection[str]) -> Iterator[Column]:
    """The columns of what was measured, each `*` replaced by what it stands for, sorted."""
    for column in columns:
        if column.metric.endswith(EACH):
            start = column.metric.removesuffix(EACH)
            for metric in sorted(name for name in measured if name.startswith(start)):
                yield replace(column, metric=metric, label=metric.removeprefix(start))
        elif column.metric in measured:
            yield column
