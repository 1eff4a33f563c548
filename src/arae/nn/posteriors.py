"""Posteriors q(z | x): what an encoder's features become (mean, sample, KL to the prior)."""

from __future__ import annotations

import math
from typing import Protocol

import torch
import torch.nn.functional as functional
from torch import Tensor, nn

from arae.nn.randomness import Draws

LOG_VARIANCE_BOUND = 10.0


class Posterior(Protocol):
    """A distribution over codes for each of B sentences."""

    def mean(self) -> Tensor:
        """Mean code [B, d]."""

    def sample(self, draws: Draws) -> Tensor:
        """One reparameterised code per sentence [B, d]."""


class Dirac:
    """A point mass: the deterministic encoder of AE and ARAE."""

    def __init__(self, code: Tensor) -> None:
        self._code = code

    def mean(self) -> Tensor:
        """The code itself [B, d]."""
        return self._code

    def sample(self, draws: Draws) -> Tensor:
        """The code itself [B, d]."""
        return self._code


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
        """ln q(z | x) of codes [B, d], in their precision: [B], nats."""
        log_variance = self._log_variance.to(code.dtype)
        squared = (code - self._mu).square() * torch.exp(-log_variance)
        return -0.5 * (squared + log_variance + math.log(2 * math.pi)).sum(dim=1)

    def sample(self, draws: Draws) -> Tensor:
        """μ + σ·ε with ε ~ N(0, I) [B, d]."""
        noise = draws.normal(*self._mu.shape)
        return self._mu + torch.exp(0.5 * self._log_variance) * noise

    def kl_to_standard_normal(self) -> Tensor:
        """KL(q ‖ N(0, I)) = ½ Σ_d (μ² + σ² − ln σ² − 1), nats per sentence [B]."""
        variance = self._log_variance.exp()
        return 0.5 * (self._mu.square() + variance - self._log_variance - 1.0).sum(dim=1)


class DiracHead(nn.Module):
    """Features → a point; on the unit sphere when `normalise` (the ARAE paper's codes)."""

    def __init__(self, feature_size: int, latent_size: int, normalise: bool) -> None:
        super().__init__()
        same = feature_size == latent_size
        self.linear = None if same else nn.Linear(feature_size, latent_size)
        self.normalise = normalise

    def forward(self, features: Tensor) -> Dirac:
        """Posterior of features [B, H]."""
        code = features if self.linear is None else self.linear(features)
        return Dirac(functional.normalize(code, dim=1) if self.normalise else code)


class GaussianHead(nn.Module):
    """Features → diagonal Gaussian."""

    def __init__(self, feature_size: int, latent_size: int) -> None:
        super().__init__()
        self.linear = nn.Linear(feature_size, 2 * latent_size)

    def forward(self, features: Tensor) -> DiagonalGaussian:
        """Posterior of features [B, H]."""
        mu, log_variance = self.linear(features).chunk(2, dim=1)
        return DiagonalGaussian(mu, log_variance)
