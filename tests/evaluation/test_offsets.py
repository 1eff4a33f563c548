"""Offset vectors: on a generator in which they are exact, and against the formula written out."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from arae.evaluation.feature_means import FeatureMeans, feature_means
from arae.evaluation.offsets import (
    OffsetSettings,
    Transform,
    alter,
    apply_transform,
    unigram_precision,
)
from arae.foundation.errors import SettingsError
from arae.foundation.settings import parse_settings

WORDS = {
    "modifier": ("a", "two", "several"),
    "subject": ("man", "dog", "woman"),
    "verb": ("walking", "standing", "sleeping"),
}
VOCABULARY = {word for words in WORDS.values() for word in words}
SIZE = 9


class LinearSpeaker:
    """Noise is one block of three numbers a slot; the greatest number of a block is its word."""

    def noise(self, count, *purpose):
        rng = np.random.default_rng([len(str(purpose)), *map(ord, str(purpose))])
        chosen = rng.integers(0, 3, (count, 3))
        return torch.from_numpy(np.eye(3)[chosen].reshape(count, SIZE)).float()

    def say(self, noise):
        places = noise.view(-1, 3, 3).argmax(dim=2).tolist()
        return [
            [words[place] for words, place in zip(WORDS.values(), row, strict=True)]
            for row in places
        ]

    def sample(self, noise, *purpose):
        return self.say(noise)


class SlotReader:
    name = "slots"

    def __call__(self, tokens):
        return {kind: (word,) for kind, word in zip(WORDS, tokens, strict=True)}


@pytest.fixture(scope="module")
def means():
    return feature_means(LinearSpeaker(), SlotReader(), 3000)


SETTINGS = OffsetSettings(sentences=3000, altered=40, samples=5)


@pytest.mark.parametrize(
    "transform", [f"{kind}:{word}" for kind, words in WORDS.items() for word in words]
)
def test_exact_offsets_always_match_and_change_nothing_else(means, transform):
    chosen = Transform.parse(transform)
    outcome = apply_transform(LinearSpeaker(), SlotReader(), means, chosen, SETTINGS, VOCABULARY)
    assert outcome.problem is None
    assert outcome.altered == 40
    assert outcome.numbers["match"] == 1.0
    assert outcome.numbers["match_before"] == 0.0
    assert outcome.numbers["precision"] == 1.0
    assert outcome.numbers["greedy"] == outcome.numbers["role"] == 1.0
    assert outcome.numbers["precision_unrelated"] < 0.7
    assert len(outcome.examples) == 40
    for before, after in outcome.examples:
        assert chosen.word not in before.split()
        assert chosen.word in after.split()


def test_the_means_are_vectors_and_right(means):
    speaker, reader = LinearSpeaker(), SlotReader()
    noise = speaker.noise(3000, "means", 0)
    sentences = speaker.sample(noise)
    for kind, words in WORDS.items():
        for word in words:
            rows = [row for row, tokens in enumerate(sentences) if word in tokens]
            assert means.count(kind, word) == len(rows)
            expected = noise[rows].double().mean(dim=0)
            assert torch.allclose(means.mean(kind, [word]), expected)
    both = means.mean("verb", ["walking", "standing"])
    assert both.shape == (SIZE,)
    apart = [means.mean("verb", [word]) for word in ("walking", "standing")]
    assert torch.allclose(both, (apart[0] + apart[1]) / 2)
    assert torch.allclose(means.mean("verb", ["walking", "unheard"]), apart[0])
    assert not means.mean("verb", []).any()
    assert means.count("verb", "man") == 0
    own = means.means("verb", [reader(tokens) for tokens in sentences[:7]])
    assert own.shape == (7, SIZE)


def test_means_do_not_depend_on_how_the_sentences_come():
    speaker, reader = LinearSpeaker(), SlotReader()
    noise = speaker.noise(50, "pieces")
    features = [reader(tokens) for tokens in speaker.say(noise)]
    whole, pieces = FeatureMeans(SIZE), FeatureMeans(SIZE)
    whole.add(noise, features)
    for start in range(0, 50, 7):
        pieces.add(noise[start : start + 7], features[start : start + 7])
    for word in WORDS["subject"]:
        assert torch.allclose(whole.mean("subject", [word]), pieces.mean("subject", [word]))


class Stubborn(LinearSpeaker):
    """Says the word of the modifier slot only far out."""

    def say(self, noise):
        tokens = super().say(noise)
        for words, point in zip(tokens, noise, strict=True):
            if words[0] == "two" and point[1] < 2.0:
                words[0] = "a"
        return tokens


def test_every_round_follows_the_formula(means):
    speaker, reader = Stubborn(), SlotReader()
    transform = Transform.parse("modifier:two")
    settings = OffsetSettings(sentences=3000, rounds=3)
    start = torch.tensor([[1.0, 0, 0, 1.0, 0, 0, 1.0, 0, 0]])
    goal, own = means.mean("modifier", ["two"]), means.mean("modifier", ["a"])
    expected = start.double()
    for _ in range(3):
        expected = 0.2 * (start.double() - own) + 0.8 * (expected + goal - own)
    moved = alter(speaker, reader, means, transform, start, settings)
    assert torch.allclose(moved, expected.float(), atol=1e-6)


def test_a_point_rests_once_its_sentence_has_the_word(means):
    speaker, reader = LinearSpeaker(), SlotReader()
    transform = Transform.parse("subject:dog")
    start = speaker.noise(20, "rest")
    few = alter(speaker, reader, means, transform, start, OffsetSettings(rounds=1))
    many = alter(speaker, reader, means, transform, start, OffsetSettings(rounds=10))
    assert torch.equal(few, many)
    kept = [row for row, tokens in enumerate(speaker.say(start)) if "dog" in tokens]
    assert kept
    assert torch.equal(many[kept], start[kept])


def test_what_cannot_be_tried_is_said(means):
    def problem(transform: str, **changes) -> str | None:
        settings = OffsetSettings(sentences=3000, altered=10, **changes)
        chosen = Transform.parse(transform)
        outcome = apply_transform(
            LinearSpeaker(), SlotReader(), means, chosen, settings, VOCABULARY
        )
        assert not outcome.numbers
        return outcome.problem

    assert problem("subject:zebra") == "not in the vocabulary"
    assert problem("verb:man") == "0 of 3,000 sampled sentences have it, 30 are needed"
    assert "of 3,000 sampled sentences have it, 2900 are needed" in str(
        problem("subject:man", fewest=2900)
    )


def test_precision():
    line = ["a", "man", "in", "a", "hat", "is", "walking"]
    assert unigram_precision(line, line, "walking") == 1.0
    assert unigram_precision(line, line, "absent") == 1.0
    assert unigram_precision(["a", "a", "a", "dog"], ["a", "man", "a"], "man") == 0.5
    assert unigram_precision(["dog", "is"], ["a", "man", "is"], "dog") == 1.0
    assert unigram_precision(["dog"], ["a", "man"], "dog") is None
    assert unigram_precision([], ["a"], "dog") is None


@pytest.mark.parametrize("bad", ["adverb:well", "verb:", "walking", "verb:two words"])
def test_a_transform_is_a_kind_and_a_word(bad):
    with pytest.raises(SettingsError, match="transforms"):
        parse_settings(OffsetSettings, {"transforms": [bad]}, "offsets")


def test_a_transform_comes_once():
    with pytest.raises(SettingsError, match="twice"):
        parse_settings(OffsetSettings, {"transforms": ["verb:be", "verb:be"]}, "offsets")
