"""Corruptions keep what they promise to keep."""

import numpy as np
import pytest

from arae.text.corruption import adjacent_swaps
from arae.text.encoded import EncodedText
from toy import toy_text


def _swapped(text: EncodedText, count: int, seed: int = 0) -> EncodedText:
    return adjacent_swaps(text, count, np.random.default_rng(seed))


def _one(*words: int) -> EncodedText:
    return EncodedText(np.array(words, dtype=np.int32), np.array([0, len(words)]))


@pytest.mark.parametrize("count", [0, 1, 2, 4, 9])
def test_words_and_lengths_are_kept_and_none_moves_further_than_the_swaps(count: int) -> None:
    sizes = np.random.default_rng(5).integers(1, 12, 200)
    offsets = np.concatenate(([0], np.cumsum(sizes)))
    text = EncodedText(np.concatenate([np.arange(size) for size in sizes]), offsets)
    noised = _swapped(text, count)
    assert np.array_equal(noised.offsets, text.offsets)
    for index in range(len(text)):
        assert sorted(noised[index]) == sorted(text[index])
        assert np.abs(noised[index] - np.arange(sizes[index])).max() <= count
    assert (count == 0) == np.array_equal(noised.ids, text.ids)


def test_the_text_itself_is_left_alone() -> None:
    text = toy_text(50)
    before = text.ids.copy()
    assert not np.array_equal(_swapped(text, 2).ids, before)
    assert np.array_equal(text.ids, before)


def test_a_word_alone_stays_and_two_words_alternate() -> None:
    assert _swapped(_one(7), 3)[0].tolist() == [7]
    assert [_swapped(_one(7, 8), count)[0].tolist() for count in range(4)] == [
        [7, 8],
        [8, 7],
        [7, 8],
        [8, 7],
    ]


def test_one_swap_is_uniform_over_the_places() -> None:
    copies = EncodedText(np.tile(np.arange(4), 9000), np.arange(0, 36001, 4))
    noised = _swapped(copies, 1).ids.reshape(-1, 4)
    kinds, counts = np.unique(noised, axis=0, return_counts=True)
    assert kinds.tolist() == [[0, 1, 3, 2], [0, 2, 1, 3], [1, 0, 2, 3]]
    assert np.abs(counts - 3000).max() < 5 * np.sqrt(9000 * 1 / 3 * 2 / 3)


def test_more_swaps_go_on_where_fewer_stopped() -> None:
    text = toy_text(80)
    three, four = _swapped(text, 3, seed=4), _swapped(text, 4, seed=4)
    differing = [np.flatnonzero(three[i] != four[i]) for i in range(len(text))]
    assert all(len(d) == 0 or (len(d) == 2 and d[1] - d[0] == 1) for d in differing)
    assert any(len(d) for d in differing)
    assert np.array_equal(_swapped(text, 3, seed=4).ids, three.ids)
