"""Scene pairs: labels follow from meaning, and the hypothesis alone tells nothing of them."""

from __future__ import annotations

import re
from collections import Counter

import numpy as np
import pytest

from arae.corpora.scene_pairs import (
    DRAW,
    LABELS,
    MAX_LENGTH,
    _hypothesis,
    _until_sayable,
    draw_pairs,
    label_of,
    slots,
)
from arae.corpora.scene_pairs_source import ScenePairsSource
from arae.corpora.scene_speech import say
from arae.corpora.sources import parse_source
from arae.corpora.taxonomy import Node
from arae.foundation.errors import SettingsError
from arae.foundation.settings import parse_settings


@pytest.fixture(scope="module")
def drawn() -> list[tuple[str, str, str]]:
    return list(draw_pairs(12_000, [7, 0]))


def leaves(node: Node) -> set[tuple[str, ...]]:
    return {below.names for below in node.everything() if not below.children}


@pytest.mark.parametrize("label", LABELS)
def test_every_way_of_drawing_gives_the_label_that_the_sets_of_worlds_give(label):
    uniform = np.random.default_rng(3).random
    for _ in range(300):
        hypothesis, _ = _until_sayable(_hypothesis, uniform)
        premise = DRAW[label](hypothesis, uniform)
        assert label_of(premise, hypothesis) == label
        # A world gives each slot one leaf: worlds of a sentence are a product of sets of leaves.
        sides = [(leaves(premise[name]), leaves(hypothesis[name])) for name in slots()]
        possible = all(told & asked for told, asked in sides)
        certain = all(told <= asked for told, asked in sides)
        # A node with one child only means more than it, which sets of leaves do not show.
        if label == "contradiction":
            assert not possible
        else:
            assert possible and (certain or label == "neutral")


def test_the_hypothesis_tells_nothing_of_the_label(drawn):
    train, test = drawn[:8000], drawn[8000:]
    words: dict[str, Counter] = {label: Counter() for label in LABELS}
    for _, hypothesis, label in train:
        words[label].update(set(hypothesis.split()))
    sizes = {label: sum(1 for *_, found in train if found == label) for label in LABELS}

    def guess(sentence: str) -> str:
        return max(
            LABELS,
            key=lambda label: sum(
                np.log((words[label][word] + 1) / (sizes[label] + 2)) for word in sentence.split()
            ),
        )

    right = np.mean([guess(hypothesis) == label for _, hypothesis, label in test])
    assert abs(right - 1 / 3) < 4 * np.sqrt(2 / 9 / len(test))
    counts = Counter(label for *_, label in drawn)
    assert all(abs(counts[label] / len(drawn) - 1 / 3) < 0.02 for label in LABELS)
    by_length = {
        label: np.mean([len(asked.split()) for _, asked, found in drawn if found == label])
        for label in LABELS
    }
    assert max(by_length.values()) - min(by_length.values()) < 0.2


def test_sentences_are_short_different_and_well_formed(drawn):
    for premise, hypothesis, _ in drawn:
        assert premise != hypothesis
        for sentence in (premise, hypothesis):
            assert 2 <= len(sentence.split()) <= MAX_LENGTH
            assert re.fullmatch(r"[a-z]+( [a-z]+)*", sentence), sentence
            assert not re.search(r"\ba [aeiou]|\ban [^aeiou]", sentence), sentence
            assert not re.search(r"\b(a|one|is) (\w+ )?(men|people)\b", sentence), sentence
    assert 200 < len({word for pair in drawn for side in pair[:2] for word in side.split()}) < 400


def find(name: str, path: str) -> Node:
    wanted = tuple(path.split("/")) if path else ()
    return next(node for node in slots()[name].tree.everything() if plain(node) == wanted)


def plain(node: Node) -> tuple[str, ...]:
    return tuple(name.partition(":")[0].strip("@=+") for name in node.names)


def scene(**told: str) -> dict[str, Node]:
    return {name: find(name, told.get(name, "")) for name in slots()}


WOMAN = {"number": "single", "person": "person/adult/woman"}
EATS = {**WOMAN, "activity": "eat/food/fruit/banana"}


@pytest.mark.parametrize(
    ("premise", "hypothesis", "label"),
    [
        (EATS, {**EATS, "person": "person"}, "entailment"),
        (EATS, {**EATS, "activity": "eat/food/fruit"}, "entailment"),
        ({**EATS, "place": "inside/in-kitchen"}, EATS, "entailment"),
        ({**EATS, "place": "inside/in-kitchen"}, {**EATS, "place": "inside"}, "entailment"),
        (EATS, {**EATS, "place": "inside"}, "neutral"),
        (EATS, {**EATS, "mood": "happy"}, "neutral"),
        ({**EATS, "garment": "shirt"}, {**EATS, "garment": "shirt/red"}, "neutral"),
        (EATS, {**EATS, "activity": "eat/food/pizza"}, "contradiction"),
        (EATS, {**EATS, "number": "plural/two"}, "contradiction"),
        ({**EATS, "place": "inside"}, {**EATS, "place": "outside/in-park"}, "contradiction"),
        ({**EATS, "place": "inside"}, {**EATS, "mood": "tired"}, "neutral"),
    ],
)
def test_labels_of_known_pairs(premise, hypothesis, label):
    assert label_of(scene(**premise), scene(**hypothesis)) == label


def test_scenes_in_words():
    told = scene(**EATS, mood="happy", garment="shirt/red", place="inside/in-kitchen", time="dawn")
    words = " ".join(say(told, lambda: 0.0))
    assert words == "a happy woman in a red shirt is eating a banana in a kitchen at dawn"
    fruit = scene(number="plural/two", person="person", activity="eat/food/fruit")
    assert " ".join(say(fruit, lambda: 0.0)) == "two people are eating fruit"
    held = scene(number="plural", person="person/child", activity="hold")
    assert " ".join(say(held, lambda: 0.99)) == "children hold something"


def test_files_hold_pairs_on_consecutive_lines(tmp_path):
    values = {"kind": "scene_pairs", "seed": 5, "pairs": {"train": 30, "valid": 20, "test": 10}}
    source = parse_source(values)
    facts = source.write(tmp_path / "one")
    source.write(tmp_path / "two")
    assert facts == {"sentences": {"train": 60, "valid": 40, "test": 20}}
    for split, count in facts["sentences"].items():
        text, labels = f"{split}.txt", f"{split}.labels.txt"
        assert {text, labels} <= set(source.outputs())
        lines = (tmp_path / "one" / text).read_text().splitlines()
        marks = (tmp_path / "one" / labels).read_text().splitlines()
        assert len(lines) == len(marks) == count
        assert marks[0::2] == marks[1::2] and set(marks) <= set(LABELS)
        assert (tmp_path / "two" / text).read_text().splitlines() == lines
    train = (tmp_path / "one/train.txt").read_text()
    assert not train.startswith((tmp_path / "one/valid.txt").read_text())
    first = next(draw_pairs(1, [5, 0]))
    assert tuple(train.splitlines()[:2]) == first[:2]


@pytest.mark.parametrize(
    ("pairs", "message"),
    [
        ({"train": 5, "valid": 5}, r"pairs\.test: must be given"),
        ({"train": 5, "valid": 5, "test": 0}, r"pairs\.test: must be given, at least 1"),
        ({"train": 5, "valid": 5, "test": 1, "dev": 1}, r"pairs\.dev: unknown split"),
    ],
)
def test_every_split_needs_a_number(pairs, message):
    with pytest.raises(SettingsError, match=message):
        parse_settings(ScenePairsSource, {"pairs": pairs})
