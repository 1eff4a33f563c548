"""FID and KID against closed forms and brute force."""

from __future__ import annotations

import numpy as np
import pytest

from arae.evaluation.image_distance import Moments, frechet, kernel_distance


def covariance(seed: int, size: int = 6) -> np.ndarray:
    root = np.random.default_rng(seed).normal(size=(size, size))
    return root @ root.T / size


def test_equal_covariances_leave_the_distance_of_the_means() -> None:
    shared = covariance(1)
    one, two = np.arange(6.0), np.arange(6.0)[::-1] / 3
    found = frechet(Moments(one, shared), Moments(two, shared))
    assert found.distance == pytest.approx(((one - two) ** 2).sum(), rel=1e-9)


def test_the_distance_of_a_set_to_itself_is_zero() -> None:
    features = np.random.default_rng(2).normal(size=(300, 8))
    moments = Moments.of(features)
    assert frechet(moments, moments).distance == pytest.approx(0.0, abs=1e-9)
    # Fewer vectors than dimensions: singular covariances are no problem.
    few = Moments.of(features[:5])
    assert frechet(few, few).distance == pytest.approx(0.0, abs=1e-5)


def test_diagonal_covariances_have_a_closed_form() -> None:
    one, two = np.array([0.5, 2.0, 0.0]), np.array([3.0, 0.25, 4.0])
    zero = np.zeros(3)
    found = frechet(Moments(zero, np.diag(one)), Moments(zero, np.diag(two)))
    assert found.distance == pytest.approx(((np.sqrt(one) - np.sqrt(two)) ** 2).sum(), rel=1e-9)


def test_the_distance_is_symmetric_and_never_negative() -> None:
    for seed in range(5):
        one = Moments(np.zeros(6), covariance(seed))
        two = Moments(np.ones(6) / 9, covariance(seed + 50))
        there, back = frechet(one, two).distance, frechet(two, one).distance
        assert there == pytest.approx(back, rel=1e-9)
        assert there > 0


def test_moments_are_those_of_numpy() -> None:
    features = np.random.default_rng(3).normal(size=(40, 4)).astype(np.float32)
    moments = Moments.of(features)
    assert moments.covariance == pytest.approx(np.cov(features.astype(np.float64).T), abs=1e-12)
    with pytest.raises(ValueError, match="at least 2"):
        Moments.of(features[:1])


def test_kernel_distance_against_all_pairs() -> None:
    rng = np.random.default_rng(4)
    one, two = rng.normal(size=(7, 3)), rng.normal(size=(5, 3)) + 1

    def kernel(a: np.ndarray, b: np.ndarray) -> float:
        return float((a @ b / 3 + 1) ** 3)

    within = [
        np.mean([kernel(a, b) for i, a in enumerate(x) for j, b in enumerate(x) if i != j])
        for x in (one, two)
    ]
    between = np.mean([kernel(a, b) for a in one for b in two])
    assert kernel_distance(one, two) == pytest.approx(sum(within) - 2 * between, rel=1e-9)
    with pytest.raises(ValueError, match="at least 2 of each"):
        kernel_distance(one, two[:1])


def test_kernel_distance_is_unbiased_when_nothing_differs() -> None:
    values = [
        kernel_distance(*np.random.default_rng(seed).normal(size=(2, 60, 4))) for seed in range(200)
    ]
    error = np.std(values, ddof=1) / np.sqrt(len(values))
    assert abs(np.mean(values)) < 3 * error
    assert min(values) < 0 < max(values)


def test_blocks_make_no_difference(monkeypatch) -> None:
    features = np.random.default_rng(5).normal(size=(2, 30, 4))
    whole = kernel_distance(*features)
    monkeypatch.setattr("arae.evaluation.image_distance.BLOCK", 7)
    assert kernel_distance(*features) == pytest.approx(whole, rel=1e-12)
