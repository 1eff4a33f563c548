"""A short look at one trained system, for grids over hyperparameters: validation text only.

Cheap stand-ins for the coverage study's metrics (n-gram models in place of LSTM ones), so that many
runs can be compared without touching the test text that the final tables are made of.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

from arae.corpora.source import Source
from arae.evaluation.ngram import KneserNey
from arae.evaluation.oracle import source_of
from arae.evaluation.selection import held_out_loss
from arae.foundation.errors import SettingsError
from arae.foundation.settings import bounded, plain, suggest
from arae.generation.decode import DecodingSettings
from arae.generation.sampling import evaluating, generate_text
from arae.nn.batch import TextStore
from arae.nn.randomness import Draws
from arae.probes.probe import Findings, Subject
from arae.systems.system import System

EXAMPLES = 20


@dataclass(frozen=True, kw_only=True)
class Settings:
    """`samples`: greedily decoded sentences; `order`: of the n-gram models.

    `factors`: names of the settings that the grid varies -> where in a recipe they are.
    """

    samples: int = bounded(4000, low=1)
    order: int = bounded(5, low=1, high=7)
    factors: dict[str, str] = field(default_factory=dict)


DEFINITIONS = {
    "reverse_ppl_ngram": "perplexity of the real validation text under a Kneser–Ney {order}-gram "
    "model trained on {samples:,} samples",
    "forward_ppl_ngram": "perplexity of the samples under the same kind of model trained on the real "
    "training text; empty samples left out",
    "grammatical": "share of the samples that the corpus's grammar can make",
    "distinct": "share of different sentences among the samples",
    "reconstruction": "−log p(x | enc(x)) of the real validation text, nats per token",
}


def require(system: System, source: Source, settings: Settings) -> None:
    """The system must write sentences and have the settings that the grid varies."""
    with evaluating(system):
        system.sample_latents(1, Draws(0, device=system.device))
    for path in settings.factors.values():
        _at(plain(system.settings), path)


def measure(subject: Subject, settings: Settings) -> Findings:
    """Reverse and forward n-gram perplexity, grammatical and distinct shares, reconstruction."""
    system, vocabulary = subject.model.system, subject.model.vocabulary
    recipe = subject.model.recipe["settings"]
    text = generate_text(system, settings.samples, DecodingSettings(), subject.seed)
    lines = [" ".join(vocabulary.decode(text[index])) for index in range(len(text))]
    with evaluating(system):
        loss = held_out_loss(system, TextStore(subject.valid, system.device))
    size, order = len(vocabulary), settings.order
    empty = settings.samples - len(text)
    metrics = {
        "distinct": (len(set(lines)) + (empty > 0)) / settings.samples,
        "reconstruction": loss,
    }
    if len(text):
        reverse = KneserNey.train(text, size, order)
        forward = KneserNey.train(subject.train, size, order)
        metrics["reverse_ppl_ngram"] = reverse.perplexity(subject.valid)
        metrics["forward_ppl_ngram"] = forward.perplexity(text)
    truth = source_of(plain(subject.source))
    if truth is not None:
        good = sum(truth.log_probability(line.split()) > -math.inf for line in lines)
        metrics["grammatical"] = good / settings.samples
    return Findings(
        metrics=metrics,
        definitions={
            name: DEFINITIONS[name].format(order=order, samples=settings.samples)
            for name in metrics
        },
        examples=lines[:EXAMPLES],
        details={"factors": {name: _at(recipe, path) for name, path in settings.factors.items()}},
    )


def _at(recipe: Any, path: str) -> Any:
    """The setting of a recipe at a dotted path."""
    value = recipe
    for key in path.split("."):
        if not isinstance(value, dict) or key not in value:
            known = value if isinstance(value, dict) else ()
            raise SettingsError(f"probe.factors: no setting '{path}'{suggest(key, known)}")
        value = value[key]
    return value
