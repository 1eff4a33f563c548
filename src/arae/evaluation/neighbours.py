"""Sentences of a text that differ from another one of it by a few words (K15).

A pair at edit distance at most r has lengths that differ by at most r and shares at least
max(length) - r words (with their repetitions), which an index of the words finds without looking
at most pairs; the rest are measured.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from arae.evaluation.edit_distance import edit_distances
from arae.text.encoded import EncodedText

TRIES_PER_ANCHOR = 20


@dataclass(frozen=True)
class Neighbours:
    """Anchors [A] and, for each, some of its neighbours [A, n], all sentence indices of one text."""

    anchors: np.ndarray
    near: np.ndarray
    skipped: int  # sentences drawn as anchors that had too few neighbours


def find_neighbours(
    text: EncodedText, anchors: int, neighbours: int, distance: int, seed: list[int]
) -> Neighbours:
    """Draw `anchors` sentences, and for each `neighbours` others at edit distance 1 … `distance`.

    Sentences are drawn in random order; one with fewer neighbours is skipped and counted, and the
    next takes its place, up to 20 draws per anchor. Fewer anchors than asked for may be found.
    Copies of an anchor (distance 0) are no neighbours of it.
    """
    rng = np.random.default_rng(seed)
    index = _WordIndex(text)
    found: list[int] = []
    near: list[np.ndarray] = []
    tried = rng.permutation(len(text))[: TRIES_PER_ANCHOR * anchors]
    skipped = 0
    for anchor in tried:
        chosen = _near(text, index, int(anchor), neighbours, distance, rng)
        if len(chosen) < neighbours:
            skipped += 1
            continue
        found.append(int(anchor))
        near.append(chosen)
        if len(found) == anchors:
            break
    table = np.array(near, dtype=np.int64).reshape(len(found), neighbours)
    return Neighbours(np.array(found, dtype=np.int64), table, skipped)


def _near(
    text: EncodedText,
    index: _WordIndex,
    anchor: int,
    wanted: int,
    distance: int,
    rng: np.random.Generator,
) -> np.ndarray:
    """At most `wanted` neighbours of one sentence, a random choice among all of them."""
    longest = np.maximum(index.lengths, index.lengths[anchor])
    gap = np.abs(index.lengths - index.lengths[anchor])
    possible = (gap <= distance) & (index.shared(anchor) >= longest - distance)
    possible[anchor] = False
    candidates = rng.permutation(np.flatnonzero(possible))
    chosen = candidates[:0]
    while len(candidates) and len(chosen) < wanted:
        batch, candidates = np.split(candidates, [min(2 * wanted, len(candidates))])
        pairs = np.stack([np.full_like(batch, anchor), batch], axis=1)
        apart = edit_distances(text, text, pairs, distance)
        chosen = np.concatenate([chosen, batch[(apart > 0) & (apart <= distance)]])
    return chosen[:wanted]


class _WordIndex:
    """Which sentences hold the first, second, … occurrence of each word."""

    def __init__(self, text: EncodedText) -> None:
        self.lengths = np.asarray(text.lengths)
        self._offsets = np.asarray(text.offsets)
        sentences = np.repeat(np.arange(len(text)), self.lengths)
        self._keys = _occurrences(np.asarray(text.ids).astype(np.int64), sentences)
        self._holders = sentences[np.argsort(self._keys, kind="stable")]
        self._ends = np.concatenate(([0], np.cumsum(np.bincount(self._keys))))

    def shared(self, sentence: int) -> np.ndarray:
        """Words, counted with repetitions, that each sentence has in common with this one. [N]"""
        count = np.zeros(len(self.lengths), dtype=np.int64)
        for key in self._keys[self._offsets[sentence] : self._offsets[sentence + 1]]:
            count[self._holders[self._ends[key] : self._ends[key + 1]]] += 1
        return count


def _occurrences(ids: np.ndarray, sentences: np.ndarray) -> np.ndarray:
    """A number for (word, how many times the sentence had it before), equal for equal pairs. [tokens]"""
    order = np.lexsort((ids, sentences))
    first = np.ones(len(ids), dtype=bool)
    first[1:] = (np.diff(ids[order]) != 0) | (np.diff(sentences[order]) != 0)
    starts = np.flatnonzero(first)
    before = np.empty(len(ids), dtype=np.int64)
    before[order] = np.arange(len(ids)) - starts[np.cumsum(first) - 1]
    _, keys = np.unique(ids * (before.max() + 1) + before, return_inverse=True)
    return keys
