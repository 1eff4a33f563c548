"""The notation of grammars: features, weights, inflection."""

from __future__ import annotations

import pytest

from arae.corpora.notation import (
    inflected,
    literals,
    merged,
    noun_forms,
    parse_rules,
    used_by,
    verb_forms,
    weights,
    zipf,
)


def test_features_are_bound_all_over_a_rule():
    rules = parse_rules(
        'clause[n]\n    3  noun[n] verb[n,now]\n    1  "there" noun[n]\n',
        {"n": ("s", "p")},
    )
    assert set(rules) == {"clause[s]", "clause[p]"}
    first, second = rules["clause[p]"]
    assert first.parts == ("noun[p]", "verb[p,now]")
    assert first.probability == 0.75
    assert second.parts[0] == '"there"'
    assert literals(rules) == {'"there"': {"there": 1.0}}


def test_a_head_with_two_blocks_is_refused():
    with pytest.raises(ValueError, match=r"clause\[s\] has two blocks"):
        parse_rules("clause[n]\n    1  a\nclause[s]\n    1  b\n", {"n": ("s", "p")})


def test_inflection():
    assert noun_forms("dog box city fox man:men boy")["p"] == [
        *("dogs", "boxes", "cities", "foxes", "men", "boys")
    ]
    forms = verb_forms("walk watch carry dance run:running lie:lying play see")
    assert forms["s"] == ["walks", "watches", "carries", "dances", "runs", "lies", "plays", "sees"]
    assert forms["ing"] == [
        "walking",
        "watching",
        "carrying",
        "dancing",
        "running",
        "lying",
        "playing",
        "seeing",
    ]


def test_zipf_is_a_decreasing_law_in_the_given_order():
    chances = zipf(["b", "a", "c"], (1.0, 2.0))
    assert list(chances) == ["b", "a", "c"]
    assert sum(chances.values()) == pytest.approx(1.0)
    assert chances["b"] / chances["c"] == pytest.approx(5 / 3)
    with pytest.raises(ValueError, match="listed twice: a"):
        zipf(["a", "b", "a"], (1.0, 0.0))


def test_lexicon_helpers():
    forms = inflected("noun", noun_forms("dog cat"), (1.0, 0.0))
    assert forms["noun[p]"] == {"dogs": pytest.approx(2 / 3), "cats": pytest.approx(1 / 3)}
    assert weights("a 3 the 1") == {"a": 0.75, "the": 0.25}
    rules = parse_rules("sentence\n    1  noun[s]\n", {})
    assert set(used_by(rules, forms)) == {"noun[s]"}
    with pytest.raises(ValueError, match=r"given twice: noun\[p\], noun\[s\]"):
        merged([forms, forms])
