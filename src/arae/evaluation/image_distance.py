"""Distances between two sets of feature vectors: Fréchet (FID) and kernel (KID), in float64 (K19)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

BLOCK = 2000


@dataclass(frozen=True)
class Moments:
    """Mean [d] and covariance [d, d] of feature vectors."""

    mean: np.ndarray
    covariance: np.ndarray

    @classmethod
    def of(cls, features: np.ndarray) -> Moments:
        """Moments of features [N, d], N ≥ 2; the covariance divides by N − 1."""
        values = np.asarray(features, np.float64)
        if len(values) < 2:
            raise ValueError(f"{len(values)} feature vectors: at least 2 are needed")
        centred = values - values.mean(axis=0)
        return cls(values.mean(axis=0), centred.T @ centred / (len(values) - 1))


@dataclass(frozen=True)
class Frechet:
    """A Fréchet distance, and how many eigenvalues were negative by rounding and taken as 0."""

    distance: float
    clipped: int


def frechet(first: Moments, second: Moments) -> Frechet:
    """‖m₁ − m₂‖² + tr(C₁ + C₂ − 2 (C₁^½ C₂ C₁^½)^½), by symmetric eigendecompositions."""
    values, vectors = np.linalg.eigh(first.covariance)
    root = (vectors * np.sqrt(np.clip(values, 0.0, None))) @ vectors.T
    product = root @ second.covariance @ root
    inner = np.linalg.eigvalsh((product + product.T) / 2)
    clipped = int(np.count_nonzero(values < 0) + np.count_nonzero(inner < 0))
    cross = np.sqrt(np.clip(inner, 0.0, None)).sum()
    gap = first.mean - second.mean
    trace = np.trace(first.covariance) + np.trace(second.covariance) - 2 * cross
    return Frechet(float(gap @ gap + trace), clipped)


def kernel_distance(first: np.ndarray, second: np.ndarray) -> float:
    """KID: unbiased squared MMD of [N, d] and [M, d] under (x·y/d + 1)³; may be slightly negative."""
    one, two = np.asarray(first, np.float64), np.asarray(second, np.float64)
    if min(len(one), len(two)) < 2:
        raise ValueError(
            f"{len(one)} and {len(two)} feature vectors: at least 2 of each are needed"
        )
    return _within(one) + _within(two) - 2 * _sum(one, two) / (len(one) * len(two))


def _within(values: np.ndarray) -> float:
    """Mean kernel over pairs of different vectors."""
    count, size = values.shape
    own = ((values**2).sum(axis=1) / size + 1) ** 3
    return float((_sum(values, values) - own.sum()) / (count * (count - 1)))


def _sum(first: np.ndarray, second: np.ndarray) -> float:
    """Sum of the kernel over all pairs, in blocks that fit the memory."""
    size = first.shape[1]
    blocks = (
        ((first[i : i + BLOCK] @ second[j : j + BLOCK].T / size + 1) ** 3).sum()
        for i in range(0, len(first), BLOCK)
        for j in range(0, len(second), BLOCK)
    )
    return float(sum(blocks))
