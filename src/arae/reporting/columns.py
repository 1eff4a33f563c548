"""A column of a study's table."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Column:
    """A metric of the table and how to write its numbers."""

    metric: str
    label: str
    group: str
    better: str | None = None  # "lower" or "higher"
    percent: bool = False
    decimals: int | None = None  # None: as many as the interval supports

    def as_json(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)
