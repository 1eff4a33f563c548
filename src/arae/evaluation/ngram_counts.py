"""Counts behind the n-gram language model: exact ranks of n-grams, adjusted counts, discounts.

An n-gram's rank is the index of its key (rank of its first n−1 words, last word) among all distinct
keys of that order, so keys stay small whole numbers and never collide, whatever the order.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

from arae.foundation.errors import DataError
from arae.text.encoded import EncodedText
from arae.text.vocabulary import BOS, EOS, PAD

# Used for an order whose counts of counts do not support the estimate (tiny or repeated text).
FALLBACK_DISCOUNTS = (0.5, 1.0, 1.5)


@dataclass(frozen=True, kw_only=True)
class Stream:
    """A text as one row of ids: every sentence between <bos> and <eos>."""

    ids: np.ndarray  # [P] int64
    place: np.ndarray  # [P] position inside the sentence; <bos> is 0
    sentence: np.ndarray  # [P] index of the sentence

    def ends(self, order: int) -> np.ndarray:
        """Positions where an n-gram of this order ends; <bos> itself is never predicted."""
        return np.flatnonzero(self.place >= max(1, order - 1))


@dataclass(frozen=True, kw_only=True)
class Level:
    """The distinct n-grams of one order, by rank."""

    keys: np.ndarray  # [G] sorted: prefix rank · vocabulary size + last word
    suffix: np.ndarray  # [G] rank of the n-gram without its first word
    from_bos: np.ndarray  # [G] whether it begins with <bos>
    count: np.ndarray  # [G] occurrences


def stream(text: EncodedText, vocabulary_size: int) -> Stream:
    """Lay a text out with <bos> and <eos>. `DataError` if an id cannot be a word of a sentence."""
    words = np.asarray(text.ids[text.offsets[0] : text.offsets[-1]], dtype=np.int64)
    if len(words) and (
        words.min() < 0 or words.max() >= vocabulary_size or np.isin(words, (PAD, BOS)).any()
    ):
        raise DataError(
            f"text for the n-gram model: an id is <pad>, <bos> or outside the vocabulary of "
            f"{vocabulary_size}; encode the text with the same vocabulary"
        )
    lengths = np.asarray(text.lengths, dtype=np.int64)
    starts = np.concatenate(([0], np.cumsum(lengths + 2)))
    ids = np.empty(starts[-1], dtype=np.int64)
    inside = np.ones(len(ids), dtype=bool)
    inside[starts[:-1]] = inside[starts[1:] - 1] = False
    ids[starts[:-1]], ids[starts[1:] - 1], ids[inside] = BOS, EOS, words
    sentence = np.repeat(np.arange(len(lengths)), lengths + 2)
    return Stream(ids=ids, place=np.arange(len(ids)) - starts[sentence], sentence=sentence)


def count_levels(row: Stream, vocabulary_size: int, order: int) -> list[Level]:
    """Levels of orders 2..`order` of a text."""
    levels = []
    ranks = row.ids
    for length in range(2, order + 1):
        ends = row.ends(length)
        keys, first, inverse, count = np.unique(
            ranks[ends - 1] * vocabulary_size + row.ids[ends],
            return_index=True,
            return_inverse=True,
            return_counts=True,
        )
        levels.append(
            Level(
                keys=keys,
                suffix=ranks[ends[first]],
                from_bos=row.place[ends[first]] == length - 1,
                count=count,
            )
        )
        ranks = np.full(len(row.ids), -1, dtype=np.int64)
        ranks[ends] = inverse
    return levels


def adjusted_counts(row: Stream, levels: list[Level], vocabulary_size: int) -> list[np.ndarray]:
    """Kneser–Ney counts of orders 1..n: occurrences at the highest order, below it the number of
    distinct words seen before the n-gram; occurrences again where nothing can precede it (<bos>).
    """
    if not levels:
        return [np.bincount(row.ids[row.ends(1)], minlength=vocabulary_size)]
    adjusted = [np.bincount(levels[0].suffix, minlength=vocabulary_size)]
    for level, longer in itertools.pairwise(levels):
        preceded = np.bincount(longer.suffix, minlength=len(level.keys))
        adjusted.append(np.where(level.from_bos, level.count, preceded))
    return [*adjusted, levels[-1].count]


def discounts(adjusted: np.ndarray) -> np.ndarray:
    """[4] discount for counts 0, 1, 2 and ≥ 3 by Chen & Goodman's estimate.

    The fallback is used when one of the first four counts of counts is zero or an estimate leaves
    (0, count], which would make some probability zero or negative.
    """
    singles, pairs, triples, fours = np.bincount(adjusted[adjusted <= 4], minlength=5)[1:5]
    if not (singles and pairs and triples and fours):
        return np.array((0.0, *FALLBACK_DISCOUNTS))
    mass = singles / (singles + 2 * pairs)
    estimate = np.array(
        (
            1 - 2 * mass * pairs / singles,
            2 - 3 * mass * triples / pairs,
            3 - 4 * mass * fours / triples,
        )
    )
    sound = np.all((estimate > 0) & (estimate <= (1, 2, 3)))
    return np.array((0.0, *(estimate if sound else FALLBACK_DISCOUNTS)))
