"""Interpolation: what lies between two draws from the prior, and between two real sentences (K18).

Between draws the way is through the space that the prior is simple in (ARAE: the noise s, as in the
paper; elsewhere the codes); between real sentences it is through the codes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from arae.corpora.source import Source
from arae.evaluation.interpolation import (
    DEFINITIONS,
    distance_profile,
    path_scores,
    quality_scores,
)
from arae.evaluation.ngram import KneserNey
from arae.evaluation.oracle import source_of
from arae.evaluation.sentences import encode
from arae.foundation.errors import SettingsError
from arae.foundation.settings import bounded, plain
from arae.generation.paths import How, path
from arae.generation.sampling import evaluating
from arae.generation.speaker import Speaker, Tokens, require_prior
from arae.nn.batch import TextStore
from arae.nn.randomness import Draws
from arae.probes.probe import Findings, Subject
from arae.systems.system import System
from arae.text.encoded import EncodedText

SHOWN = 3
BETWEEN_TEXT = "text_"


@dataclass(frozen=True, kw_only=True)
class Settings:
    """`paths` of `points` sentences each, ends included; `order` of the n-gram model that judges them.

    `between_draws` and `between_sentences`: along a line or along an arc.
    """

    paths: int = bounded(500, low=2)
    points: int = bounded(10, low=3)
    between_draws: How = "linear"
    between_sentences: How = "spherical"
    order: int = bounded(5, low=1, high=10)


@dataclass(frozen=True)
class _Journey:
    """Paths of sentences, and the sentences expected at their ends."""

    paths: list[list[Tokens]]
    ends: list[tuple[Tokens, Tokens]]


def require(system: System, source: Source, settings: Settings) -> None:
    """The system needs an encoder, and a prior to draw from."""
    if not system.has_codes:
        raise SettingsError(
            f"system {system.settings.system}: has no encoder; leave it out of this study"
        )
    require_prior(system)


def measure(subject: Subject, settings: Settings) -> Findings:
    """Both kinds of path on one model."""
    speaker = Speaker(subject.model.system, subject.model.vocabulary, subject.seed)
    journeys = {
        "": _between_draws(speaker, settings),
        BETWEEN_TEXT: _between_sentences(speaker, subject, settings),
    }
    vocabulary = subject.model.vocabulary
    model = KneserNey.train(subject.train, len(vocabulary), settings.order)
    truth = source_of(plain(subject.source))

    def perplexity(sentences: list[Tokens]) -> float:
        return model.perplexity(encode(sentences, vocabulary))

    def grammatical(tokens: Tokens) -> bool:
        return truth is not None and truth.log_probability(tokens) > -math.inf

    metrics: dict[str, float] = {}
    for prefix, journey in journeys.items():
        scores = path_scores(journey.paths, journey.ends)
        scores |= quality_scores(journey.paths, perplexity, grammatical if truth else None)
        metrics |= {f"{prefix}{name}": value for name, value in scores.items()}
    defined = {
        name: text.format(points=settings.points, order=settings.order)
        for name, text in DEFINITIONS.items()
    }
    return Findings(
        metrics=metrics,
        definitions={
            f"{prefix}{name}": defined[name]
            for prefix in journeys
            for name in DEFINITIONS
            if f"{prefix}{name}" in metrics
        },
        examples=[" ".join(tokens) for tokens in journeys[""].paths[0]],
        details={
            name: {
                "distance": distance_profile(journey.paths),
                "paths": [
                    [" ".join(tokens) for tokens in sentences]
                    for sentences in journey.paths[:SHOWN]
                ],
            }
            for name, journey in zip(("draws", "sentences"), journeys.values(), strict=True)
        },
    )


def _between_draws(speaker: Speaker, settings: Settings) -> _Journey:
    start = speaker.noise(settings.paths, "start")
    end = speaker.noise(settings.paths, "end")
    points = path(start, end, settings.points, settings.between_draws)
    said = speaker.say(points.flatten(0, 1))
    ends = zip(speaker.say(start), speaker.say(end), strict=True)
    return _Journey(_rows(said, settings.points), list(ends))


def _between_sentences(speaker: Speaker, subject: Subject, settings: Settings) -> _Journey:
    text = subject.test
    if len(text) < 2 * settings.paths:
        raise SettingsError(
            f"probe.paths: {settings.paths} paths need {2 * settings.paths} test sentences, the "
            f"corpus has {len(text)}; ask for fewer"
        )
    chosen = Draws(subject.seed, "interpolation").permutation(len(text))[: 2 * settings.paths]
    start, end = _codes(subject, text, chosen).chunk(2)
    points = path(start, end, settings.points, settings.between_sentences)
    words = [subject.model.vocabulary.decode(text[row]) for row in chosen.tolist()]
    ends = zip(words[: settings.paths], words[settings.paths :], strict=True)
    return _Journey(_rows(speaker.say_codes(points.flatten(0, 1)), settings.points), list(ends))


def _codes(subject: Subject, text: EncodedText, sentences: Tensor) -> Tensor:
    """Mean codes of some sentences [N, d], in their order."""
    system = subject.model.system
    store = TextStore(text, subject.device)
    with evaluating(system), torch.no_grad():
        batch = store.batch(sentences)
        return batch.restore(system.encode(batch))


def _rows(sentences: list[Tokens], points: int) -> list[list[Tokens]]:
    return [sentences[first : first + points] for first in range(0, len(sentences), points)]
