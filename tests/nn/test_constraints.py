"""Lipschitz constraints against closed forms."""

import pytest
import torch
from torch import nn

from arae.nn.constraints import ConstraintSettings, build_constraint, is_plain, slope_of
from arae.nn.initialisation import normal_
from arae.nn.mlp import SpectralLinear, mlp
from arae.nn.optimisers import Adam, OptimiserSettings
from arae.nn.randomness import Draws


def _constraint(kind: str, **values: float):
    return build_constraint(ConstraintSettings(kind=kind, **values))


class Norm(nn.Module):
    def forward(self, values: torch.Tensor) -> torch.Tensor:
        return values.norm(dim=1, keepdim=True)


class Twice(nn.Module):
    def forward(self, values: torch.Tensor) -> torch.Tensor:
        return 2 * values[:, :1]


def test_gradient_penalty_is_per_sample() -> None:
    real, fake = torch.randn(64, 5) + 4, torch.randn(64, 5) + 4
    penalty = _constraint("gradient_penalty", weight=3.0)
    assert penalty.penalty(Norm(), real, fake, Draws(1)).item() == pytest.approx(0.0, abs=1e-6)
    assert penalty.penalty(Twice(), real, fake, Draws(1)).item() == pytest.approx(3.0)


def test_clipped_linear_critic_reaches_its_closed_form_optimum() -> None:
    real, fake = torch.randn(200, 6) + 1, torch.randn(200, 6)
    critic, clip = nn.Linear(6, 1, bias=False), _constraint("weight_clip", bound=0.01)
    optimiser = Adam(list(critic.parameters()), OptimiserSettings(kind="adam", lr=1e-2))
    for _ in range(60):
        loss = critic(fake).mean() - critic(real).mean()
        optimiser.step(torch.autograd.grad(loss, list(critic.parameters())))
        clip.after_step(critic)
    gap = (critic(real).mean() - critic(fake).mean()).item()
    optimum = 0.01 * (real.mean(0) - fake.mean(0)).abs().sum().item()
    assert gap == pytest.approx(optimum, rel=1e-4)
    assert critic.weight.abs().max().item() <= 0.01


def test_spectral_norm_builds_normalised_layers_and_adds_no_penalty() -> None:
    constraint = _constraint("spectral_norm")
    layer = constraint.linear(4, 4)
    assert type(layer).__name__ == "SpectralLinear"
    assert constraint.penalty(layer, torch.ones(1, 4), torch.ones(1, 4), Draws(1)).item() == 0


@pytest.mark.parametrize("slope", [None, 0.2])
def test_a_plain_critics_slope_is_what_differentiating_twice_gives(slope: float | None) -> None:
    kind = nn.ReLU if slope is None else nn.LeakyReLU  # of another kind: the long way
    critic = mlp([5, 7, 6, 1], kind, slope=slope)
    normal_([critic], 0.7, Draws(3))
    assert is_plain(critic) == (slope is not None)
    codes, pull = torch.randn(9, 5), torch.randn(9, 5)
    leaf = codes.clone().requires_grad_()
    (wanted,) = torch.autograd.grad(critic(leaf).sum(), leaf, create_graph=True)
    found = slope_of(critic, codes)
    torch.testing.assert_close(found, wanted)
    weights = [p for n, p in critic.named_parameters() if n.endswith("weight")]
    ours, theirs = (
        torch.autograd.grad((x * pull).sum() + x.norm(dim=1).square().sum(), weights)
        for x in (found, wanted)
    )
    torch.testing.assert_close(ours, theirs)
    assert torch.equal(found, wanted), "documented numbers rest on these bits"
    assert all(torch.equal(one, other) for one, other in zip(ours, theirs, strict=True))


def test_what_is_not_a_chain_of_independent_rows_is_not_plain() -> None:
    assert not is_plain(mlp([5, 7, 6, 1], nn.LeakyReLU, slope=0.2, normalised="after_first"))
    assert not is_plain(mlp([5, 7, 1], nn.LeakyReLU, slope=0.2, linear=SpectralLinear))
    assert not is_plain(Twice()) and not is_plain(nn.Linear(2, 1))
