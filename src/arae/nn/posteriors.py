"""Posteriors q(z | x): what an encoder's features become.

A posterior has a mean, a variance and samples. `log_density` is None where q(z | x) has none.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Literal, Protocol

import torch
import torch.nn.functional as functional
from torch import Tensor, nn

from arae.nn.randomness import Draws

LOG_VARIANCE_BOUND = 10.0


class Posterior(Protocol):
    """A distribution over codes for each of B things."""

    @property
    def log_density(self) -> Callable[[Tensor], Tensor] | None:
        """ln q(z | x) [B] of codes [B, d], in nats; None if it has no density."""

    def mean(self) -> Tensor:
        """Mean code [B, d]."""

    def variance(self) -> Tensor:
        """Variance of each dimension [B, d]."""

    def sample(self, draws: Draws, count: int | None = None) -> Tensor:
        """One reparameterised code for each thing [B, d], or `count` of them [count, B, d]."""

    def kl(self) -> Tensor:
        """KL to the prior that it has a closed form for, in nats for each dimension [B, d]."""


class Point:
    """A point mass: the deterministic encoder of AE and ARAE."""

    log_density = None

    def __init__(self, code: Tensor) -> None:
        self._code = code

    def mean(self) -> Tensor:
        """The code itself [B, d]."""
        return self._code

    def variance(self) -> Tensor:
        """Zero [B, d]."""
        return torch.zeros_like(self._code)

    def sample(self, draws: Draws, count: int | None = None) -> Tensor:
        """The code itself [B, d] or [count, B, d]."""
        return self._code if count is None else self._code.expand(count, *self._code.shape)

    def kl(self) -> Tensor:
        """Refused: a point is infinitely far from any density."""
        raise TypeError("a point has no KL to a prior with a density")


class DiagonalGaussian:
    """N(μ, diag σ²); log σ² is clamped to ±10 here and nowhere else."""

    def __init__(self, mu: Tensor, log_variance: Tensor) -> None:
        self._mu = mu
        self._log_variance = log_variance.clamp(-LOG_VARIANCE_BOUND, LOG_VARIANCE_BOUND)

    def mean(self) -> Tensor:
        """μ [B, d]."""
        return self._mu

    def variance(self) -> Tensor:
        """σ² [B, d]."""
        return self._log_variance.exp()

    def log_density(self, code: Tensor) -> Tensor:
        """ln q(z | x) of codes [B, d] or [count, B, d], in their precision: [B] or [count, B], nats."""
        log_variance = self._log_variance.to(code.dtype)
        squared = (code - self._mu).square() * torch.exp(-log_variance)
        return -0.5 * (squared + log_variance + math.log(2 * math.pi)).sum(dim=-1)

    def sample(self, draws: Draws, count: int | None = None) -> Tensor:
        """μ + σ·ε with ε ~ N(0, I): [B, d] or [count, B, d]."""
        shape = self._mu.shape if count is None else (count, *self._mu.shape)
        return self._mu + torch.exp(0.5 * self._log_variance) * draws.normal(*shape)

    def kl(self) -> Tensor:
        """KL(q ‖ N(0, I)) = ½ (μ² + σ² − ln σ² − 1) of each dimension [B, d]."""
        variance = self._log_variance.exp()
        return 0.5 * (self._mu.square() + variance - self._log_variance - 1.0)

    def spread_kl(self) -> Tensor:
        """KL(q ‖ N(μ, I)) = ½ (σ² − ln σ² − 1) of each dimension [B, d]: of the spread alone."""
        return 0.5 * (self._log_variance.exp() - self._log_variance - 1.0)


class PointHead(nn.Module):
    """Features → a point; on the unit sphere when `normalise` (the ARAE paper's codes)."""

    def __init__(self, feature_size: int, latent_size: int, normalise: bool) -> None:
        super().__init__()
        same = feature_size == latent_size
        self.linear = None if same else nn.Linear(feature_size, latent_size)
        self.normalise = normalise

    def forward(self, features: Tensor) -> Point:
        """Posterior of features [B, H]."""
        code = features if self.linear is None else self.linear(features)
        return Point(functional.normalize(code, dim=1) if self.normalise else code)


class GaussianHead(nn.Module):
    """Features → diagonal Gaussian."""

    def __init__(self, feature_size: int, latent_size: int) -> None:
        super().__init__()
        self.linear = nn.Linear(feature_size, 2 * latent_size)

    def forward(self, features: Tensor) -> DiagonalGaussian:
        """Posterior of features [B, H]."""
        mu, log_variance = self.linear(features).chunk(2, dim=1)
        return DiagonalGaussian(mu, log_variance)


@dataclass(frozen=True, kw_only=True)
class PointSettings:
    """A code for each thing, anywhere in the space."""

    kind: Literal["point"] = "point"
    has_density: ClassVar[bool] = False
    closed_form: ClassVar[str | None] = None  # kind of the prior that its KL has a closed form for

    def build(self, feature_size: int, latent_size: int) -> nn.Module:
        """The last layer of an encoder."""
        return PointHead(feature_size, latent_size, normalise=False)

    def place(self, codes: Tensor) -> Tensor:
        """Points [B, d] moved to where codes can be: they may be anywhere."""
        return codes


@dataclass(frozen=True, kw_only=True)
class SphereSettings:
    """A code for each thing, on the unit sphere."""

    kind: Literal["sphere"] = "sphere"
    has_density: ClassVar[bool] = False
    closed_form: ClassVar[str | None] = None

    def build(self, feature_size: int, latent_size: int) -> nn.Module:
        """The last layer of an encoder."""
        return PointHead(feature_size, latent_size, normalise=True)

    def place(self, codes: Tensor) -> Tensor:
        """Points [B, d] scaled to unit norm."""
        return functional.normalize(codes, dim=1)


@dataclass(frozen=True, kw_only=True)
class GaussianSettings:
    """A Gaussian with independent dimensions for each thing."""

    kind: Literal["gaussian"] = "gaussian"
    has_density: ClassVar[bool] = True
    closed_form: ClassVar[str | None] = "standard_normal"

    def build(self, feature_size: int, latent_size: int) -> nn.Module:
        """The last layer of an encoder."""
        return GaussianHead(feature_size, latent_size)

    def place(self, codes: Tensor) -> Tensor:
        """Points [B, d] as they are: codes may be anywhere."""
        return codes


PosteriorSettings = PointSettings | SphereSettings | GaussianSettings
