"""Corollary 1 on a language that can be listed: total variation beside its upper bound.

Every expectation over sentences is a finite sum over the grammar's language with its exact
probabilities. Three kinds of code are looked at:

- the encoder's own (Q(z | x) = 1{z = enc(x)}, the prior being the distribution of codes),
- the same with noise, K fixed draws a sentence (another Q, whose marginal is its own prior),
- the system's prior: M samples, coupled with the sentences by optimal transport under the cost
  −ln p(x | z), which is the infimum over Q of the corollary for that finite prior.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
import torch
from torch import Tensor

from arae.corpora.source import Source
from arae.evaluation.total_variation import (
    absolute_difference,
    bound,
    expected_difference,
    gathered,
)
from arae.evaluation.transport import transport
from arae.foundation.errors import SettingsError
from arae.foundation.settings import bounded
from arae.generation.decode import DecodingSettings, decode
from arae.generation.exact import (
    Sentence,
    log_probabilities,
    modes,
    own_log_probabilities,
)
from arae.generation.sampling import evaluating, generate_text
from arae.generation.speaker import require_prior
from arae.nn.batch import TextStore
from arae.nn.randomness import Draws
from arae.probes.probe import Findings, Subject
from arae.systems.system import System
from arae.text.encoded import EncodedText


@runtime_checkable
class Listed(Protocol):
    """A source that can list its whole language."""

    def language(self) -> dict[str, float]:
        """Every sentence (tokens joined by spaces) with its exact probability."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """`codes`: prior samples that are coupled; `samples`: sentences drawn for the plain estimate.

    `noise`: standard deviations added to the encoder's codes, `draws` fixed draws a sentence.
    """

    codes: int = bounded(300, low=2)
    samples: int = bounded(20_000, low=1)
    noise: tuple[float, ...] = (0.05, 0.1, 0.2, 0.4, 0.8)
    draws: int = bounded(8, low=1)


DEFINITIONS = {
    "difference": "Σ|p(x) − p*(x)| over all sentences, p being what the arg-max decoder makes of the "
    "encoder's codes of sentences from the true distribution p*; twice the total variation, exact",
    "twice_wrong": "2 · P*(arg max ≠ x): the step between the two sides of the corollary",
    "bound": "(2 / ln 2) · E*[−ln p(x | enc(x))], the autoencoder's loss as the corollary's bound",
    "margin": "bound − difference; the corollary says that it is not negative",
    "greedy_misses": "share of the true distribution for which greedy decoding is not the arg max",
    "unproven": "share of the true distribution whose arg max the search could not prove",
    "prior_difference": "Σ|p(x) − p*(x)| for the arg-max decoder applied to a finite sample of the "
    "system's prior",
    "prior_bound": "(2 / ln 2) · the least mean −ln p(x | z) over couplings of true sentences with "
    "the same prior codes, found by optimal transport",
    "prior_margin": "prior bound − prior difference",
    "prior_gap": "how much less, as a share, the prior bound could be: the transport's certificate",
    "sample_difference": "Σ|p(x) − p*(x)| for many greedily decoded samples of the prior",
    "sample_floor": "what the same would be in expectation for as many true sentences",
    "outside": "share of those samples that the grammar cannot make",
    "missing": "true probability of the sentences that are not among those samples",
    "code_distance": "Wasserstein-1 distance between the encoder's codes under the true "
    "distribution and the same prior sample: the term that the adversary estimates",
    "code_distance_floor": "the same for as many codes of true sentences in place of the prior's",
}


def require(system: System, source: Source, settings: Settings) -> None:
    """The source must list its language; the system needs an encoder and a prior."""
    if not isinstance(source, Listed):
        raise SettingsError(
            "probe bound: the study's corpus must be one whose sentences can all be "
            "listed, such as a source of kind tiny"
        )
    if not system.has_codes:
        raise SettingsError("probe bound: needs a system with an encoder, such as ae or arae")
    require_prior(system)


def measure(subject: Subject, settings: Settings) -> Findings:
    """The two sides of Corollary 1 for a trained autoencoder on an enumerable language."""
    system = subject.model.system
    require(system, subject.source, settings)
    assert isinstance(subject.source, Listed)
    listed = subject.source.language()
    vocabulary = subject.model.vocabulary
    language = [tuple(map(int, vocabulary.encode(line.split()))) for line in listed]
    truth = np.array(list(listed.values()))
    with evaluating(system), torch.no_grad():
        codes = _encode(system, language)
        metrics = _of_encoder(system, codes, language, truth)
        metrics |= _of_prior(system, codes, language, truth, settings, subject.seed)
        sampled, lines = _of_samples(system, language, truth, settings, subject)
        noise = [
            _with_noise(system, codes, language, truth, std, settings.draws, subject.seed)
            for std in settings.noise
        ]
    metrics |= sampled
    return Findings(
        metrics=metrics,
        definitions={name: DEFINITIONS[name] for name in metrics},
        examples=lines,
        details={"noise": noise, "sentences": len(language)},
    )


def _encode(system: Any, language: list[Sentence]) -> Tensor:
    """Codes [N, d] of a list of sentences."""
    offsets = np.cumsum([0, *map(len, language)]).astype(np.int64)
    text = EncodedText(np.concatenate(language).astype(np.int32), offsets)
    batch = TextStore(text, system.device).batch(np.arange(len(language)))
    return batch.restore(system.encode(batch))


def _of_encoder(
    system: Any, codes: Tensor, language: list[Sentence], truth: np.ndarray
) -> dict[str, float]:
    found = modes(system.decoder, codes, system.settings.max_length)
    nll = -own_log_probabilities(system.decoder, codes, language).double().cpu().numpy()
    difference = absolute_difference(gathered(found.best, truth), gathered(language, truth))
    limit = bound(nll, truth)
    return {
        "difference": difference,
        "twice_wrong": 2 * _share(found.best, language, truth),
        "bound": limit,
        "margin": limit - difference,
        "greedy_misses": _share(found.greedy, found.best, truth),
        "unproven": float(truth[~np.array(found.proven)].sum()),
    }


def _of_prior(
    system: Any,
    codes: Tensor,
    language: list[Sentence],
    truth: np.ndarray,
    settings: Settings,
    seed: int,
) -> dict[str, float]:
    draws = Draws(seed, "bound", "prior", device=system.device)
    prior = system.sample_latents(settings.codes, draws)
    assert prior is not None
    even = np.full(settings.codes, 1 / settings.codes)
    found = modes(system.decoder, prior, system.settings.max_length)
    nll = -log_probabilities(system.decoder, prior, language).double().cpu().numpy().T
    plan = transport(nll, truth, even)
    difference = absolute_difference(gathered(found.best, even), gathered(language, truth))
    limit = bound(nll, plan.plan)
    chosen = draws.choice(torch.from_numpy(truth).to(prior).expand(settings.codes, -1))
    return {
        "prior_difference": difference,
        "prior_bound": limit,
        "prior_margin": limit - difference,
        "prior_gap": (plan.upper - plan.lower) / plan.upper,
        "code_distance": _distance(codes, truth, prior),
        "code_distance_floor": _distance(codes, truth, codes[chosen]),
    }


def _of_samples(
    system: Any,
    language: list[Sentence],
    truth: np.ndarray,
    settings: Settings,
    subject: Subject,
) -> tuple[dict[str, float], list[str]]:
    text = generate_text(system, settings.samples, DecodingSettings(), subject.seed)
    drawn = [tuple(text[index].tolist()) for index in range(len(text))]
    drawn += [()] * (settings.samples - len(drawn))
    model = gathered(drawn, np.full(settings.samples, 1 / settings.samples))
    true = gathered(language, truth)
    words = subject.model.vocabulary
    metrics = {
        "sample_difference": absolute_difference(model, true),
        "sample_floor": expected_difference(truth, settings.samples),
        "outside": sum(share for sentence, share in model.items() if sentence not in true),
        "missing": sum(share for sentence, share in true.items() if sentence not in model),
    }
    return metrics, [" ".join(words.decode(sentence)) for sentence in drawn[:20]]


def _with_noise(
    system: Any,
    codes: Tensor,
    language: list[Sentence],
    truth: np.ndarray,
    std: float,
    repeats: int,
    seed: int,
) -> dict[str, float]:
    """Both sides for Q(z | x) = the codes enc(x) + std·ε_k, k = 1 … repeats, greedily decoded.

    Greedy decoding obeys the bound too: where it leaves x, x had at most half of the probability.
    """
    draws = Draws(seed, "bound", "noise", device=system.device)
    noisy = codes.repeat(repeats, 1)
    noisy = noisy + std * draws.normal(*noisy.shape)
    wanted, weights = language * repeats, np.tile(truth / repeats, repeats)
    words, lengths = decode(
        system.decoder,
        noisy,
        len(noisy),
        system.settings.max_length,
        DecodingSettings(),
        draws,
    )
    made = [tuple(row[:size]) for row, size in zip(words.tolist(), lengths.tolist(), strict=True)]
    nll = -own_log_probabilities(system.decoder, noisy, wanted).double().cpu().numpy()
    return {
        "std": std,
        "difference": absolute_difference(gathered(made, weights), gathered(language, truth)),
        "twice_wrong": 2 * _share(made, wanted, weights),
        "bound": bound(nll, weights),
    }


def _share(left: list[Sentence], right: list[Sentence], weights: np.ndarray) -> float:
    """Weight of the places where two lists differ."""
    differ = [one != other for one, other in zip(left, right, strict=True)]
    return float(weights[np.array(differ)].sum())


def _distance(codes: Tensor, truth: np.ndarray, others: Tensor) -> float:
    even = np.full(len(others), 1 / len(others))
    cost = torch.cdist(codes.double(), others.double()).cpu().numpy()
    return transport(cost, truth, even).upper
