"""Derivation trees: against brute force, and the roles that the scenes grammar gives exactly."""

from __future__ import annotations

import pytest

from arae.corpora.derivation import Node
from arae.corpora.scenes import scenes_grammar
from arae.corpora.scenes_roles import scenes_roles
from tests.corpora.test_grammar import (
    ATTACHMENT_RULES,
    ATTACHMENT_WORDS,
    TINY_RULES,
    TINY_WORDS,
    build,
    derivations,
)


def probability(grammar, node: Node, words) -> float:
    if node.symbol in grammar.lexicon:
        return grammar.lexicon[node.symbol][words[node.begin]]
    parts = tuple(child.symbol for child in node.children)
    (rule,) = [rule for rule in grammar.rules[node.symbol] if rule.parts == parts]
    result = rule.probability
    for child in node.children:
        result *= probability(grammar, child, words)
    return result


@pytest.mark.parametrize(
    ("rules", "words", "longest"),
    [(TINY_RULES, TINY_WORDS, 8), (ATTACHMENT_RULES, ATTACHMENT_WORDS, 9)],
)
def test_the_tree_is_the_likeliest_of_all_derivations(rules, words, longest):
    grammar = build(rules, words, longest)
    best: dict[tuple[str, ...], float] = {}
    for sentence, chance in derivations(grammar, longest):
        best[sentence] = max(chance, best.get(sentence, 0.0))
    assert len(best) > 20
    for sentence, chance in best.items():
        tree = grammar.derivation(sentence)
        assert tree is not None
        assert probability(grammar, tree, sentence) == pytest.approx(chance)
        assert [leaf.begin for leaf in tree.leaves()] == list(range(len(sentence)))


def test_what_the_grammar_cannot_say_has_no_tree():
    grammar = scenes_grammar()
    for line in ["", "a man", "a man is walking walking", "a zeppelin is walking", "man a walks"]:
        assert grammar.derivation(line.split()) is None
        assert scenes_roles(line.split()) is None
    assert grammar.derivation(("a man walks in the park " * 4).split()) is None


@pytest.mark.parametrize(
    ("line", "verb", "subject", "modifiers"),
    [
        ("a man is walking down the road", "walking", "man", "a"),
        ("two young women sleep", "sleep", "women", "two young"),
        ("men are eating pizzas", "eating", "men", ""),
        ("a group of men is walking", "walking", "group", "a"),
        ("a man who is walking sings", "sings", "man", "a"),
        ("a woman in a red shirt is in the park", "is", "woman", "a"),
        ("there is a little boy sitting on the bench", "sitting", "boy", "a little"),
        ("there is a man in the park", "is", "man", "a"),
        ("a man and the woman are singing", "singing", "man", "a"),
        ("several black dogs were barking", "barking", "dogs", "several black"),
    ],
)
def test_roles_of_scenes(line, verb, subject, modifiers):
    tokens = line.split()
    roles = scenes_roles(tokens)
    assert roles is not None
    assert tokens[roles.verb] == verb
    assert tokens[roles.subject] == subject
    assert " ".join(tokens[place] for place in roles.modifiers) == modifiers


def test_every_sentence_of_scenes_has_roles():
    sentences = [line.split() for line in scenes_grammar().sample(2000, seed=[5, 5])]
    for tokens in sentences:
        roles = scenes_roles(tokens)
        assert roles is not None, tokens
        assert roles.subject not in roles.modifiers
        assert roles.verb != roles.subject
