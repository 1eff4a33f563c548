"""Intervals against closed forms, tables of Student's t, and simulated coverage."""

from __future__ import annotations

import math

import numpy as np
import pytest

from arae.evaluation.intervals import bootstrap_ratio, t_cumulative, t_interval, t_quantile
from arae.evaluation.likelihood import perplexity, perplexity_interval


@pytest.mark.parametrize(
    "probability, freedom, expected",
    [  # a printed table of critical values
        (0.975, 1, 12.706205),
        (0.975, 2, 4.302653),
        (0.975, 3, 3.182446),
        (0.975, 4, 2.776445),
        (0.975, 9, 2.262157),
        (0.975, 30, 2.042272),
        (0.995, 5, 4.032143),
        (0.95, 10, 1.812461),
    ],
)
def test_quantiles_of_the_printed_table(probability, freedom, expected):
    assert t_quantile(probability, freedom) == pytest.approx(expected, abs=5e-7)


def test_closed_forms_of_one_and_two_degrees():
    for p in (0.6, 0.9, 0.975, 0.9995):
        assert t_quantile(p, 1) == pytest.approx(math.tan(math.pi * (p - 0.5)), rel=1e-12)
        two = (2 * p - 1) / math.sqrt(2 * p * (1 - p))
        assert t_quantile(p, 2) == pytest.approx(two, rel=1e-12)


@pytest.mark.parametrize("freedom", [1, 2, 3, 7, 8, 50])
def test_cumulative_is_the_integral_of_the_density(freedom):
    scale = math.gamma((freedom + 1) / 2) / math.gamma(freedom / 2) / math.sqrt(freedom * math.pi)
    grid = np.linspace(0, 1.7, 20_001)
    density = scale * (1 + grid**2 / freedom) ** (-(freedom + 1) / 2)
    assert t_cumulative(1.7, freedom) == pytest.approx(0.5 + np.trapezoid(density, grid), abs=1e-8)


def test_quantile_is_odd_and_inverts_the_cumulative():
    for freedom in (1, 4, 11):
        assert t_quantile(0.1, freedom) == -t_quantile(0.9, freedom)
        assert t_cumulative(t_quantile(0.83, freedom), freedom) == pytest.approx(0.83, abs=1e-14)
    assert t_quantile(0.5, 3) == pytest.approx(0.0, abs=1e-15)


@pytest.mark.parametrize("probability, freedom", [(0.0, 3), (1.0, 3), (0.9, 0)])
def test_impossible_quantiles_are_refused(probability, freedom):
    with pytest.raises(ValueError):
        t_quantile(probability, freedom)


def test_interval_of_three_seeds_by_hand():
    found = t_interval([1.0, 2.0, 3.0])
    assert found.mean == 2.0
    assert found.half_width == pytest.approx(4.302653 * 1.0 / math.sqrt(3), abs=1e-5)
    assert found.count == 3


def test_interval_of_one_value_and_of_none():
    assert t_interval([5.0]).half_width is None
    with pytest.raises(ValueError):
        t_interval([])


def test_equal_values_have_no_width_and_no_rounding_error():
    found = t_interval([0.1, 0.1, 0.1])
    assert (found.mean, found.half_width) == (0.1, 0.0)


def test_t_interval_covers_at_its_level():
    generator = np.random.default_rng(1)
    draws = generator.normal(3.0, 2.0, size=(4000, 3))
    intervals = [t_interval(list(row)) for row in draws]
    covered = np.mean([abs(i.mean - 3.0) <= i.half_width for i in intervals])
    assert covered == pytest.approx(0.95, abs=0.012)


def test_bootstrap_of_a_mean_agrees_with_the_normal_interval():
    generator = np.random.default_rng(2)
    values = generator.normal(10.0, 3.0, size=2000)
    low, high = bootstrap_ratio(values, np.ones(2000))
    half = 1.959964 * values.std() / math.sqrt(2000)
    assert low == pytest.approx(values.mean() - half, abs=0.15 * half)
    assert high == pytest.approx(values.mean() + half, abs=0.15 * half)


def test_bootstrap_is_deterministic_and_of_constants_exact():
    amounts, units = np.arange(1.0, 50.0), np.full(49, 2.0)
    assert bootstrap_ratio(amounts, units) == bootstrap_ratio(amounts, units)
    assert bootstrap_ratio(np.full(9, 3.0), np.full(9, 2.0)) == (1.5, 1.5)


def test_bootstrap_draws_amounts_and_units_together():
    # Every sentence has the same ratio, so every resample has it too.
    units = np.array([1.0, 10.0, 100.0])
    assert bootstrap_ratio(2 * units, units) == (2.0, 2.0)


def test_bootstrap_refuses_mismatched_input():
    with pytest.raises(ValueError):
        bootstrap_ratio(np.ones(3), np.ones(2))
    with pytest.raises(ValueError):
        bootstrap_ratio(np.ones(0), np.ones(0))


def test_perplexity_is_per_token_with_one_end_a_sentence():
    nll, lengths = np.array([2.0, 4.0]), np.array([1, 2])
    assert perplexity(nll, lengths) == pytest.approx(math.exp(6 / 5))


def test_perplexity_of_a_uniform_model_is_its_number_of_words():
    lengths = np.array([3, 8, 1])
    nll = (lengths + 1) * math.log(77)
    assert perplexity(nll, lengths) == pytest.approx(77)
    assert perplexity_interval(nll, lengths) == pytest.approx((77, 77))


def test_perplexity_interval_contains_the_perplexity():
    generator = np.random.default_rng(4)
    lengths = generator.integers(1, 12, size=300)
    nll = generator.gamma(3.0, 1.0, size=300) * (lengths + 1)
    low, high = perplexity_interval(nll, lengths)
    assert low < perplexity(nll, lengths) < high
