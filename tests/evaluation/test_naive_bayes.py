"""Naive Bayes on the presence of words."""

from __future__ import annotations

import numpy as np

from arae.evaluation.naive_bayes import WordPresence
from arae.text.encoded import EncodedText


def text_of(*sentences: list[int]) -> EncodedText:
    offsets = np.cumsum([0, *map(len, sentences)]).astype(np.int64)
    return EncodedText(np.concatenate(sentences).astype(np.int32), offsets)


def test_scores_by_hand():
    train = text_of([4, 5, 4], [4], [6], [6, 5])
    labels = np.array([0, 0, 1, 1])
    reader = WordPresence(train, np.arange(4), labels)
    test = text_of([4], [6, 6], [5], [9, 6])
    # Of two sentences with label 0, two have word 4, one word 5: (2+1)/(2+2), (1+1)/(2+2).
    expected = np.log(3 / 6) + np.log([3 / 4, 2 / 4, 1 / 4])
    np.testing.assert_allclose(
        reader._prior[0] + reader._weights[0, [4, 5, 6]], expected, rtol=1e-12
    )
    assert list(reader.predict(test, np.arange(4))) == [0, 1, 0, 1]


def test_only_the_rows_asked_for_are_read():
    train = text_of([4], [8], [5], [8])
    reader = WordPresence(train, np.array([0, 2]), np.array([0, 1]))
    test = text_of([5], [7], [4], [7])
    assert list(reader.predict(test, np.array([0, 2]))) == [1, 0]


def test_labels_that_words_do_not_tell_are_guessed_by_their_frequency():
    rng = np.random.default_rng(1)
    train = text_of(*rng.integers(4, 9, (3000, 5)).tolist())
    labels = (rng.random(3000) < 0.3).astype(np.int64)
    reader = WordPresence(train, np.arange(2000), labels[:2000])
    right = (reader.predict(train, np.arange(2000, 3000)) == labels[2000:]).mean()
    assert abs(right - 0.7) < 0.06
