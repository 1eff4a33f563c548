"""What keeps a Wasserstein critic (nearly) 1-Lipschitz: clipping, gradient penalty, spectral norm."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

import torch
from torch import Tensor, nn

from arae.foundation.settings import bounded
from arae.nn.mlp import SpectralLinear
from arae.nn.randomness import Draws


@dataclass(frozen=True, kw_only=True)
class ConstraintSettings:
    """`weight_clip` uses `bound`, `gradient_penalty` uses `weight`, `spectral_norm` neither."""

    kind: Literal["weight_clip", "gradient_penalty", "spectral_norm"] = "weight_clip"
    bound: float = bounded(0.01, low=0.0)
    weight: float = bounded(1.0, low=0.0)


class Constraint(Protocol):
    """Shapes the critic's layers, its loss, or its weights after each step."""

    linear: type[nn.Linear]

    def penalty(self, critic: nn.Module, real: Tensor, fake: Tensor, draws: Draws) -> Tensor:
        """Scalar added to the critic's loss."""

    def after_step(self, critic: nn.Module) -> None:
        """Called after every update of the critic."""


class WeightClip:
    """Arjovsky et al. 2017: w ← clip(w, −bound, bound) after every critic step.

    Gains and biases of batch normalisation are clipped too, as in the authors' code.
    """

    linear: type[nn.Linear] = nn.Linear

    def __init__(self, settings: ConstraintSettings) -> None:
        self._bound = settings.bound

    def penalty(self, critic: nn.Module, real: Tensor, fake: Tensor, draws: Draws) -> Tensor:
        """None: 0."""
        return real.new_zeros(())

    @torch.no_grad()
    def after_step(self, critic: nn.Module) -> None:
        """Clip every parameter."""
        parameters: list[Tensor] = list(critic.parameters())
        torch._foreach_clamp_min_(parameters, -self._bound)
        torch._foreach_clamp_max_(parameters, self._bound)


class GradientPenalty:
    """Gulrajani et al. 2017: weight · mean_i (‖∇f(ẑ_i)‖ − 1)², ẑ_i between z_i and z̃_i, per sample."""

    linear: type[nn.Linear] = nn.Linear

    def __init__(self, settings: ConstraintSettings) -> None:
        self._weight = settings.weight

    def penalty(self, critic: nn.Module, real: Tensor, fake: Tensor, draws: Draws) -> Tensor:
        """The penalty, differentiable in the critic's parameters."""
        mix = draws.uniform(real.shape[0], 1)
        between = (mix * real + (1 - mix) * fake).detach()
        slope = slope_of(critic, between)
        return self._weight * (slope.norm(dim=1) - 1).square().mean()

    def after_step(self, critic: nn.Module) -> None:
        """Nothing."""


def is_plain(critic: nn.Module) -> bool:
    """Whether a critic is a chain of linear layers and leaky ReLUs, which sees each row by itself."""
    known = (nn.Linear, nn.LeakyReLU)
    return isinstance(critic, nn.Sequential) and all(type(part) in known for part in critic)


def slope_of(critic: nn.Module, codes: Tensor) -> Tensor:
    """∂f/∂z of a critic f at codes z [B, d], differentiable in its parameters: [B, d].

    A plain critic's slope is a product of its weights, between which each row has its own factors, 1 or
    the leak. They change with no weight, so that the product alone needs a graph: a third of
    the operations of differentiating twice.
    """
    if not is_plain(critic):
        codes = codes.requires_grad_()
        (slope,) = torch.autograd.grad(critic(codes).sum(), codes, create_graph=True)
        return slope
    *hidden, last = critic.children()
    before: list[Tensor] = []  # what goes into each layer
    with torch.no_grad():
        for layer in hidden:
            before.append(codes)
            codes = layer(codes)
    assert isinstance(last, nn.Linear)
    slope = codes.new_ones(len(codes), 1) @ last.weight  # as autograd does it: bit for bit the same
    for layer, values in zip(reversed(hidden), reversed(before), strict=True):
        if isinstance(layer, nn.LeakyReLU):
            slope = torch.ops.aten.leaky_relu_backward(slope, values, layer.negative_slope, False)
        elif isinstance(layer, nn.Linear):
            slope = slope @ layer.weight
    return slope


class SpectralNorm:
    """Miyato et al. 2018: every linear layer is divided by its spectral norm."""

    linear: type[nn.Linear] = SpectralLinear

    def __init__(self, settings: ConstraintSettings) -> None:
        pass

    def penalty(self, critic: nn.Module, real: Tensor, fake: Tensor, draws: Draws) -> Tensor:
        """None: 0."""
        return real.new_zeros(())

    def after_step(self, critic: nn.Module) -> None:
        """Nothing."""


_KINDS: dict[str, type[WeightClip] | type[GradientPenalty] | type[SpectralNorm]] = {
    "weight_clip": WeightClip,
    "gradient_penalty": GradientPenalty,
    "spectral_norm": SpectralNorm,
}


def build_constraint(settings: ConstraintSettings) -> Constraint:
    """The constraint of a kind."""
    return _KINDS[settings.kind](settings)
