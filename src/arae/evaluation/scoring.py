"""All metrics of one text: perplexities by LSTM and n-gram, diversity, the grammar's verdict."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from arae.evaluation import diversity, oracle
from arae.evaluation.intervals import bootstrap_ratio
from arae.evaluation.likelihood import perplexity, perplexity_interval
from arae.evaluation.ngram import KneserNey
from arae.evaluation.sentences import Sentences
from arae.foundation.settings import bounded
from arae.text.encoded import EncodedText


@dataclass(frozen=True, kw_only=True)
class NgramSettings:
    """The n-gram language model of the n-gram perplexities."""

    order: int = bounded(5, low=1, high=10)


@dataclass(frozen=True, kw_only=True)
class ScoreSettings:
    """What a score needs beside the language models."""

    ngram: NgramSettings = NgramSettings()


@dataclass(frozen=True, kw_only=True)
class Texts:
    """What is measured, and against what."""

    samples: Sentences  # what a system made (or real training text, for the "real" row)
    forward: Sentences  # what forward perplexity and the oracle look at; usually the samples
    train: Sentences  # real training text
    test: Sentences  # real test text


PERPLEXITY_DEFINITIONS = {
    "reverse_ppl": "perplexity of the real test text under an LSTM language model trained on the "
    "samples (seed by seed); fixed vocabulary, <eos> and <unk> scored",
    "forward_ppl": "perplexity of the samples under one LSTM language model trained on all real "
    "training text; <eos> and <unk> scored, empty samples left out (see Empty). "
    "For real data: of the real test text",
    "reverse_ppl_ngram": "as reverse PPL, by an interpolated modified Kneser–Ney {order}-gram model "
    "trained on the non-empty samples; uniform at the bottom, no vocabulary lines",
    "forward_ppl_ngram": "as forward PPL, by the same kind of {order}-gram model trained on all real "
    "training text",
}


class Sheet:
    """Metrics, their definitions and 95 % bootstrap intervals over sentences, as they come in."""

    def __init__(self) -> None:
        self.metrics: dict[str, float] = {}
        self.definitions: dict[str, str] = {}
        self.intervals: dict[str, tuple[float, float]] = {}

    def perplexity(self, name: str, definition: str, nll: np.ndarray, text: EncodedText) -> None:
        """Add a perplexity from [N] nats per sentence."""
        self.metrics[name] = perplexity(nll, text.lengths)
        self.intervals[name] = perplexity_interval(nll, text.lengths)
        self.definitions[name] = definition

    def shares(self, name: str, hits: list[bool], total: int) -> None:
        """Add the interval of a share already among the metrics; misses fill up to `total`."""
        padded = np.zeros(total)
        padded[: len(hits)] = hits
        self.intervals[name] = bootstrap_ratio(padded, np.ones(total))

    def interval_of_mean(self, name: str, values: np.ndarray) -> None:
        """Add the interval of a mean already among the metrics, from its values [N] per sentence."""
        self.intervals[name] = bootstrap_ratio(values, np.ones(len(values)))

    def add(self, metrics: dict[str, float], definitions: dict[str, str]) -> None:
        """Add metrics with their definitions."""
        self.metrics |= metrics
        self.definitions |= {name: definitions[name] for name in metrics}

    def as_json(self) -> dict[str, Any]:
        """The parts of a score file that this sheet knows."""
        return {
            "metrics": self.metrics,
            "definitions": self.definitions,
            "sentence_intervals": {name: list(ends) for name, ends in self.intervals.items()},
        }


def score(
    texts: Texts,
    *,
    vocabulary_size: int,
    settings: ScoreSettings,
    source: oracle.Source | None,
    reverse_nll: np.ndarray,
    forward_nll: np.ndarray,
) -> Sheet:
    """Measure `texts`.

    `reverse_nll` [sentences of the test text] and `forward_nll` [non-empty sentences of the forward
    text] are nats under the two evaluation language models.
    """
    sheet = Sheet()
    order = settings.ngram.order
    defined = {name: text.format(order=order) for name, text in PERPLEXITY_DEFINITIONS.items()}
    test, forward = texts.test.encoded, texts.forward.encoded
    by_ngram = {
        "reverse_ppl_ngram": (texts.samples, test),
        "forward_ppl_ngram": (texts.train, forward),
    }
    sheet.perplexity("reverse_ppl", defined["reverse_ppl"], reverse_nll, test)
    sheet.perplexity("forward_ppl", defined["forward_ppl"], forward_nll, forward)
    for name, (train, scored) in by_ngram.items():
        model = KneserNey.train(train.encoded, vocabulary_size, order)
        sheet.perplexity(name, defined[name], -model.sentence_log_prob(scored), scored)
    sheet.add(diversity.diversity(texts.samples), diversity.DEFINITIONS)
    if source is not None:
        known = {" ".join(tokens) for tokens in texts.train.tokens}
        judged = oracle.judge(texts.forward, known, source)
        sheet.add(judged.metrics, oracle.DEFINITIONS)
        sheet.shares("grammatical", judged.grammatical, texts.forward.count)
        sheet.shares("novel", judged.novel, texts.forward.count)
    return sheet
