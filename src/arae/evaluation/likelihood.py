"""Perplexity of a text from its sentences' negative log-likelihoods, and its sampling error."""

from __future__ import annotations

import numpy as np

from arae.evaluation.intervals import bootstrap_ratio


def perplexity(nll: np.ndarray, lengths: np.ndarray) -> float:
    """exp(total nll / total predicted tokens); `nll` [N] in nats, `lengths` [N] words without <eos>.

    Each sentence predicts its words and one <eos>.
    """
    return float(np.exp(np.sum(nll) / np.sum(np.asarray(lengths) + 1)))


def perplexity_interval(
    nll: np.ndarray, lengths: np.ndarray, level: float = 0.95
) -> tuple[float, float]:
    """Percentile bootstrap interval of the perplexity over sentences."""
    low, high = bootstrap_ratio(nll, np.asarray(lengths) + 1, level)
    return float(np.exp(low)), float(np.exp(high))
