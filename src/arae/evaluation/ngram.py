"""Interpolated modified Kneser–Ney n-gram language model over a fixed vocabulary.

Chen & Goodman (1999), section 4.1.6: three discounts an order, lower orders estimated from the
number of distinct preceding words. Every sentence is predicted from <bos>; <eos> and <unk> are
scored like words; the lowest order is mixed with a uniform distribution over the V − 2 words that
can be predicted (all but <pad> and <bos>), so every word of the vocabulary has some probability and
no artificial vocabulary lines are needed. Whole arrays at a time; exact at any order.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from arae.evaluation.likelihood import perplexity
from arae.evaluation.ngram_counts import (
    Level,
    Stream,
    adjusted_counts,
    count_levels,
    discounts,
    stream,
)
from arae.foundation.errors import DataError
from arae.text.encoded import EncodedText
from arae.text.vocabulary import BOS, PAD


@dataclass(frozen=True, kw_only=True)
class _Order:
    """What one order adds: p(w|h) = share[hw] + rest[h] · p(w|h without its first word)."""

    keys: np.ndarray  # [G] sorted keys of the n-grams
    share: np.ndarray  # [G] discounted relative frequency
    rest: np.ndarray  # [H] probability mass left to the lower order, by rank of the history

    def find(self, keys: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(ranks, whether seen) of n-grams given by key."""
        ranks = np.searchsorted(self.keys, keys)
        ranks[ranks == len(self.keys)] = 0
        return ranks, self.keys[ranks] == keys


class KneserNey:
    """An n-gram model; make one with `KneserNey.train`."""

    def __init__(self, unigram: np.ndarray, orders: list[_Order]) -> None:
        self._unigram, self._orders = unigram, orders

    @classmethod
    def train(cls, text: EncodedText, vocabulary_size: int, order: int = 5) -> KneserNey:
        """Estimate a model of `order` from a text with ≥ 1 sentence."""
        if order < 1:
            raise ValueError(f"order {order}: must be at least 1")
        if len(text) == 0:
            raise DataError("text for the n-gram model: has no sentences")
        row = stream(text, vocabulary_size)
        levels = count_levels(row, vocabulary_size, order)
        adjusted = adjusted_counts(row, levels, vocabulary_size)
        histories = [vocabulary_size, *(len(level.keys) for level in levels)]
        orders = [
            _estimate(level, counts, vocabulary_size, size)
            for level, counts, size in zip(levels, adjusted[1:], histories, strict=False)
        ]
        return cls(_unigram(adjusted[0]), orders)

    @property
    def order(self) -> int:
        """Longest n-gram used."""
        return len(self._orders) + 1

    def sentence_log_prob(self, text: EncodedText) -> np.ndarray:
        """[N] log-probability in nats of each sentence, <eos> included."""
        row = stream(text, len(self._unigram))
        ends = row.ends(1)
        chances = self._chances(row)[ends]
        return np.bincount(row.sentence[ends], weights=np.log(chances), minlength=len(text))

    def perplexity(self, text: EncodedText) -> float:
        """exp(−total log-probability / (words + one <eos> a sentence))."""
        return perplexity(-self.sentence_log_prob(text), text.lengths)

    def next_word(self, history: np.ndarray) -> np.ndarray:
        """[V] probability of each word after the first words `history` of a sentence."""
        before = [BOS, *map(int, history)]
        size = len(self._unigram)
        chances = self._unigram.copy()
        for length, order in enumerate(self._orders[: len(before)], start=1):
            rank = self._rank(before[-length:])
            if rank is None:
                break
            low, high = np.searchsorted(order.keys, (rank * size, (rank + 1) * size))
            chances *= order.rest[rank]
            chances[order.keys[low:high] % size] += order.share[low:high]
        return chances

    def _rank(self, words: list[int]) -> int | None:
        rank = words[0]
        for word, order in zip(words[1:], self._orders, strict=False):
            ranks, seen = order.find(np.array([rank * len(self._unigram) + word]))
            if not seen[0]:
                return None
            rank = int(ranks[0])
        return rank

    def _chances(self, row: Stream) -> np.ndarray:
        """[P] probability of the word at each position of a stream; meaningless at <bos>."""
        chances = self._unigram[row.ids]
        ranks = row.ids
        for length, order in enumerate(self._orders, start=2):
            ends = row.ends(length)
            ends = ends[ranks[ends - 1] >= 0]
            if not len(ends):
                break
            history = ranks[ends - 1]
            found, seen = order.find(history * len(self._unigram) + row.ids[ends])
            chances[ends] = np.where(seen, order.share[found], 0.0) + (
                order.rest[history] * chances[ends]
            )
            ranks = np.full(len(row.ids), -1, dtype=np.int64)
            ranks[ends[seen]] = found[seen]
        return chances


def _unigram(adjusted: np.ndarray) -> np.ndarray:
    """[V] lowest-order probabilities, mixed with the uniform distribution."""
    counts = adjusted.astype(np.float64)
    taken = discounts(adjusted)[np.minimum(adjusted, 3)]
    chances = (counts - taken + taken.sum() / (len(counts) - 2)) / counts.sum()
    chances[[PAD, BOS]] = 0.0
    return chances


def _estimate(level: Level, adjusted: np.ndarray, vocabulary_size: int, histories: int) -> _Order:
    history = level.keys // vocabulary_size
    taken = discounts(adjusted)[np.minimum(adjusted, 3)]
    total = np.bincount(history, weights=adjusted, minlength=histories)
    freed = np.bincount(history, weights=taken, minlength=histories)
    followed = total > 0  # an n-gram that only ever ends in <eos> is no history
    return _Order(
        keys=level.keys,
        share=(adjusted - taken) / total[history],
        rest=np.divide(freed, total, out=np.ones(histories), where=followed),
    )
