"""What a posterior with a density knows: ELBO, importance-weighted bound, mutual information, active units."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from arae.corpora.source import Source
from arae.evaluation.likelihood import perplexity
from arae.evaluation.posterior import (
    ACTIVE,
    active_units,
    information_terms,
    log_weights,
    mean_variances,
    standard_error,
)
from arae.foundation.errors import SettingsError
from arae.foundation.settings import bounded
from arae.generation.sampling import evaluating
from arae.nn.batch import TextStore
from arae.nn.randomness import Draws
from arae.probes.probe import Findings, Subject, specimen
from arae.systems.system import System

DEFINITIONS = {
    "elbo": "−ELBO: mean over {sentences:,} test sentences of −ln p(x|z) − ln p(z) + ln q(z|x), over "
    "{samples} codes z ~ q(z|x) of each, nats per sentence, <eos> scored; an upper bound of −ln p(x)",
    "elbo_ppl": "perplexity that −ELBO would be, a bound from above",
    "kl": "mean of KL(q(z|x) ‖ p(z)), nats per sentence; in closed form where there is one, else over the "
    "same {samples} codes",
    "weighted": "the importance-weighted bound of −ln p(x) with the same {samples} codes (Burda et al. "
    "2016), nats per sentence",
    "weighted_ppl": "perplexity that the importance-weighted bound would be, a bound from above",
    "information": "mutual information of sentence and code under q, over the whole test text with one "
    "code of each sentence (Hoffman & Johnson 2016), nats; at most ln {sentences:,} = {most:.2f}",
    "active": "dimensions of the code whose posterior mean varies over the test text by at least "
    "{threshold:g} (unbiased variance; Burda et al. 2016)",
    "dimensions": "dimensions of the code",
}


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The first `sentences` of the test text, `samples` codes of each; `memory_mb` for temporaries."""

    sentences: int = bounded(10_000, low=2)
    samples: int = bounded(500, low=1)
    memory_mb: int = bounded(256, low=1)


def require(system: System, source: Source, settings: Settings) -> None:
    """The system needs an encoder, and a posterior and a prior with densities."""
    if not system.has_codes:
        raise SettingsError(
            "probe posterior: the system has no encoder; leave it out of this study"
        )
    if system.prior is None or not system.prior.has_density:
        raise _without_density(system, "prior")
    with evaluating(system), torch.no_grad():
        posterior = system.posterior(specimen(system.device).batch(np.arange(2)))
    if posterior.log_density is None:
        raise _without_density(system, "posterior")


def _without_density(system: System, part: str) -> SettingsError:
    return SettingsError(
        f"probe posterior: the {part} of system '{system.settings.system}' has no density; leave it out "
        "of this study"
    )


def measure(subject: Subject, settings: Settings) -> Findings:
    """All of it for one model."""
    system = subject.model.system
    require(system, subject.source, settings)
    store = TextStore(subject.test, subject.device)
    count = min(settings.sentences, len(store))
    lengths = np.asarray(subject.test.lengths)[:count]
    rows = _rows_within(settings.memory_mb << 20, len(subject.model.vocabulary), int(lengths.max()))
    found: list[tuple[Tensor, ...]] = []
    with evaluating(system), torch.no_grad():
        for start in range(0, count, rows):
            draws = Draws(subject.seed, "posterior", start, device=subject.device)
            some = np.arange(start, min(start + rows, count))
            found.append(_of_batch(system, store, some, draws, settings.samples))
    elbo, weighted, kl, mean, variance, codes = map(torch.cat, zip(*found, strict=True))
    information = information_terms(mean, variance, codes, settings.memory_mb << 20)
    facts = {
        "sentences": count,
        "samples": settings.samples,
        "most": math.log(count),
        "threshold": ACTIVE,
    }
    return Findings(
        metrics={
            "elbo": -float(elbo.mean()),
            "elbo_ppl": perplexity(-elbo.cpu().numpy(), lengths),
            "kl": float(kl.mean()),
            "weighted": -float(weighted.mean()),
            "weighted_ppl": perplexity(-weighted.cpu().numpy(), lengths),
            "information": float(information.mean()),
            "active": active_units(mean),
            "dimensions": mean.shape[1],
        },
        definitions={name: text.format(**facts) for name, text in DEFINITIONS.items()},
        details={
            "variances": mean_variances(mean).tolist(),
            # Of the mutual information less the KL, which share their sentences.
            "information_error": standard_error(information - kl.double()),
        },
    )


def _of_batch(
    system: System, store: TextStore, sentences: np.ndarray, draws: Draws, samples: int
) -> tuple[Tensor, ...]:
    """ELBO, weighted bound and KL [B], means, variances and one code [B, d], in the text's order."""
    batch = store.batch(sentences)
    posterior, prior = system.posterior(batch), system.prior
    assert prior is not None

    def log_likelihood(code: Tensor) -> Tensor:
        return -batch.sum_per_row(system.decoder.nll(batch, code))

    elbo, weighted, sampled = log_weights(posterior, prior, log_likelihood, draws, samples)
    exact = prior.closed_kl(posterior)
    kl = sampled if exact is None else exact
    of_codes = posterior.mean(), posterior.variance(), posterior.sample(draws)
    return tuple(batch.restore(part) for part in (elbo, weighted, kl, *of_codes))


def _rows_within(memory: int, vocabulary: int, longest: int) -> int:
    """Sentences of a batch whose logits [P, V] fit; P is at most (longest + 1) a sentence."""
    return max(1, memory // (4 * vocabulary * (longest + 1)))
