"""Trees of meaning: order, exclusion, and drawing by Zipf's law."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from arae.corpora.taxonomy import Node, parse_tree

TREE = """
thing
    fruit
        banana apple
    stone
idea
"""


def node(root: Node, name: str) -> Node:
    return next(found for found in root.everything() if found.names and found.name == name)


def test_what_falls_under_what():
    root = parse_tree(TREE)
    banana, fruit, stone = (node(root, name) for name in ("banana", "fruit", "stone"))
    assert banana.names == ("thing", "fruit", "banana")
    assert banana.under(fruit) and banana.under(root) and banana.under(banana)
    assert not fruit.under(banana)
    assert banana.excludes(stone) and stone.excludes(banana)
    assert not banana.excludes(fruit) and not root.excludes(banana)
    assert [above.names[-1:] for above in banana.path()] == [
        ("banana",),
        ("fruit",),
        ("thing",),
        (),
    ]


def test_meanings_are_sets_of_leaves():
    root = parse_tree(TREE)
    leaves = {n: {x.names for x in n.everything() if not x.children} for n in root.everything()}
    for one in root.everything():
        for other in root.everything():
            assert one.excludes(other) == (not leaves[one] & leaves[other])
            assert one.under(other) <= (leaves[one] <= leaves[other])
        others = (other for other in root.everything() if other is not one)
        assert one.contested == any(one.excludes(other) for other in others)


def test_subtrees_are_copied_with_a_mark():
    root = parse_tree("eat @food\ncook @food", {"food": parse_tree("meal\n    pizza soup")})
    names = [found.names for found in root.everything()]
    assert ("eat", "@meal", "@pizza") in names and ("cook", "@meal", "@soup") in names


def test_children_are_drawn_by_rank_and_staying_by_its_chance():
    root = parse_tree("a b c\n    d")
    uniform = np.random.default_rng(1).random
    seen = Counter(root.descend(0.0, uniform).name for _ in range(30_000))
    wanted = np.array([1 / 3, 1 / 4, 1 / 5])
    wanted /= wanted.sum()
    shares = np.array([seen[name] for name in ("a", "b", "d")]) / 30_000
    np.testing.assert_allclose(shares, wanted, atol=0.01)
    stayed = np.mean([root.descend(0.3, uniform) is root for _ in range(30_000)])
    assert stayed == pytest.approx(0.3, abs=0.01)


@pytest.mark.parametrize("text", ["a\n        b", "a b @c", "a a"])
def test_a_malformed_tree_is_refused(text):
    with pytest.raises(ValueError, match=r"not a line of a tree|listed twice"):
        parse_tree(text, {"c": parse_tree("x")})
