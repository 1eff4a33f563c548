"""Posteriors, priors, gaps, floors, weights and corruption against numbers computed elsewhere.

`codes.json`: exact values by arbitrary precision, of the formulas that the objects' docstrings name.
"""

import json
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch

from arae.foundation.errors import SettingsError
from arae.nn.corruption import Blank, Drop, Intact
from arae.nn.gaps import (
    ClosedKL,
    FreeBits,
    FreeTotal,
    InverseMultiquadric,
    NoFloor,
    RadialBasis,
    SampledKL,
)
from arae.nn.posteriors import DiagonalGaussian, GaussianSettings, Point, PointSettings
from arae.nn.priors import Mixture, MixtureSettings, StandardNormal
from arae.nn.randomness import Draws
from arae.nn.weights import PI, Constant, Cyclical, Linear, Logistic
from arae.systems.registry import parse_recipe
from arae.text.vocabulary import UNK
from toy import RECIPES, toy_store, toy_system

KNOWN = json.loads(Path(__file__).with_name("codes.json").read_text())


@dataclass(frozen=True)
class Now:
    """A moment as schedules see it."""

    epoch: float = 0.0
    progress: float = 0.0

    def number(self, schedule):
        return schedule(self)


def real(values) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float64)


def mixture(means, log_variances) -> Mixture:
    prior = Mixture(len(means[0]), len(means), 1.0, Draws(1)).double()
    with torch.no_grad():
        prior.means.copy_(real(means))
        prior.log_variances.copy_(real(log_variances))
    return prior


@pytest.mark.parametrize("case", KNOWN["mixtures"])
def test_a_mixture_has_the_known_density_and_sampled_kl(case) -> None:
    prior, codes = mixture(case["means"], case["log_variances"]), real(case["codes"])
    density = prior.log_density(codes)
    torch.testing.assert_close(density, real(case["log_prior"]), rtol=1e-12, atol=1e-9)
    if case["kl"] is not None:
        posterior = DiagonalGaussian(real([case["mu"]]), real([case["log_variance"]]))
        ratio = posterior.log_density(codes) - density
        torch.testing.assert_close(ratio.mean(), real(case["kl"]), rtol=1e-12, atol=1e-9)


def test_samples_of_a_mixture_have_its_moments() -> None:
    prior = mixture([[-3.0, 0.0], [1.0, 2.0]], [[0.0, -1.0], [-2.0, 0.5]])
    codes = prior.sample(200_000, Draws(3)).detach()
    spread = torch.exp(real([[0.0, -1.0], [-2.0, 0.5]]))
    means = real([[-3.0, 0.0], [1.0, 2.0]])
    torch.testing.assert_close(codes.mean(dim=0), means.mean(dim=0), atol=0.02, rtol=0)
    variance = spread.mean(dim=0) + means.var(dim=0, correction=0)
    torch.testing.assert_close(codes.var(dim=0), variance, atol=0, rtol=0.02)


def test_one_standard_component_is_the_standard_normal() -> None:
    prior = mixture([[0.0] * 5], [[0.0] * 5])
    codes = Draws(1).normal(7, 5).double()
    torch.testing.assert_close(prior.log_density(codes), StandardNormal(5).log_density(codes))


@pytest.mark.parametrize("case", KNOWN["gaussians"])
def test_a_gaussian_has_the_known_kl(case) -> None:
    posterior = DiagonalGaussian(real(case["mu"]), real(case["log_variance"]))
    torch.testing.assert_close(posterior.kl(), real(case["kl"]), rtol=1e-10, atol=1e-12)
    spread = posterior.spread_kl().sum(dim=1)
    torch.testing.assert_close(spread, real(case["spread"]), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("samples", [1, 4])
def test_a_sampled_kl_means_the_closed_one(samples: int) -> None:
    posterior = DiagonalGaussian(real([[0.5, -1.0]] * 20_000), real([[0.2, -0.7]] * 20_000))
    prior, draws = StandardNormal(2), Draws(4)
    code = posterior.sample(draws)
    sampled = SampledKL(samples=samples)(posterior, code, prior, draws)
    exact = ClosedKL()(posterior, code, prior, draws).sum(dim=1)
    error = 4 * sampled.std().item() / math.sqrt(len(sampled))
    assert sampled.shape == (20_000, 1)
    assert sampled.mean().item() == pytest.approx(exact[0].item(), abs=error)
    assert prior.closed_kl(posterior)[0] == exact[0]


def test_a_held_out_kl_depends_on_no_other_thing() -> None:
    posterior = DiagonalGaussian(torch.randn(6, 3), torch.randn(6, 3))
    prior = Mixture(3, 4, 1.0, Draws(2))
    whole = SampledKL().held_out(posterior, prior)
    some = DiagonalGaussian(posterior.mean()[2:4], posterior.variance()[2:4].log())
    torch.testing.assert_close(SampledKL().held_out(some, prior), whole[2:4])


@pytest.mark.parametrize("case", KNOWN["free_bits"])
def test_floors_and_their_gradients_are_the_known_ones(case) -> None:
    for name, floor in (("per_dimension", FreeBits), ("whole", FreeTotal)):
        gap = real(case["kl"]).requires_grad_()
        value = floor(nats=float(case["nats"]))(gap)
        torch.testing.assert_close(value, real(case[name]), rtol=0, atol=1e-12)
        (gradient,) = torch.autograd.grad(value.sum(), gap)
        mask = real(case[f"mask_{name}"])
        assert torch.equal(gradient, mask if mask.dim() == 2 else mask.unsqueeze(1).expand_as(gap))
    torch.testing.assert_close(NoFloor()(gap), gap.sum(dim=1))


@pytest.mark.parametrize("case", KNOWN["mmd"])
def test_mmd_is_the_known_one(case) -> None:
    codes, prior = real(case["codes"]).requires_grad_(), real(case["prior"])
    value = InverseMultiquadric()(codes, prior)
    assert value.item() == pytest.approx(case["inverse_multiquadric"], abs=1e-9)
    (gradient,) = torch.autograd.grad(value, codes)
    torch.testing.assert_close(gradient, real(case["gradient"]), rtol=0, atol=1e-9)
    doubled = InverseMultiquadric(constant=4.0)(codes, prior)
    assert doubled.item() == pytest.approx(case["doubled"], abs=1e-9)
    assert RadialBasis()(codes, prior).item() == pytest.approx(case["medians"], abs=1e-9)


@pytest.mark.parametrize("integrates", ["directional", "inside", "always"])
@pytest.mark.parametrize("case", KNOWN["controllers"])
def test_the_controller_gives_the_known_weights(case, integrates: str) -> None:
    weight = PI(**case["settings"], integrates=integrates).build()
    seen = []
    for length, value in case["runs"]:
        for _ in range(length):
            seen.append(weight(Now(), real(value)).item())
            assert weight(Now(), real(value)).item() == seen[-1]  # asking changes nothing
            weight.after_step()
    found = [seen[step - 1] for step in case["steps"]]
    assert found == pytest.approx(case[integrates], abs=1e-10)


def test_a_controller_goes_on_from_its_saved_state() -> None:
    settings = PI(target=3.0, kp=0.1, ki=0.01)
    first = settings.build()
    series = [float(v) for v in np.random.default_rng(1).uniform(0, 9, 60)]

    def run(weight, values) -> list[float]:
        found = []
        for value in values:
            found.append(weight(Now(), real(value)).item())
            weight.after_step()
        return found

    whole = run(settings.build(), series)
    half = run(first, series[:30])
    second = settings.build()
    second.load_state_dict(first.state_dict())
    assert half + run(second, series[30:]) == whole


def test_schedules_give_the_known_weights() -> None:
    at = [Logistic(epochs=10_000.0).at(Now(epoch=t)) for t in KNOWN["logistic"]["steps"]]
    assert at == pytest.approx(KNOWN["logistic"]["values"], abs=1e-12)
    at = [Cyclical().at(Now(progress=t / 80_000)) for t in KNOWN["cyclical"]["steps"]]
    assert at == pytest.approx(KNOWN["cyclical"]["values"], abs=1e-9)
    linear = Linear(start=0.2, end=1.0, epochs=4.0)
    assert [linear.at(Now(epoch=t)) for t in (0, 1, 4, 9)] == pytest.approx([0.2, 0.4, 1, 1])
    assert Constant(value=0.4).at(Now(epoch=3)) == 0.4


def shown_words(corruption, store, rows) -> list[list[int]]:
    """The ids that an encoder reads of each requested sentence, <bos> first."""
    batch = store.batch(rows)
    shown = corruption.apply(batch, Draws(5, "corrupt"))
    ids = shown.words if shown.places is None else shown.words[shown.places]
    found: dict[int, list[int]] = {}
    for row in range(batch.size):
        places = [p for p in torch.nonzero(batch.rows == row).flatten() if p <= shown.last[row]]
        found[int(batch.order[row])] = [int(ids[p]) for p in places]
    return [found[row] for row in range(batch.size)]


def test_dropped_words_are_gone_and_the_others_keep_their_order() -> None:
    store, rows = toy_store(40), np.arange(40)
    before, after = (shown_words(c, store, rows) for c in (Intact(), Drop(rate=0.5)))
    lost = 0
    for whole, left in zip(before, after, strict=True):
        rest = iter(whole)
        assert left[0] == whole[0] and all(word in rest for word in left)
        lost += len(whole) - len(left)
    words = sum(map(len, before)) - len(before)
    assert lost / words == pytest.approx(0.5, abs=0.12)
    assert shown_words(Drop(rate=0.0), store, rows) == before
    assert shown_words(Drop(rate=1.0), store, rows) == [whole[:1] for whole in before]


def test_blank_words_are_unknown_and_lengths_stay() -> None:
    store, rows = toy_store(40), np.arange(40)
    before, after = (shown_words(c, store, rows) for c in (Intact(), Blank(rate=0.5)))
    pairs = [(a, b) for x, y in zip(before, after, strict=True) for a, b in zip(x, y, strict=True)]
    assert all(b in (a, UNK) for a, b in pairs)
    assert 0.3 < sum(b == UNK for _, b in pairs) / len(pairs) < 0.6


def test_only_training_sees_corruption() -> None:
    system = toy_system("ae-denoising").eval()
    batch = toy_store().batch(np.arange(8))
    clean = system.posterior(batch).mean()
    assert torch.equal(system.encode(batch), clean)
    assert not torch.equal(system.posterior(batch, Draws(1)).mean(), clean)


def test_a_point_has_no_density_and_several_alike_samples() -> None:
    point = Point(torch.randn(3, 2))
    assert point.log_density is None and point.sample(Draws(1), 4).shape == (4, 3, 2)
    assert point.variance().abs().max() == 0
    gaussian = DiagonalGaussian(torch.zeros(3, 2), torch.zeros(3, 2))
    assert gaussian.sample(Draws(1), 4).shape == (4, 3, 2)
    assert gaussian.log_density(gaussian.sample(Draws(1), 4)).shape == (4, 3)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"posterior": {"kind": "point"}}, "posterior: {kind: point} has no density"),
        ({"prior": {"kind": "mixture"}}, "use gap: {kind: sampled_kl}"),
        (
            {"gap": {"kind": "sampled_kl"}, "floor": {"kind": "per_dimension"}},
            "floor.kind: per_dimension: gap.kind: sampled_kl is one number",
        ),
        ({"weight": {"kind": "pi", "target": 5, "least": 2, "greatest": 1}}, "below least"),
        ({"weight": {"kind": "pid"}}, "did you mean 'pi'"),
    ],
)
def test_what_cannot_be_trained_is_refused_when_read(changes, message: str) -> None:
    with pytest.raises(SettingsError) as caught:
        parse_recipe(RECIPES["vae"] | changes)
    assert message in str(caught.value)


def test_capabilities_are_asked_of_settings() -> None:
    assert ClosedKL().misfit(GaussianSettings(), MixtureSettings()) is not None
    assert SampledKL().misfit(GaussianSettings(), MixtureSettings()) is None
    assert "no density" in (SampledKL().misfit(PointSettings(), MixtureSettings()) or "")
