"""The inequality of Corollary 1 on random decoders, and the expected error of a sample."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from arae.evaluation.total_variation import (
    absolute_difference,
    bound,
    expected_difference,
    gathered,
)
from arae.evaluation.transport import transport


@pytest.mark.parametrize("sharpness", [0.3, 2.0, 8.0])
@pytest.mark.parametrize("seed", range(4))
def test_corollary_holds_for_random_encoders_and_decoders(seed, sharpness):
    """A table p(x | z) with any deterministic encoder: the arg max obeys the bound."""
    rng = np.random.default_rng([seed, int(sharpness * 10)])
    truth = rng.dirichlet(np.full(12, 0.5))
    scores = sharpness * (rng.normal(size=(12, 12)) + np.eye(12))
    table = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)  # [code, sentence]
    decoded = table.argmax(axis=1).tolist()
    found = absolute_difference(gathered(decoded, truth), dict(enumerate(truth.tolist())))
    wrong = truth[np.array(decoded) != np.arange(12)].sum()
    limit = bound(-np.log(table.diagonal()), truth)
    assert found <= 2 * wrong + 1e-12 <= limit + 2e-12


@pytest.mark.parametrize("seed", range(4))
def test_corollary_holds_for_a_prior_of_its_own(seed):
    """Any coupling of sentences and prior codes bounds the total variation; transport finds one."""
    rng = np.random.default_rng(seed)
    truth = rng.dirichlet(np.ones(10))
    scores = 4 * rng.normal(size=(7, 10))
    table = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    prior = np.full(7, 1 / 7)
    found = absolute_difference(
        gathered(table.argmax(axis=1).tolist(), prior), dict(enumerate(truth.tolist()))
    )
    plan = transport(-np.log(table.T), truth, prior)
    assert found <= bound(-np.log(table.T), plan.plan) + 1e-12


def test_the_bound_is_tight_at_a_coin_toss():
    """Two sentences, one code for both, p = 1/2: the arg max misses half of the truth."""
    truth = {"a": 0.5, "b": 0.5}
    found = absolute_difference({"a": 1.0}, truth)
    assert found == 1
    assert bound(np.full(2, math.log(2)), np.array([0.5, 0.5])) == pytest.approx(2)


def test_difference_of_disjoint_and_equal_distributions():
    assert absolute_difference({"a": 1.0}, {"b": 1.0}) == 2
    assert absolute_difference({"a": 0.4, "b": 0.6}, {"b": 0.6, "a": 0.4}) == 0
    assert gathered(["a", "b", "a"], np.array([0.2, 0.5, 0.3])) == {"a": 0.5, "b": 0.5}


def test_expected_difference_of_a_sample_by_enumeration():
    weights, count = [0.5, 0.3, 0.2], 4
    total = 0.0
    for drawn in itertools.product(range(3), repeat=count):
        chance = math.prod(weights[i] for i in drawn)
        total += chance * sum(abs(drawn.count(i) / count - p) for i, p in enumerate(weights))
    assert expected_difference(np.array(weights), count) == pytest.approx(total, rel=1e-12)
    assert expected_difference(np.array([1.0]), 5) == 0
