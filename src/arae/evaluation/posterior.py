"""What a posterior with a density says about a text: bounds on its likelihood, mutual information, active units.

All in float64, in pieces that a memory limit decides; the pieces change no result beyond rounding.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

from arae.foundation.errors import SettingsError
from arae.nn.posteriors import Posterior
from arae.nn.priors import Prior
from arae.nn.randomness import Draws
from arae.nn.store import Store
from arae.systems.system import System

# Of a validation split: things looked at, since mutual information costs their number squared.
MOST, BATCH = 10_000, 256
LOG_2_PI = math.log(2 * math.pi)
ACTIVE = 0.01


def log_weights(
    posterior: Posterior,
    prior: Prior,
    log_likelihood: Callable[[Tensor], Tensor],
    draws: Draws,
    samples: int,
) -> tuple[Tensor, Tensor, Tensor]:
    """ELBO, importance-weighted bound and KL, each estimated with the same codes z_i ~ q(z|x): [B].

    Of the log weights ln p(x|z_i) + ln p(z_i) − ln q(z_i|x) the ELBO is the mean, and the bound the log
    of the mean of their exponentials (Burda et al. 2016, equation 8), which never falls in expectation
    as `samples` rise. The KL is the mean of ln q(z_i|x) − ln p(z_i). `log_likelihood` gives ln p(x|z) [B]
    of codes [B, d]; one sample of each thing is in memory at a time.
    """
    if samples < 1:
        raise ValueError(f"samples {samples}: must be at least 1")
    assert posterior.log_density is not None
    weights, ratios = [], []
    for _ in range(samples):
        code = posterior.sample(draws)
        exact = code.double()
        ratio = posterior.log_density(exact) - prior.log_density(exact)
        weights.append(log_likelihood(code).double() - ratio)
        ratios.append(ratio)
    weight = torch.stack(weights)
    bound = weight.logsumexp(dim=0) - math.log(samples)
    return weight.mean(dim=0), bound, torch.stack(ratios).mean(dim=0)


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


def posterior_metrics(system: System, store: Store, seed: int) -> dict[str, float]:
    """ "valid_kl" and "valid_information" in nats and "valid_active" units of held-out things.

    `SettingsError` if the system's posterior or prior has no density.
    """
    if not system.has_codes:
        raise _no_density(system, "encoder")
    kls, means, variances, codes = [], [], [], []
    with torch.no_grad():
        for place, rows in enumerate(torch.arange(min(len(store), MOST)).split(BATCH)):
            batch = store.batch(rows)
            posterior, prior = system.posterior(batch), system.prior
            if posterior.log_density is None or prior is None or not prior.has_density:
                raise _no_density(system, "posterior or prior")
            code = posterior.sample(Draws(seed, "validation", place, device=store.device))
            exact = prior.closed_kl(posterior)
            kls.append(
                posterior.log_density(code) - prior.log_density(code) if exact is None else exact
            )
            means.append(posterior.mean())
            variances.append(posterior.variance())
            codes.append(code)
    mean = torch.cat(means)
    return {
        "valid_kl": float(torch.cat(kls).double().mean()),
        "valid_information": mutual_information(mean, torch.cat(variances), torch.cat(codes)),
        "valid_active": float(active_units(mean)),
    }


def _no_density(system: System, what: str) -> SettingsError:
    return SettingsError(
        f"selection.beside: posterior: the {what} of '{system.settings.system}' has no density, so there "
        "is no mutual information; leave it out"
    )
