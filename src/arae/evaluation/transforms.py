"""Which features sentences are given by offset vectors, and how (K17, `arae.evaluation.offsets`)."""

from __future__ import annotations

from dataclasses import dataclass

from arae.evaluation.features import KINDS
from arae.foundation.settings import bounded

PAPER = (
    *("verb:walking", "subject:man", "modifier:two"),
    *("subject:dog", "verb:standing", "modifier:several"),
)


@dataclass(frozen=True, kw_only=True)
class OffsetSettings:
    """`sentences` sampled for the means; `altered` new sentences a transform, `samples` decodings each.

    A `transform` is a kind of feature and a word; `fewest`: how many of the sampled sentences must
    have it for its mean to count.
    """

    sentences: int = bounded(1_000_000, low=1)
    transforms: tuple[str, ...] = PAPER
    altered: int = bounded(100, low=1)
    rounds: int = bounded(10, low=1)
    keep: float = bounded(0.2, low=0.0, high=1.0)
    samples: int = bounded(100, low=1)
    fewest: int = bounded(30, low=1)

    def check(self) -> None:
        """Every transform is KIND:WORD of a known kind, and none comes twice."""
        for text in self.transforms:
            kind, _, word = text.partition(":")
            if kind not in KINDS or not word or word.split() != [word]:
                raise ValueError(
                    f"transforms: '{text}' is not one of {', '.join(KINDS)}, ':', a word"
                )
        words = [Transform.parse(text).word for text in self.transforms]
        if len(set(words)) < len(words):
            raise ValueError("transforms: a word is there twice")


@dataclass(frozen=True)
class Transform:
    """The feature that a sentence is to have."""

    kind: str
    word: str

    @classmethod
    def parse(cls, text: str) -> Transform:
        """From "subject:man"."""
        kind, _, word = text.partition(":")
        return cls(kind, word)
