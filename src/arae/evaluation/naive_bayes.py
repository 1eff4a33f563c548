"""Naive Bayes on which words a sentence has: how far a label can be guessed from one sentence alone."""

from __future__ import annotations

import numpy as np

from arae.text.encoded import EncodedText


class WordPresence:
    """P(label) Π_w P(w is in the sentence | label), over the words that are there.

    Probabilities are counts with one added for presence and one for absence.
    """

    def __init__(self, text: EncodedText, rows: np.ndarray, labels: np.ndarray) -> None:
        """Learn from sentences `rows` [M] of a text with their labels [M]."""
        classes = int(labels.max()) + 1
        sentences, words = _presence(text, rows)
        self._size = int(words.max()) + 1
        counts = np.zeros((classes, self._size))
        np.add.at(counts, (labels[sentences], words), 1)
        totals = np.bincount(labels, minlength=classes)
        self._prior = np.log((totals + 1) / (totals.sum() + classes))
        self._weights = np.log((counts + 1) / (totals[:, None] + 2))
        self._unseen = -np.log(totals + 2)

    def predict(self, text: EncodedText, rows: np.ndarray) -> np.ndarray:
        """The likeliest label of each sentence [M]."""
        sentences, words = _presence(text, rows)
        known = words < self._size
        scores = np.tile(self._prior, (len(rows), 1))
        np.add.at(scores, sentences[known], self._weights[:, words[known]].T)
        np.add.at(scores, sentences[~known], self._unseen)
        best: np.ndarray = scores.argmax(axis=1)
        return best


def _presence(text: EncodedText, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(place in `rows`, word) of every different word of every sentence."""
    parts = [np.unique(text[row]) for row in rows]
    places = np.repeat(np.arange(len(rows)), [len(part) for part in parts])
    return places, np.concatenate(parts).astype(np.int64)
