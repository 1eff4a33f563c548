"""What a Gaussian posterior says about a text: bounds on its likelihood, mutual information, active units.

All in float64, in pieces that a memory limit decides; the pieces change no result beyond rounding.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

from arae.nn.posteriors import DiagonalGaussian
from arae.nn.randomness import Draws

LOG_2_PI = math.log(2 * math.pi)
ACTIVE = 0.01


def standard_normal_log_density(code: Tensor) -> Tensor:
    """ln N(z; 0, I) of codes [B, d]: [B]."""
    return -0.5 * (code.square() + LOG_2_PI).sum(dim=1)


def log_weights(
    posterior: DiagonalGaussian,
    log_likelihood: Callable[[Tensor], Tensor],
    draws: Draws,
    samples: int,
) -> tuple[Tensor, Tensor]:
    """(mean, log of the mean of the exponentials) over z_i ~ q(z|x) of the log weight, each [B].

    The log weight is ln p(x|z_i) + ln p(z_i) − ln q(z_i|x) with p(z) = N(0, I): the first is a sample of
    the ELBO, the second the importance-weighted bound (Burda et al. 2016, equation 8), which never
    falls in expectation as `samples` rise. `log_likelihood` gives ln p(x|z) [B] of codes [B, d]; one
    sample of each sentence is in memory at a time.
    """
    if samples < 1:
        raise ValueError(f"samples {samples}: must be at least 1")
    total: Tensor | None = None
    top = torch.zeros(())
    for _ in range(samples):
        code = posterior.sample(draws)
        exact = code.double()
        weight = (
            log_likelihood(code).double()
            + standard_normal_log_density(exact)
            - posterior.log_density(exact)
        )
        total, top = (
            (weight, weight) if total is None else (total + weight, torch.logaddexp(top, weight))
        )
    assert total is not None
    return total / samples, top - math.log(samples)


def information_terms(
    mean: Tensor, variance: Tensor, codes: Tensor, memory: int = 256 << 20
) -> Tensor:
    """ln q(z_n|x_n) − ln 1/N Σ_m q(z_n|x_m) in nats [N], whose mean is the mutual information.

    (Hoffman & Johnson 2016.) μ, σ² [N, d] of the posteriors of N sentences and one code of each [N, d]; at most ln N, and
    below zero by chance only. At most about `memory` bytes beside the arguments.
    """
    count, width = mean.shape
    mean, variance, codes = mean.double(), variance.double(), codes.double()
    precision = variance.reciprocal()
    scaled = mean * precision
    constant = -0.5 * (mean * scaled + variance.log() + LOG_2_PI).sum(dim=1)
    rows = max(1, memory // (8 * (2 * count + 2 * width)))
    terms = []
    for start in range(0, count, rows):
        some = codes[start : start + rows]
        # ln q(z_n | x_m) for all m: the square multiplied out, three products of matrices.
        density = torch.addmm(constant, some, scaled.t())
        density.addmm_(some.square(), precision.t(), alpha=-0.5)
        own = density.diagonal(offset=start) if start else density.diagonal()
        terms.append(own - density.logsumexp(dim=1) + math.log(count))
    return torch.cat(terms)


def mutual_information(
    mean: Tensor, variance: Tensor, codes: Tensor, memory: int = 256 << 20
) -> float:
    """The mean of `information_terms`."""
    return float(information_terms(mean, variance, codes, memory).mean())


def standard_error(values: Tensor) -> float:
    """Of the mean of N ≥ 2 independent values [N]."""
    return float(values.double().std(correction=1)) / math.sqrt(len(values))


def mean_variances(mean: Tensor) -> Tensor:
    """Var_x(E[z_d | x]) over N ≥ 2 sentences [d], unbiased, largest first."""
    return mean.double().var(dim=0, correction=1).sort(descending=True).values


def active_units(mean: Tensor, threshold: float = ACTIVE) -> int:
    """Dimensions whose posterior means [N, d] vary by at least `threshold` (Burda et al. 2016, section 5)."""
    return int((mean_variances(mean) >= threshold).sum())
