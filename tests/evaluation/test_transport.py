"""Transport plans against exhaustive search and against the closed form on the line."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from arae.evaluation.transport import transport


@pytest.mark.parametrize("seed", range(5))
def test_the_optimum_lies_between_the_two_certificates(seed):
    cost = np.random.default_rng(seed).random((6, 6))
    even = np.full(6, 1 / 6)
    best = min(
        sum(cost[i, j] for i, j in enumerate(order)) / 6
        for order in itertools.permutations(range(6))
    )
    found = transport(cost, even, even)
    assert found.lower - 1e-12 <= best <= found.upper + 1e-12
    assert found.upper - found.lower < 0.002


def test_distance_on_the_line():
    """W1 on the line is the area between the cumulative distributions."""
    rng = np.random.default_rng(1)
    places, left, right = np.sort(rng.random(30)), rng.random(30), rng.random(30)
    left, right = left / left.sum(), right / right.sum()
    area = np.abs(np.cumsum(left - right))[:-1] @ np.diff(places)
    found = transport(np.abs(places[:, None] - places[None, :]), left, right)
    assert found.lower - 1e-12 <= area <= found.upper + 1e-12
    assert found.upper == pytest.approx(area, abs=0.002)


def test_marginals_are_exact_and_zero_weights_stay_unused():
    rng = np.random.default_rng(2)
    left, right = np.array([0.5, 0.0, 0.25, 0.25]), np.array([0.3, 0.7, 0.0])
    found = transport(rng.random((4, 3)), left, right)
    np.testing.assert_allclose(found.plan.sum(axis=1), left, atol=1e-15)
    np.testing.assert_allclose(found.plan.sum(axis=0), right, atol=1e-15)
    assert found.plan.min() >= 0


def test_equal_costs_and_a_free_identity():
    even = np.full(4, 0.25)
    assert transport(np.full((4, 4), 3.0), even, even).upper == pytest.approx(3)
    found = transport(1 - np.eye(4), even, even)
    assert found.upper == pytest.approx(0, abs=1e-6)
