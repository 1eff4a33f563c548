"""Scores of interpolation paths."""

from __future__ import annotations

import itertools
import random

import pytest

from arae.evaluation.interpolation import (
    distance_profile,
    edit_distance,
    path_scores,
    quality_scores,
)


def slow_distance(first, second):
    if not first or not second:
        return len(first) + len(second)
    if first[0] == second[0]:
        return slow_distance(first[1:], second[1:])
    return 1 + min(
        slow_distance(first[1:], second),
        slow_distance(first, second[1:]),
        slow_distance(first[1:], second[1:]),
    )


def test_edit_distance_against_the_definition():
    rng = random.Random(4)
    for _ in range(150):
        first, second = (rng.choices("abc", k=rng.randrange(6)) for _ in range(2))
        assert edit_distance(first, second) == slow_distance(first, second)


def test_edit_distance_is_a_metric():
    rng = random.Random(5)
    sentences = [rng.choices("abcd", k=rng.randrange(8)) for _ in range(12)]
    for one, other, third in itertools.product(sentences, repeat=3):
        there = edit_distance(one, other)
        assert there == edit_distance(other, one)
        assert (there == 0) == (one == other)
        assert there <= edit_distance(one, third) + edit_distance(third, other)


def test_scores_of_a_smooth_path_and_of_a_jumpy_one():
    smooth = [line.split() for line in ("a b c", "x b c", "x y c", "x y z")]
    jumpy = [line.split() for line in ("a b c", "p q r s", "a b c", "x y z")]
    ends = (["a", "b", "c"], ["x", "y", "z"])
    alone = path_scores([smooth], [ends])
    assert alone == pytest.approx(
        {
            **{"ends": 1, "rising": 1, "step": 1, "distinct": 4, "largest_step": 1 / 3},
            **{"rising_unrelated": 1, "step_unrelated": 1},  # there is no other path
        }
    )
    assert path_scores([jumpy], [ends]) == pytest.approx(
        {
            **{"ends": 1, "rising": 2 / 3, "step": 11 / 3, "distinct": 3, "largest_step": 4 / 3},
            **{"rising_unrelated": 2 / 3, "step_unrelated": 11 / 3},
        }
    )
    both = path_scores([smooth, jumpy], [ends, (["a", "b", "c"], ["other"])])
    assert both["ends"] == 0.75
    assert both["distinct"] == 3.5


def test_unrelated_paths_lend_each_other_what_is_between():
    near = [line.split() for line in ("a b c", "a b z", "a y z")]
    far = [line.split() for line in ("p q r", "p q s", "p t s")]
    ends = [(near[0], near[-1]), (far[0], far[-1])]
    scores = path_scores([near, far], ends)
    assert (scores["step"], scores["rising"]) == (1, 1)
    assert (scores["step_unrelated"], scores["rising_unrelated"]) == (3, 0.5)


def test_a_path_that_stands_still_has_no_largest_step():
    scores = path_scores([[["a"], ["a"], ["a"]]], [(["a"], ["a"])])
    assert "largest_step" not in scores
    assert (scores["step"], scores["rising"], scores["distinct"]) == (0, 1, 1)


def test_the_profile_is_the_mean_distance_to_the_first_sentence():
    paths = [[["a"], ["a", "b"], ["c", "d"]], [["x"], ["x"], []]]
    assert distance_profile(paths) == [0, 0.5, 1.5]


def test_quality_is_of_the_points_between_and_of_the_ends():
    seen = []

    def perplexity(sentences):
        seen.append(sentences)
        return float(len(sentences))

    paths = [[["a"], ["b"], [], ["c", "c"]], [["d"], ["e"], ["f"], ["g"]]]
    scores = quality_scores(paths, perplexity, lambda tokens: len(tokens) == 1)
    assert seen == [[["a"], ["c", "c"], ["d"], ["g"]], [["b"], ["e"], ["f"]]]
    assert scores == {
        "ends_ppl": 4,
        "between_ppl": 3,
        "ends_grammatical": 0.75,
        "between_grammatical": 0.75,
    }
    assert set(quality_scores(paths, perplexity, None)) == {"ends_ppl", "between_ppl"}
