"""Listing a grammar's sentences against its own samples, its inside algorithm and its entropy."""

from __future__ import annotations

import itertools
import math
from collections import Counter

import pytest

from arae.corpora.grammar import Grammar
from arae.corpora.notation import literals, parse_rules
from arae.corpora.sources import parse_source
from arae.corpora.support import support
from arae.corpora.tiny import tiny_grammar

# Recursive and ambiguous: "sees men with dogs with men" has several derivations.
RULES = """
sentence
    1  "sees" phrase
    1  "sees" phrase "with" phrase
phrase
    3  noun end
    1  noun "with" phrase
end
    1  -
    1  "today"
"""
NOUNS = {"noun": {"men": 0.75, "dogs": 0.25}}


def recursive(max_length: int) -> Grammar:
    rules = parse_rules(RULES, {})
    return Grammar(rules, {**NOUNS, **literals(rules)}, max_length=max_length)


def test_every_sentence_of_a_recursive_grammar_is_listed_once():
    grammar = recursive(7)
    found = support(grammar)
    words = ["sees", "with", "today", "men", "dogs"]
    strings = itertools.chain.from_iterable(
        itertools.product(words, repeat=length) for length in range(1, 8)
    )
    brute = {
        " ".join(tokens): math.exp(grammar.log_probability(tokens))
        for tokens in strings
        if grammar.grammatical(tokens)
    }
    assert found.keys() == brute.keys()
    assert all(found[line] == pytest.approx(brute[line], rel=1e-12) for line in brute)
    assert list(found.values()) == sorted(found.values(), reverse=True)


def test_too_large_a_language_is_refused():
    with pytest.raises(ValueError, match="more than 5"):
        support(recursive(7), limit=5)


def test_tiny_language():
    grammar = tiny_grammar()
    listed = support(grammar)
    assert len(listed) == 960
    assert {len(line.split()) for line in listed} == {4, 5, 7, 8}
    assert math.fsum(listed.values()) == pytest.approx(1, abs=1e-12)
    entropy = -math.fsum(p * math.log(p) for p in listed.values())
    assert entropy == pytest.approx(grammar.entropy, rel=1e-12)
    drawn = Counter(grammar.sample(20_000, seed=3))
    assert drawn.keys() <= listed.keys()
    for line, chance in itertools.islice(listed.items(), 20):
        error = math.sqrt(chance * (1 - chance) / 20_000)
        assert abs(drawn[line] / 20_000 - chance) < 5 * error


def test_tiny_source_writes_its_splits(tmp_path):
    sentences = {"train": 30, "valid": 10, "test": 10}
    facts = parse_source({"kind": "tiny", "seed": 2, "sentences": sentences}).write(tmp_path)
    lines = (tmp_path / "train.txt").read_text().splitlines()
    assert len(lines) == 30 and all(line in support(tiny_grammar()) for line in lines)
    assert facts["grammar"]["types"] == 27
