"""Edit distances against the textbook recursion, and the neighbour search against all pairs."""

import functools

import numpy as np
import pytest

from arae.evaluation.edit_distance import edit_distances
from arae.evaluation.neighbours import find_neighbours
from arae.text.encoded import EncodedText


def _text(sentences: int, seed: int, words: int = 6, longest: int = 9) -> EncodedText:
    rng = np.random.default_rng(seed)
    lengths = rng.integers(1, longest + 1, sentences)
    offsets = np.concatenate(([0], np.cumsum(lengths)))
    return EncodedText(rng.integers(4, 4 + words, offsets[-1]).astype(np.uint16), offsets)


def _levenshtein(left: list[int], right: list[int]) -> int:
    @functools.cache
    def distance(i: int, j: int) -> int:
        if i == 0 or j == 0:
            return i + j
        same = left[i - 1] == right[j - 1]
        return min(
            distance(i - 1, j - 1) + (not same), distance(i - 1, j) + 1, distance(i, j - 1) + 1
        )

    return distance(len(left), len(right))


def _all_pairs(first: EncodedText, second: EncodedText) -> np.ndarray:
    return np.array(
        [
            [_levenshtein(first[i].tolist(), second[j].tolist()) for j in range(len(second))]
            for i in range(len(first))
        ]
    )


@pytest.mark.parametrize("limit", [0, 1, 2, 5, 20])
@pytest.mark.parametrize("words", [2, 30])
def test_distances_are_those_of_the_full_recursion_up_to_the_limit(limit: int, words: int) -> None:
    first, second = _text(30, 1, words), _text(40, 2, words)
    pairs = np.stack(np.meshgrid(np.arange(30), np.arange(40), indexing="ij"), -1).reshape(-1, 2)
    expected = np.minimum(_all_pairs(first, second).reshape(-1), limit + 1)
    assert np.array_equal(edit_distances(first, second, pairs, limit), expected)


def test_each_kind_of_edit_costs_one() -> None:
    ids = [1, 2, 3, 1, 3, 1, 2, 9, 3, 1, 9, 3, 2, 3, 1]
    text = EncodedText(np.array(ids, dtype=np.int32), np.array([0, 3, 5, 9, 12, 15]))
    pairs = np.array([[0, other] for other in range(5)])
    assert edit_distances(text, text, pairs, 5).tolist() == [0, 1, 1, 1, 2]
    assert edit_distances(text, text, pairs[:0], 5).tolist() == []


def test_neighbours_are_near_others_and_skipped_anchors_have_too_few() -> None:
    text = _text(120, 3, words=8)
    apart = _all_pairs(text, text)
    near = (apart >= 1) & (apart <= 3)
    found = find_neighbours(text, 30, 4, 3, [7])
    assert len(found.anchors) == len(set(found.anchors.tolist())) == 30
    for anchor, row in zip(found.anchors, found.near, strict=True):
        assert len(set(row.tolist())) == 4
        assert near[anchor, row].all()
    everyone = find_neighbours(text, 120, 4, 3, [7])
    assert sorted(everyone.anchors) == np.flatnonzero(near.sum(axis=1) >= 4).tolist()
    assert everyone.skipped == np.sum(near.sum(axis=1) < 4) > 0


def test_the_whole_neighbourhood_is_found_and_drawn_from_evenly() -> None:
    text = _text(60, 4, words=5)
    apart = _all_pairs(text, text)
    near = (apart >= 1) & (apart <= 4)
    size = int(near.sum(axis=1).max())
    found = find_neighbours(text, 60, size, 4, [1])
    for anchor, row in zip(found.anchors, found.near, strict=True):
        assert sorted(row) == np.flatnonzero(near[anchor]).tolist()
    anchor = int(found.anchors[0])
    drawn = np.zeros(60)
    for seed in range(200):
        one = find_neighbours(text, 60, 1, 4, [seed])
        drawn[one.near[one.anchors == anchor]] += 1
    assert set(np.flatnonzero(drawn)) <= set(np.flatnonzero(near[anchor]))
    assert np.abs(drawn[near[anchor]] - 200 / size).max() < 5 * np.sqrt(200 / size)


def test_copies_of_a_sentence_are_not_its_neighbours() -> None:
    text = EncodedText(np.array([5, 6, 5, 6, 5, 7], dtype=np.uint16), np.array([0, 2, 4, 6]))
    found = find_neighbours(text, 3, 1, 5, [1])
    rows = {int(a): n.tolist() for a, n in zip(found.anchors, found.near, strict=True)}
    assert rows[0] == rows[1] == [2] and rows[2][0] in (0, 1)


def test_the_search_is_a_function_of_its_seed() -> None:
    text = _text(100, 6)
    one, two = find_neighbours(text, 20, 5, 4, [1, 2]), find_neighbours(text, 20, 5, 4, [1, 2])
    other = find_neighbours(text, 20, 5, 4, [1, 3])
    assert np.array_equal(one.near, two.near) and np.array_equal(one.anchors, two.anchors)
    assert not np.array_equal(one.anchors, other.anchors)
