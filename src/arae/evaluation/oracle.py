"""What the true source of a corpus says about a text, where the source is known exactly."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from arae.evaluation.sentences import Sentences
from arae.foundation.errors import SettingsError
from arae.foundation.settings import suggest


class Source(Protocol):
    """A distribution over sentences with known probabilities."""

    @property
    def entropy_per_token(self) -> float:
        """Nats per predicted token, <eos> counted."""

    def log_probability(self, tokens: list[str]) -> float:
        """Nats; −inf for a sentence that the source never makes."""


DEFINITIONS = {
    "grammatical": "share of sentences that the corpus's grammar can make (never an empty one). "
    "For real data, here and below: of the real test text",
    "novel": "share of sentences that do not occur in the real training text",
    "good_and_new": "number of different sentences that are grammatical and not in the real training "
    "text, divided by the number of sentences",
    "oracle_ppl": "exp(−total true log-probability / predicted tokens, <eos> counted) over the "
    "grammatical sentences alone; read it beside their share",
    "floor_ppl": "exp(true entropy of the grammar per predicted token, <eos> counted): no language "
    "model's perplexity on real text can be lower in expectation (where no word is <unk>)",
}


@dataclass(frozen=True)
class Judged:
    """The oracle's numbers and, for intervals, its verdict on every non-empty sentence."""

    metrics: dict[str, float]
    grammatical: list[bool]
    novel: list[bool]


def judge(text: Sentences, train: set[str], source: Source) -> Judged:
    """The metrics of `DEFINITIONS`; `train` holds the real training sentences, tokens joined by a space.

    `oracle_ppl` is left out if no sentence is grammatical.
    """
    lines = [" ".join(tokens) for tokens in text.tokens]
    frequency = Counter(lines)
    chance = {line: source.log_probability(line.split(" ")) for line in frequency}
    good = {line for line, value in chance.items() if value > -math.inf}
    tokens = sum(frequency[line] * (line.count(" ") + 2) for line in good)
    metrics = {
        "grammatical": sum(frequency[line] for line in good) / text.count,
        "novel": sum(n for line, n in frequency.items() if line not in train) / text.count,
        "good_and_new": len(good - train) / text.count,
        "floor_ppl": math.exp(source.entropy_per_token),
    }
    if good:
        metrics["oracle_ppl"] = math.exp(
            -math.fsum(frequency[line] * chance[line] for line in sorted(good)) / tokens
        )
    return Judged(metrics, [line in good for line in lines], [line not in train for line in lines])


def source_of(settings: Mapping[str, Any]) -> Source | None:
    """The oracle of a corpus's `source` settings, or None if its true distribution is unknown."""
    kind = settings.get("kind")
    if kind is None:
        raise SettingsError(f"--oracle: no key 'kind'{suggest('kind', settings)}")
    make = ORACLES.get(str(kind))
    return make(settings) if make else None


def _scenes(settings: Mapping[str, Any]) -> Source:
    from arae.corpora.scenes import scenes_grammar

    return scenes_grammar()


def _reviews(settings: Mapping[str, Any]) -> Source:
    from arae.corpora.reviews import reviews_grammar

    return reviews_grammar().grammar


def _tiny(settings: Mapping[str, Any]) -> Source:
    from arae.corpora.tiny import tiny_grammar

    return tiny_grammar()


def _topics(settings: Mapping[str, Any]) -> Source:
    from arae.corpora.topics import topics_grammar

    return topics_grammar().grammar


# Kind of source: how to make its oracle. Kinds that are not here have none.
ORACLES: dict[str, Callable[[Mapping[str, Any]], Source]] = {
    "reviews": _reviews,
    "scenes": _scenes,
    "tiny": _tiny,
    "topics": _topics,
}
