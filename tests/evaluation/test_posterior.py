"""Bounds, mutual information and active units against closed forms."""

from __future__ import annotations

import math

import pytest
import torch

from arae.evaluation.posterior import (
    active_units,
    information_terms,
    log_weights,
    mean_variances,
    mutual_information,
    standard_error,
)
from arae.nn.posteriors import DiagonalGaussian
from arae.nn.priors import StandardNormal
from arae.nn.randomness import Draws

# x = z + noise of variance NOISE, z ~ N(0, I): everything is known.
NOISE = 0.5
PRIOR = StandardNormal(2)
X = torch.tensor([[0.3, -1.0], [2.0, 0.1], [0.0, 0.0]])


def log_likelihood(code: torch.Tensor) -> torch.Tensor:
    return -0.5 * ((X - code).square() / NOISE + math.log(2 * math.pi * NOISE)).sum(dim=1)


def evidence() -> torch.Tensor:
    total = 1 + NOISE
    return -0.5 * (X.square() / total + math.log(2 * math.pi * total)).double().sum(dim=1)


def posterior(shift: float = 0.0, spread: float = 1.0) -> DiagonalGaussian:
    """The true posterior, or one that is off."""
    mean, variance = X / (1 + NOISE), NOISE / (1 + NOISE) * spread
    return DiagonalGaussian(mean + shift, torch.full_like(mean, math.log(variance)))


@pytest.mark.parametrize("samples", [1, 7])
def test_the_true_posterior_makes_both_bounds_exact(samples: int) -> None:
    bounds = log_weights(posterior(), PRIOR, log_likelihood, Draws(1, "exact"), samples)[:2]
    for bound in bounds:
        torch.testing.assert_close(bound, evidence(), rtol=1e-5, atol=1e-5)


def test_one_sample_is_the_elbo() -> None:
    elbo, weighted, kl = log_weights(posterior(0.4), PRIOR, log_likelihood, Draws(1, "one"), 1)
    assert torch.equal(elbo, weighted)
    code = posterior(0.4).sample(Draws(1, "one"))
    by_hand = log_likelihood(code) + PRIOR.log_density(code)
    torch.testing.assert_close(elbo.float(), by_hand - posterior(0.4).log_density(code))
    torch.testing.assert_close((elbo + kl).float(), log_likelihood(code))


def test_more_samples_tighten_the_bound_towards_the_evidence() -> None:
    off = posterior(0.4, 1.5)
    gaps = []
    for samples in (1, 10, 1000):
        many = [
            log_weights(off, PRIOR, log_likelihood, Draws(s, "gap"), samples)[1] for s in range(40)
        ]
        gaps.append(float((evidence() - torch.stack(many).mean(dim=0)).mean()))
    assert gaps[0] > gaps[1] > abs(gaps[2]) and abs(gaps[2]) < 0.01
    elbo, _, kl = log_weights(off, PRIOR, log_likelihood, Draws(1, "elbo"), 20_000)
    by_form = evidence() - _kl(off, posterior())
    torch.testing.assert_close(elbo, by_form.double(), rtol=0.02, atol=0.02)
    torch.testing.assert_close(kl, off.kl().sum(dim=1).double(), rtol=0.02, atol=0.02)


def _kl(first: DiagonalGaussian, second: DiagonalGaussian) -> torch.Tensor:
    ratio = first.variance() / second.variance()
    apart = (first.mean() - second.mean()).square() / second.variance()
    return 0.5 * (ratio + apart - ratio.log() - 1).sum(dim=1)


def test_information_of_equal_and_of_far_posteriors() -> None:
    count = 50
    same, ones = torch.zeros(count, 3), torch.ones(count, 3)
    assert mutual_information(same, ones, Draws(1, "z").normal(count, 3)) == pytest.approx(0)
    far = 1000.0 * torch.arange(count).unsqueeze(1).expand(-1, 3)
    assert mutual_information(far, ones, far + 0.1) == pytest.approx(math.log(count))


def test_information_of_a_line_of_gaussians() -> None:
    draws, count, variance = Draws(1, "line"), 4000, 0.25
    mean = draws.normal(count, 1)  # variance 1
    codes = mean + variance**0.5 * draws.normal(count, 1)
    found = mutual_information(mean, torch.full_like(mean, variance), codes)
    assert found == pytest.approx(0.5 * math.log(1 + 1 / variance), abs=0.05)


def test_chance_alone_takes_the_information_above_the_kl_but_not_by_three_standard_errors() -> None:
    """The aggregate posterior is the prior, so that in truth both are equal."""
    above = 0
    for run in range(20):
        draws, count, variance = Draws(run, "equal"), 2000, 0.5
        mean = (1 - variance) ** 0.5 * draws.normal(count, 4)
        spread = torch.full_like(mean, variance)
        codes = mean + spread.sqrt() * draws.normal(count, 4)
        kl = DiagonalGaussian(mean, spread.log()).kl().sum(dim=1).double()
        excess = information_terms(mean, spread, codes) - kl
        above += bool(excess.mean() > 0)
        assert excess.mean() <= 3 * standard_error(excess)
    assert above >= 5  # a plain comparison would call the inequality broken


def test_the_memory_limit_changes_nothing() -> None:
    draws = Draws(1, "memory")
    mean, codes = draws.normal(97, 5), draws.normal(97, 5)
    variance = draws.uniform(97, 5) + 0.1
    whole = mutual_information(mean, variance, codes)
    assert mutual_information(mean, variance, codes, memory=1) == pytest.approx(whole, abs=1e-12)
    rows = 8 * (2 * 97 + 10) * 10  # ten at a time
    assert mutual_information(mean, variance, codes, rows) == pytest.approx(whole, abs=1e-12)


def test_active_units_count_what_varies() -> None:
    assert active_units(torch.zeros(9, 4)) == 0
    assert active_units(Draws(1, "x").normal(500, 4)) == 4
    edge = torch.tensor([[0.1, 0.0999], [-0.1, -0.0999]]) / 2**0.5  # variances 0.01, just below
    assert mean_variances(edge.double())[0] == pytest.approx(0.01)
    assert active_units(edge, threshold=0.00999) == 1


def test_density_of_the_posterior_is_torch_distributions() -> None:
    draws = Draws(1, "density")
    mean, log_variance, code = (draws.normal(6, 3) for _ in range(3))
    normal = torch.distributions.Normal(mean, (0.5 * log_variance).exp())
    ours = DiagonalGaussian(mean, log_variance).log_density(code)
    torch.testing.assert_close(ours, normal.log_prob(code).sum(dim=1))
