"""Offset vectors in the space of the prior: can a verb, a subject, a modifier be changed (K17)?"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import fmean as mean
from typing import Any, Literal

from arae.corpora.source import Source
from arae.evaluation.feature_means import feature_means
from arae.evaluation.features import feature_reader
from arae.evaluation.offsets import (
    DEFINITIONS,
    OffsetSettings,
    Outcome,
    Transform,
    apply_transform,
)
from arae.foundation.settings import plain
from arae.generation.speaker import Speaker, require_prior
from arae.probes.probe import Findings, Subject
from arae.systems.system import System

EXAMPLES = 5
BY_WORD = ("match", "precision")


@dataclass(frozen=True, kw_only=True)
class Settings(OffsetSettings):
    """`features`: `auto` reads them exactly where the corpus has a grammar, by pattern elsewhere;
    `pattern`; or `spacy`, by the installed model `spacy_model`."""

    features: Literal["auto", "pattern", "spacy"] = "auto"
    spacy_model: str = "en_core_web_sm"


def require(system: System, source: Source, settings: Settings) -> None:
    """The system needs a prior to draw from, and sentences somebody who reads their features."""
    require_prior(system)
    feature_reader(settings.features, settings.spacy_model, plain(source), frozenset())


def measure(subject: Subject, settings: Settings) -> Findings:
    """Every transform on one model, and the means over those that could be tried."""
    vocabulary = subject.model.vocabulary
    speaker = Speaker(subject.model.system, vocabulary, subject.seed)
    types = frozenset(vocabulary.types)
    source = plain(subject.source)
    read = feature_reader(settings.features, settings.spacy_model, source, types)
    means = feature_means(speaker, read, settings.sentences)
    outcomes = [
        apply_transform(speaker, read, means, Transform.parse(text), settings, types)
        for text in settings.transforms
    ]
    return Findings(
        metrics=_metrics(outcomes),
        definitions=_definitions(settings, read.name),
        examples=[_example(outcome) for outcome in outcomes],
        details={
            "reader": read.name,
            "sentences": settings.sentences,
            "transforms": [_as_json(outcome) for outcome in outcomes],
        },
    )


def _metrics(outcomes: list[Outcome]) -> dict[str, float]:
    tried = [outcome for outcome in outcomes if outcome.problem is None]
    metrics = {"tried": float(len(tried))}
    for name in DEFINITIONS:
        if values := [outcome.numbers[name] for outcome in tried if name in outcome.numbers]:
            metrics[name] = mean(values)
    for outcome in tried:
        for name in BY_WORD:
            if name in outcome.numbers:
                metrics[f"{name}_{outcome.transform.word}"] = outcome.numbers[name]
    return metrics


def _definitions(settings: Settings, reader: str) -> dict[str, str]:
    defined = {
        name: text.format(samples=settings.samples, reader=reader)
        for name, text in DEFINITIONS.items()
    }
    tried = (
        f"transforms that could be tried, of {len(settings.transforms)}: the word is in the "
        f"vocabulary and {settings.fewest} of {settings.sentences:,} sampled sentences have it "
        f"in its role, as {reader} reads them. All other columns are means over these, "
        f"{settings.altered} altered sentences each"
    )
    by_word = {
        f"{name}_{Transform.parse(text).word}": f"{name} of the transform {text}"
        for name in BY_WORD
        for text in settings.transforms
    }
    return {"tried": tried, **defined, **by_word}


def _example(outcome: Outcome) -> str:
    name = f"{outcome.transform.kind} {outcome.transform.word}"
    if outcome.problem:
        return f"{name}: not tried, {outcome.problem}"
    if not outcome.examples:
        return f"{name}: no greedy sentence got it"
    before, after = outcome.examples[0]
    return f"{name}: {before} → {after}"


def _as_json(outcome: Outcome) -> dict[str, Any]:
    return {
        "kind": outcome.transform.kind,
        "word": outcome.transform.word,
        "having": outcome.having,
        "problem": outcome.problem,
        "altered": outcome.altered,
        "numbers": outcome.numbers,
        "examples": [list(pair) for pair in outcome.examples[:EXAMPLES]],
    }
