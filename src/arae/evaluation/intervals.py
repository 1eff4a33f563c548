"""Uncertainty of a number: Student's t over seeds, percentile bootstrap over sentences."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

RESAMPLES = 1000
BOOTSTRAP_SEED = 20180710
CHUNK_DRAWS = 4_000_000


@dataclass(frozen=True)
class Interval:
    """Mean and half-width of a symmetric interval; no half-width from a single value."""

    mean: float
    half_width: float | None
    count: int


def t_interval(values: Sequence[float], level: float = 0.95) -> Interval:
    """Mean of independent values with the half-width of its two-sided t interval."""
    count = len(values)
    if count == 0:
        raise ValueError("no values to average")
    mean = math.fsum(values) / count
    if count == 1:
        return Interval(mean, None, 1)
    if min(values) == max(values):  # no rounding error where nothing varies
        return Interval(values[0], 0.0, count)
    variance = math.fsum((value - mean) ** 2 for value in values) / (count - 1)
    half = t_quantile((1 + level) / 2, count - 1) * math.sqrt(variance / count)
    return Interval(mean, half, count)


def t_quantile(probability: float, freedom: int) -> float:
    """Quantile of Student's t with a whole number of degrees of freedom."""
    if not 0 < probability < 1:
        raise ValueError(f"probability {probability}: must lie inside (0, 1)")
    if freedom < 1:
        raise ValueError(f"degrees of freedom {freedom}: must be at least 1")
    if probability < 0.5:
        return -t_quantile(1 - probability, freedom)
    low, high = 0.0, 1.0
    while t_cumulative(high, freedom) < probability:
        low, high = high, 2 * high
    while True:
        middle = (low + high) / 2
        if not low < middle < high:  # adjacent floating-point numbers
            return middle
        low, high = (middle, high) if t_cumulative(middle, freedom) < probability else (low, middle)


def t_cumulative(value: float, freedom: int) -> float:
    """P(T ≤ value) by the finite series for whole degrees of freedom (Abramowitz & Stegun 26.7.3–4)."""
    angle = math.atan2(value, math.sqrt(freedom))
    cosine2 = math.cos(angle) ** 2
    odd = freedom % 2 == 1
    term = math.cos(angle) if odd else 1.0
    total = term if freedom > 1 else 0.0
    for step in range(3 if odd else 2, freedom - 1, 2):
        term *= cosine2 * (step - 1) / step
        total += term
    inside = math.sin(angle) * total
    if odd:
        inside = 2 / math.pi * (angle + inside)
    return 0.5 + inside / 2


def bootstrap_ratio(
    amounts: np.ndarray, units: np.ndarray, level: float = 0.95
) -> tuple[float, float]:
    """Percentile bootstrap interval of Σ amounts / Σ units, drawing whole sentences again.

    `amounts` and `units` are [N] per sentence (nats and tokens; hits and ones). The draws come from
    a fixed seed, so equal input gives equal output.
    """
    amounts, units = np.asarray(amounts, np.float64), np.asarray(units, np.float64)
    count = len(amounts)
    if count == 0 or len(units) != count:
        raise ValueError(f"{count} amounts and {len(units)} units: need as many of each, ≥ 1")
    generator = np.random.default_rng(BOOTSTRAP_SEED)
    ratios: list[np.ndarray] = []
    rows_a_chunk = max(1, CHUNK_DRAWS // count)
    for start in range(0, RESAMPLES, rows_a_chunk):
        rows = min(rows_a_chunk, RESAMPLES - start)
        drawn = generator.integers(0, count, size=(rows, count), dtype=np.int32)
        ratios.append(amounts[drawn].sum(axis=1) / units[drawn].sum(axis=1))
    tail = (1 - level) / 2
    low, high = np.quantile(np.concatenate(ratios), (tail, 1 - tail))
    return float(low), float(high)
