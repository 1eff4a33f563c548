"""Total variation between a model and a truth that can be listed, and the bound of Corollary 1.

Corollary 1 (Zhao et al. 2018, section 4): for the arg-max decoder G(z) and codes z whose marginal
is the prior, ‖P_ψ − P*‖ is at most (2 / ln 2) · E[−ln p_ψ(x | z)]. A wrong arg max leaves x at
most half of the probability, so Σ_x |p_ψ(x) − p*(x)| ≤ 2 · P(G(z) ≠ x) ≤ (2 / ln 2) · E[−ln p].
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from typing import TypeVar

import numpy as np

Sentence = TypeVar("Sentence", bound=Hashable)

FACTOR = 2 / math.log(2)


def bound(nll: np.ndarray, weights: np.ndarray) -> float:
    """(2 / ln 2) · Σ weights · nll, for −ln p(x | z) in nats and weights that sum to 1."""
    return FACTOR * float(np.sum(np.asarray(nll, np.float64) * weights))


def gathered(sentences: Sequence[Sentence], weights: np.ndarray) -> dict[Sentence, float]:
    """The distribution of a list of sentences that carry weights summing to 1."""
    total: dict[Sentence, float] = {}
    for sentence, weight in zip(sentences, weights.tolist(), strict=True):
        total[sentence] = total.get(sentence, 0.0) + weight
    return total


def absolute_difference(left: Mapping[Sentence, float], right: Mapping[Sentence, float]) -> float:
    """Σ_x |left(x) − right(x)|, in [0, 2]: twice the total variation distance."""
    return math.fsum(
        abs(left.get(sentence, 0.0) - right.get(sentence, 0.0)) for sentence in {*left, *right}
    )


def expected_difference(weights: np.ndarray, count: int) -> float:
    """E Σ_x |K_x / count − weights_x| for `count` independent draws from `weights` [N] themselves.

    What `absolute_difference` shows for a perfect model known by a sample only. De Moivre:
    E|K − np| = 2 m C(n, m) p^m (1 − p)^(n − m + 1) with m = ⌊np⌋ + 1.
    """
    return math.fsum(_mean_deviation(p, count) for p in weights.tolist()) / count


def _mean_deviation(p: float, n: int) -> float:
    if not 0 < p < 1:
        return 0.0
    m = math.floor(n * p) + 1
    choices = math.lgamma(n + 1) - math.lgamma(m + 1) - math.lgamma(n - m + 1)
    return 2 * m * math.exp(choices + m * math.log(p) + (n - m + 1) * math.log1p(-p))
