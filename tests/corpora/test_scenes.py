"""The scenes corpus: its promises about size, perplexity, agreement and exactness."""

from __future__ import annotations

import math
import re
from collections import Counter

import numpy as np
import pytest

from arae.corpora.ambiguity import find_ambiguity
from arae.corpora.scenes import scenes_grammar
from arae.corpora.scenes_source import ScenesSource
from arae.foundation.errors import SettingsError
from arae.foundation.settings import parse_settings


@pytest.fixture(scope="module")
def drawn() -> list[list[str]]:
    return [line.split() for line in scenes_grammar().sample(40_000, seed=[7, 0])]


def test_no_sentence_has_two_derivations():
    assert find_ambiguity(scenes_grammar()) is None


def test_entropy_agrees_with_monte_carlo(drawn):
    grammar = scenes_grammar()
    surprise = np.array([-grammar.log_probability(sentence) for sentence in drawn])
    assert np.isfinite(surprise).all()
    error = surprise.std() / math.sqrt(len(surprise))
    assert abs(surprise.mean() - grammar.entropy) < 4 * error
    lengths = np.array([len(sentence) for sentence in drawn])
    assert abs(lengths.mean() - grammar.mean_length) < 4 * lengths.std() / math.sqrt(len(lengths))


def test_size_of_the_language(drawn):
    grammar = scenes_grammar()
    seen = Counter(word for sentence in drawn for word in sentence)
    assert len(grammar.types) >= 1000
    assert len(seen) >= 0.99 * len(grammar.types)
    assert grammar.sentence_count > 1e9
    assert 8 <= grammar.mean_length <= 9
    assert 12 <= math.exp(grammar.entropy_per_token) <= 22
    assert max(map(len, drawn)) == grammar.max_length == 15


def test_word_frequencies_are_zipf_like(drawn):
    counts = sorted(Counter(word for s in drawn for word in s).values(), reverse=True)
    ranks = np.arange(10, 801)
    slope, _ = np.polyfit(np.log(ranks), np.log(np.array(counts)[ranks - 1]), 1)
    assert -1.5 < slope < -0.7


def test_words_are_lower_case_and_follow_a_with_a_consonant(drawn):
    for sentence in drawn:
        line = " ".join(sentence)
        assert re.fullmatch(r"[a-z-]+( [a-z-]+)*", line), line
        assert not re.search(r"\ba [aeiou]", line), line


def test_a_content_word_has_one_category():
    categories = Counter(word for words in scenes_grammar().lexicon.values() for word in words)
    assert {word for word, count in categories.items() if count > 1} == {"a", "the"}


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        ("a man is walking", "a man are walking"),
        ("two dogs bark", "two dogs barks"),
        ("three women who hold a ball were sleeping", "three women who holds a ball were sleeping"),
        ("there are two boys on a bench", "there is two boys on a bench"),
        ("a group of men is singing", "a group of men are singing"),
        ("a boy and a girl sit", "a boy and a girl sits"),
        ("a cat is on the red chair".replace("red ", ""), "a cat is on chair"),
        ("the young woman rides a bike", "the young woman eats a bike"),
    ],
)
def test_agreement_and_selection(good, bad):
    grammar = scenes_grammar()
    assert grammar.grammatical(good.split())
    assert not grammar.grammatical(bad.split())
    assert grammar.log_probability(bad.split()) == -math.inf


def test_splits_are_independent_draws(tmp_path):
    values = {"seed": 5, "sentences": {"train": 300, "valid": 300, "test": 200}}
    source = parse_settings(ScenesSource, values)
    facts = source.write(tmp_path / "one")
    source.write(tmp_path / "two")
    texts = {split: (tmp_path / "one" / f"{split}.txt").read_text() for split in facts["sentences"]}
    assert {split: text.count("\n") for split, text in texts.items()} == values["sentences"]
    assert texts["train"] != texts["valid"]
    for split, text in texts.items():
        assert (tmp_path / "two" / f"{split}.txt").read_text() == text
    assert facts["grammar"]["entropy"] == scenes_grammar().entropy


@pytest.mark.parametrize(
    "sentences", [{"train": 5, "valid": 5}, {"train": 0, "valid": 1, "test": 1}]
)
def test_every_split_needs_a_number(sentences):
    with pytest.raises(SettingsError, match=r"sentences\.(test|train)"):
        parse_settings(ScenesSource, {"sentences": sentences})
