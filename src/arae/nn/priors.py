"""Priors p(z): where codes are drawn from when nothing was encoded.

A prior is simple in the space of its `noise`; `codes` makes codes of points there. It may have a
density, and it may have to be fitted to codes after training.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Literal

import torch
from torch import Tensor, nn

from arae.foundation.settings import bounded
from arae.nn.mlp import Normalised, mlp
from arae.nn.posteriors import Posterior
from arae.nn.randomness import Draws

LOG_2_PI = math.log(2 * math.pi)


class Prior(nn.Module):
    """Base of the priors: N(0, I) of `size` dimensions as noise, and codes that are the noise itself."""

    has_density = False
    is_fitted = False  # whether it means something only after `fit`

    def __init__(self, size: int = 0) -> None:
        super().__init__()
        self.size = size

    def noise(self, count: int, draws: Draws) -> Tensor:
        """Points of the space that the prior is simple in [count, n]: where one moves to interpolate."""
        return draws.normal(count, self.size)

    def codes(self, noise: Tensor) -> Tensor:
        """Codes [count, d] of points of that space [count, n]."""
        return noise

    def sample(self, count: int, draws: Draws) -> Tensor:
        """Codes drawn from the prior [count, d]."""
        return self.codes(self.noise(count, draws))

    def log_density(self, codes: Tensor) -> Tensor:
        """ln p(z) of codes [..., d], in their precision: [...], nats."""
        raise TypeError(f"{type(self).__name__} has no density")

    def closed_kl(self, posterior: Posterior) -> Tensor | None:
        """KL(q(z | x) ‖ p(z)) [B] of a posterior with a density; None without a closed form."""
        return None

    def fit(self, codes: Tensor) -> None:
        """Estimate what is not trained from the codes of all training data [N, d]."""


class StandardNormal(Prior):
    """N(0, I)."""

    has_density = True

    def log_density(self, codes: Tensor) -> Tensor:
        """ln N(z; 0, I)."""
        return -0.5 * (codes.square() + LOG_2_PI).sum(dim=-1)

    def closed_kl(self, posterior: Posterior) -> Tensor:
        """The KL of a Gaussian posterior [B]."""
        return posterior.kl().sum(dim=1)


class FittedGaussian(Prior):
    """N(m, C) with the mean and the full covariance of training codes, put where codes can be.

    `ridge`·tr(C)/d is added to the diagonal of C. `place` moves a point to where codes can be.
    """

    is_fitted = True
    mean: Tensor
    factor: Tensor

    def __init__(self, size: int, ridge: float, place: Callable[[Tensor], Tensor]) -> None:
        super().__init__(size)
        self._ridge, self._place = ridge, place
        self.register_buffer("mean", torch.zeros(size))
        self.register_buffer("factor", torch.eye(size))

    def noise(self, count: int, draws: Draws) -> Tensor:
        """The codes themselves [count, d]."""
        return self._place(self.mean + draws.normal(count, self.size) @ self.factor.t())

    def codes(self, noise: Tensor) -> Tensor:
        """Points of the code space [count, d], put where codes can be."""
        return self._place(noise)

    def sample(self, count: int, draws: Draws) -> Tensor:
        """z ~ N(m, C) [count, d]."""
        return self.noise(count, draws)

    @torch.no_grad()
    def fit(self, codes: Tensor) -> None:
        """Mean and Cholesky factor of the codes' covariance, in float64."""
        codes = codes.double()
        centred = codes - codes.mean(dim=0)
        covariance = centred.t() @ centred / max(len(codes) - 1, 1)
        ridge = self._ridge * covariance.diagonal().mean() + 1e-12
        covariance.diagonal().add_(ridge)
        self.mean.copy_(codes.mean(dim=0))
        self.factor.copy_(torch.linalg.cholesky(covariance))


class Generator(nn.Sequential, Prior):
    """g_θ(s) with s ~ N(0, I): a learned prior without a density."""

    def __init__(self, size: int, network: nn.Sequential) -> None:
        super().__init__(*network)
        self.size = size

    def codes(self, noise: Tensor) -> Tensor:
        """z̃ = g_θ(s) [count, d]."""
        code: Tensor = self(noise)
        return code


class Mixture(Prior):
    """1/K Σ_k N(m_k, diag s_k²) with learned means and spreads."""

    has_density = True

    def __init__(self, size: int, components: int, spread: float, draws: Draws) -> None:
        """Means are drawn from N(0, `spread`²); every s_k is 1."""
        super().__init__(size)
        self.means = nn.Parameter(draws.normal(components, size).mul_(spread))
        self.log_variances = nn.Parameter(torch.zeros(components, size))

    def noise(self, count: int, draws: Draws) -> Tensor:
        """The codes themselves [count, d]."""
        chosen = draws.integers(len(self.means), count)
        spread = torch.exp(0.5 * self.log_variances[chosen])
        return self.means[chosen] + spread * draws.normal(count, self.size)

    def log_density(self, codes: Tensor) -> Tensor:
        """ln p(z), by the logarithm of a sum of exponentials: far from all components, too."""
        means, log_variances = self.means.to(codes.dtype), self.log_variances.to(codes.dtype)
        squared = (codes.unsqueeze(-2) - means).square() * torch.exp(-log_variances)
        each = -0.5 * (squared + log_variances + LOG_2_PI).sum(dim=-1)
        return each.logsumexp(dim=-1) - math.log(len(means))


class Sphere(nn.Module):
    """Rows scaled to unit norm."""

    def forward(self, values: Tensor) -> Tensor:
        """values / ‖values‖ [B, d]."""
        return nn.functional.normalize(values, dim=1)


OUTPUTS: dict[str, type[nn.Module]] = {"tanh": nn.Tanh, "linear": nn.Identity, "sphere": Sphere}

Place = Callable[[Tensor], Tensor]


@dataclass(frozen=True, kw_only=True)
class StandardNormalSettings:
    """N(0, I)."""

    kind: Literal["standard_normal"] = "standard_normal"
    has_density: ClassVar[bool] = True

    def build(self, latent_size: int, seed: int, place: Place) -> Prior:
        """A new prior of codes of `latent_size` dimensions."""
        return StandardNormal(latent_size)


@dataclass(frozen=True, kw_only=True)
class FittedGaussianSettings:
    """A Gaussian fitted to the training codes; `ridge`·tr(C)/d is added to its covariance C."""

    kind: Literal["fitted_gaussian"] = "fitted_gaussian"
    has_density: ClassVar[bool] = False
    ridge: float = bounded(1e-5, low=0.0)

    def build(self, latent_size: int, seed: int, place: Place) -> Prior:
        """A new prior of codes that lie where `place` puts them."""
        return FittedGaussian(latent_size, self.ridge, place)


@dataclass(frozen=True, kw_only=True)
class MixtureSettings:
    """`components` Gaussians of equal weight; their means start as draws from N(0, `spread`²)."""

    kind: Literal["mixture"] = "mixture"
    has_density: ClassVar[bool] = True
    components: int = bounded(100, low=1)
    spread: float = bounded(1.0, low=0.0)

    def build(self, latent_size: int, seed: int, place: Place) -> Prior:
        """A new prior of codes of `latent_size` dimensions."""
        draws = Draws(seed, "init", "prior")
        return Mixture(latent_size, self.components, self.spread, draws)


@dataclass(frozen=True, kw_only=True)
class GeneratorNetwork:
    """g_θ: N(0, I) of `noise` dimensions → code.

    `output`: `tanh` (the paper's text), `linear` (the authors' text code) or `sphere` (unit norm,
    where the codes are).
    """

    noise: int = bounded(100, low=1)
    hidden: tuple[int, ...] = (300, 300)
    batch_norm: Normalised = "all"
    output: Literal["tanh", "linear", "sphere"] = "tanh"

    def build(self, latent_size: int) -> Generator:
        """A new generator of codes of `latent_size` dimensions."""
        sizes = [self.noise, *self.hidden, latent_size]
        output = OUTPUTS[self.output]()
        network = mlp(sizes, nn.ReLU, normalised=self.batch_norm, output=output)
        return Generator(self.noise, network)
