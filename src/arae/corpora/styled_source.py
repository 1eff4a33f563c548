"""The sources `reviews` and `topics`: labelled draws from grammars in which transfer is exact."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from arae.corpora import reviews, topics
from arae.corpora.drawn import DrawnSource, grammar_facts
from arae.corpora.source import SPLITS, Source, split_files, write_sentences
from arae.corpora.styled import StyledGrammar
from arae.foundation.files import atomic_write
from arae.foundation.settings import bounded

# The split whose labels `label_noise` falsifies; held-out labels are true.
NOISY = "train"


@dataclass(frozen=True, kw_only=True)
class StyledSource(DrawnSource, ABC):
    """Sentences of all classes, each drawn with the same probability, and their labels.

    `label_noise`: share of training sentences that carry another label than their own. Real labels
    are like that (a good review has bad sentences), and without it transfer needs no adversary: a
    decoder that has never met a sentence of another class cannot write one.
    """

    label_noise: float = bounded(0.0, low=0.0, high=1.0)

    @abstractmethod
    def classes(self) -> tuple[str, ...]:
        """The classes of the grammar."""

    @abstractmethod
    def style_oracle(self) -> StyledGrammar:
        """The grammar, which knows the class, content and correct transfers of any sentence."""

    def outputs(self) -> list[str]:
        """{split}.txt and {split}.labels.txt"""
        return [*split_files(), *(f"{split}.labels.txt" for split in SPLITS)]

    def write(self, folder: Path) -> dict[str, Any]:
        """Draw and write sentences and labels; the facts are the grammar's exact properties."""
        styled = self.style_oracle()
        for split in SPLITS:
            sentences = self.draw(styled.grammar, split)
            labels = [str(styled.label_of(line.split())) for line in sentences]
            if split == NOISY:
                labels = self._with_noise(labels, styled.classes)
            with atomic_write(folder / f"{split}.labels.txt") as handle:
                handle.writelines(f"{label}\n" for label in labels)
            write_sentences(folder / f"{split}.txt", sentences)
        facts = grammar_facts(styled.grammar)
        facts |= {"classes": list(styled.classes), "content_entropy": styled.content_entropy}
        return {"sentences": dict(self.sentences), "grammar": facts}

    def _with_noise(self, labels: list[str], classes: tuple[str, ...]) -> list[str]:
        """Each label, with probability `label_noise`, replaced by one of the others."""
        generator = np.random.default_rng([self.seed, SPLITS.index(NOISY), 1])
        wrong = generator.random(len(labels)) < self.label_noise
        steps = generator.integers(1, len(classes), len(labels)) * wrong
        places = (classes.index(label) + step for label, step in zip(labels, steps, strict=True))
        return [classes[place % len(classes)] for place in places]


@dataclass(frozen=True, kw_only=True)
class ReviewsSource(StyledSource):
    """Short reviews, negative or positive."""

    kind: Literal["reviews"] = "reviews"

    def classes(self) -> tuple[str, ...]:
        """negative, positive"""
        return reviews.CLASSES

    def style_oracle(self) -> StyledGrammar:
        """The grammar of reviews."""
        return reviews.reviews_grammar()


@dataclass(frozen=True, kw_only=True)
class TopicsSource(StyledSource):
    """Questions and claims about science, entertainment or politics."""

    kind: Literal["topics"] = "topics"

    def classes(self) -> tuple[str, ...]:
        """entertainment, politics, science"""
        return topics.CLASSES

    def style_oracle(self) -> StyledGrammar:
        """The grammar of topics."""
        return topics.topics_grammar()


def style_oracle_of(source: Source) -> StyledGrammar | None:
    """What is known exactly about the style of a source's sentences; None for a source of real text."""
    return source.style_oracle() if isinstance(source, StyledSource) else None
