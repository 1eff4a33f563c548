"""The gap between posterior and prior that a loss adds to reconstruction, and its floor.

A gap is in nats for each of k parts of a code [B, k]: one part a dimension where it has a closed form,
else one part in all. A floor makes one number a thing of them: below it a gap costs, and pulls, nothing more.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Protocol

import torch
from torch import Tensor

from arae.foundation.settings import bounded
from arae.nn.posteriors import Posterior
from arae.nn.priors import Prior
from arae.nn.randomness import Draws, SameDraws


class Gap(Protocol):
    """How far a posterior is from the prior."""

    by_dimension: ClassVar[bool]  # whether it has one part for each dimension of a code

    def misfit(self, posterior: Any, prior: Any) -> str | None:
        """What these two kinds lack for it, in words; None if it can be computed."""

    def __call__(self, posterior: Posterior, code: Tensor, prior: Prior, draws: Draws) -> Tensor:
        """Nats [B, k]; `code` [B, d] is the sample of the posterior that reconstruction used."""

    def held_out(self, posterior: Posterior, prior: Prior) -> Tensor:
        """The same [B] without randomness, each thing by itself."""


@dataclass(frozen=True, kw_only=True)
class ClosedKL:
    """KL(q(z | x) ‖ p(z)) in closed form."""

    kind: Literal["kl"] = "kl"
    by_dimension: ClassVar[bool] = True

    def misfit(self, posterior: Any, prior: Any) -> str | None:
        """The posterior must have a closed form for just this prior."""
        if posterior.closed_form == prior.kind:
            return None
        if posterior.has_density and prior.has_density:
            return (
                f"the KL of a posterior of kind '{posterior.kind}' to a prior of kind '{prior.kind}' "
                "has no closed form; use gap: {kind: sampled_kl}"
            )
        return _without_density(posterior, prior)

    def __call__(self, posterior: Posterior, code: Tensor, prior: Prior, draws: Draws) -> Tensor:
        """Nats of each dimension [B, d]."""
        return posterior.kl()

    def held_out(self, posterior: Posterior, prior: Prior) -> Tensor:
        """The exact KL [B]."""
        return posterior.kl().sum(dim=1)


@dataclass(frozen=True, kw_only=True)
class SampledKL:
    """KL(q(z | x) ‖ p(z)) as the mean of ln q(z | x) − ln p(z) over `samples` codes of the posterior.

    The first is the code that reconstruction uses. `held_out` draws 64 codes of each thing, by the same
    standard normal numbers for all.
    """

    kind: Literal["sampled_kl"] = "sampled_kl"
    samples: int = bounded(1, low=1)
    by_dimension: ClassVar[bool] = False

    def misfit(self, posterior: Any, prior: Any) -> str | None:
        """Both must have densities."""
        has_both = posterior.has_density and prior.has_density
        return None if has_both else _without_density(posterior, prior)

    def __call__(self, posterior: Posterior, code: Tensor, prior: Prior, draws: Draws) -> Tensor:
        """Nats [B, 1]."""
        codes = [code, *(posterior.sample(draws) for _ in range(self.samples - 1))]
        return _log_ratio(posterior, torch.stack(codes), prior).mean(dim=0).unsqueeze(1)

    def held_out(self, posterior: Posterior, prior: Prior) -> Tensor:
        """An estimate [B]."""
        draws = SameDraws(0, "held out", device=posterior.mean().device)
        return _log_ratio(posterior, posterior.sample(draws, HELD_OUT), prior).mean(dim=0)


HELD_OUT = 64


def _log_ratio(posterior: Posterior, codes: Tensor, prior: Prior) -> Tensor:
    """ln q(z | x) − ln p(z) of codes [n, B, d]: [n, B]."""
    assert posterior.log_density is not None
    return posterior.log_density(codes) - prior.log_density(codes)


def _without_density(posterior: Any, prior: Any) -> str:
    lacking = [
        f"{name}: {{kind: {part.kind}}} has no density"
        for name, part in (("posterior", posterior), ("prior", prior))
        if not part.has_density
    ]
    return (
        f"{' and '.join(lacking)}, so there is no KL; use posterior: {{kind: gaussian}} with a prior of "
        "kind standard_normal or mixture"
    )


GapSettings = ClosedKL | SampledKL


@dataclass(frozen=True, kw_only=True)
class NoFloor:
    """Every nat counts."""

    kind: Literal["none"] = "none"
    by_dimension: ClassVar[bool] = False

    def __call__(self, gap: Tensor) -> Tensor:
        """Σ_i k_i [B] of a gap [B, k]."""
        return gap.sum(dim=1)


@dataclass(frozen=True, kw_only=True)
class FreeBits:
    """Σ_i max(`nats`/d, k_i): each of the d dimensions has its share free (FB; Kingma et al. 2016)."""

    kind: Literal["per_dimension"] = "per_dimension"
    nats: float = bounded(8.0, low=0.0)
    by_dimension: ClassVar[bool] = True

    def __call__(self, gap: Tensor) -> Tensor:
        """[B] of a gap [B, d]; a dimension at its floor or below has no gradient."""
        return _at_least(gap, self.nats / gap.shape[1]).sum(dim=1)


@dataclass(frozen=True, kw_only=True)
class FreeTotal:
    """max(`nats`, Σ_i k_i): the whole code of each thing has so many nats free (FBP)."""

    kind: Literal["whole"] = "whole"
    nats: float = bounded(8.0, low=0.0)
    by_dimension: ClassVar[bool] = False

    def __call__(self, gap: Tensor) -> Tensor:
        """[B] of a gap [B, k]; a thing at its floor or below has no gradient."""
        return _at_least(gap.sum(dim=1), self.nats)


def _at_least(values: Tensor, floor: float) -> Tensor:
    return torch.where(values > floor, values, floor)


FloorSettings = NoFloor | FreeBits | FreeTotal


@dataclass(frozen=True, kw_only=True)
class InverseMultiquadric:
    """MMD² by k(a, b) = Σ_s C_s / (C_s + ‖a − b‖²) with C_s = s · `constant` · d · (prior's variance 1)."""

    kind: Literal["inverse_multiquadric"] = "inverse_multiquadric"
    scales: tuple[float, ...] = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
    constant: float = bounded(2.0, low=0.0)

    def __call__(self, codes: Tensor, others: Tensor) -> Tensor:
        """Unbiased estimate of the squared MMD of two samples of n ≥ 2 points [n, d]; may be negative."""
        base = self.constant * codes.shape[1]

        def kernel(squares: Tensor) -> Tensor:
            terms = [scale * base / (scale * base + squares) for scale in self.scales]
            return torch.stack(terms).sum(dim=0)

        return mmd(codes, others, kernel)


@dataclass(frozen=True, kw_only=True)
class RadialBasis:
    """MMD² by k(a, b) = exp(−‖a − b‖² / (2 · `variance`)); without one, the medians' heuristic.

    The heuristic is the median of ‖a − b‖² between the samples plus its median among the codes, as the
    authors of the WAE compute them; no gradient goes through it.
    """

    kind: Literal["radial_basis"] = "radial_basis"
    variance: float | None = None

    def __call__(self, codes: Tensor, others: Tensor) -> Tensor:
        """As of `InverseMultiquadric`."""
        variance = median_variance(codes, others) if self.variance is None else self.variance
        return mmd(codes, others, lambda squares: torch.exp(squares / (-2 * variance)))


KernelSettings = InverseMultiquadric | RadialBasis


def squared_distances(first: Tensor, second: Tensor) -> Tensor:
    """‖a_i − b_j‖² [n, m]; what rounding makes negative is 0."""
    squares = first.square().sum(1, keepdim=True) + second.square().sum(1) - 2 * first @ second.t()
    return squares.clamp(min=0.0)


def mmd(codes: Tensor, others: Tensor, kernel: Any) -> Tensor:
    """The U-statistic of the squared MMD: pairs of a point with itself are left out."""
    count = len(codes)
    within = 0.0
    for points in (codes, others):
        values = kernel(squared_distances(points, points))
        within = within + (values.sum() - values.diagonal().sum()) / (count * (count - 1))
    between: Tensor = kernel(squared_distances(codes, others)).mean()
    return within - 2 * between


@torch.no_grad()
def median_variance(codes: Tensor, others: Tensor) -> Tensor:
    """σ² of the heuristic: of all n² distances the ((n² − n)/2)-th greatest, of both kinds together."""
    half = len(codes) * (len(codes) - 1) // 2
    both = squared_distances(codes, others), squared_distances(codes, codes)
    return torch.stack(
        [part.flatten().sort(descending=True).values[half - 1] for part in both]
    ).sum()
