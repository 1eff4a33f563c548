"""Cells of a study's table: a mean over seeds with its interval, and how it is written."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from arae.evaluation.intervals import t_interval
from arae.reporting.scores import Score

# What a half-width was computed from.
SEEDS, SENTENCES, NONE = "seeds", "sentences", "none"


def cell(metric: str, scores: Sequence[Score]) -> dict[str, Any] | None:
    """One metric of one system over its seeds; None if it was not measured.

    With one seed the half-width is that of the bootstrap over sentences, where the score has one.
    """
    having = [score for score in scores if metric in score.metrics]
    if not having:
        return None
    values = [score.metrics[metric] for score in having]
    interval = t_interval(values)
    half_width, source = interval.half_width, SEEDS
    if half_width is None:
        ends = having[0].sentence_intervals.get(metric)
        half_width = (ends[1] - ends[0]) / 2 if ends else None
        source = SENTENCES if ends else NONE
    return {
        "mean": interval.mean,
        "half_width": half_width,
        "interval": source,
        "n": interval.count,
        "seeds": [score.seed for score in having],
        "values": values,
    }


def write_number(value: float, column: dict[str, Any], half_width: float | None = None) -> str:
    """A number of a column, with as many decimals as its interval supports."""
    return f"{_digits(value, value, column, half_width)}{' %' if column['percent'] else ''}"


def write_interval(content: dict[str, Any], column: dict[str, Any]) -> tuple[str, str]:
    """(mean, half-width) of a cell as text; the half-width is "" if there is none or it shows as 0."""
    mean, half = content["mean"], content["half_width"]
    width = _digits(half, mean, column, half) if half else ""
    return write_number(mean, column, half), width if width.strip("0.") else ""


def _digits(value: float, mean: float, column: dict[str, Any], half_width: float | None) -> str:
    scale = 100 if column["percent"] else 1
    decimals = column["decimals"]
    if decimals is None:
        decimals = _decimals(abs(mean) * scale, scale * (half_width or 0.0))
    return f"{value * scale:,.{decimals}f}"


def _decimals(size: float, half_width: float) -> int:
    if 0 < size < 0.1:  # a collapsed system's share of distinct sentences: two significant digits
        return min(5, 1 - math.floor(math.log10(size)))
    if half_width:
        return min(2, max(0, 1 - math.floor(math.log10(half_width))))
    return 0 if size >= 1000 else 1 if size >= 100 else 2
