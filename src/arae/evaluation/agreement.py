"""Krippendorff's α: agreement of raters beyond chance (Krippendorff 2011, "Computing α")."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Literal

import numpy as np

Level = Literal["nominal", "ordinal"]


def krippendorff_alpha(
    units: Iterable[Sequence[Hashable]], values: Sequence[Hashable], level: Level
) -> float | None:
    """α of the ratings of each unit, any number of them; `values` lists the scale in order.

    1: perfect agreement, 0: as by chance. Units with one rating do not count; None where α is not
    defined: no unit has two ratings, or all ratings are equal.
    """
    place = {value: index for index, value in enumerate(values)}
    coincidence = np.zeros((len(values), len(values)))
    for ratings in units:
        counts = np.bincount([place[rating] for rating in ratings], minlength=len(values))
        total = counts.sum()
        if total > 1:
            pairs = np.outer(counts, counts) - np.diag(counts)
            coincidence += pairs / (total - 1)
    margins = coincidence.sum(axis=1)
    total = margins.sum()
    if total == 0:
        return None
    distance = DISTANCES[level](margins)
    expected = (np.outer(margins, margins) - np.diag(margins)) * distance
    if expected.sum() == 0:
        return None
    return float(1 - (total - 1) * (coincidence * distance).sum() / expected.sum())


def _nominal(margins: np.ndarray) -> np.ndarray:
    return 1 - np.eye(len(margins))


def _ordinal(margins: np.ndarray) -> np.ndarray:
    """(Σ_{g=c}^{k} n_g − (n_c + n_k)/2)²."""
    below = np.cumsum(margins)
    middle = below - margins / 2
    return (middle[:, None] - middle[None, :]) ** 2


# Squared distance [K, K] between the values of a scale, given how often each was used [K].
DISTANCES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "nominal": _nominal,
    "ordinal": _ordinal,
}
