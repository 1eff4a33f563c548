"""Features of sentences: exact on scenes, by pattern on hand-made captions, from a parse."""

from __future__ import annotations

import pytest

from arae.corpora.scenes import scenes_grammar
from arae.evaluation.features import (
    KINDS,
    PatternReader,
    ScenesReader,
    SpacyReader,
    feature_reader,
    parsed_features,
    scenes_lexicon,
)
from arae.evaluation.pattern_tagger import PatternTagger
from arae.foundation.errors import SettingsError

# What a caption corpus's vocabulary would say about verbs: their -ing forms.
TYPES = [
    "walking",
    "running",
    "playing",
    "sitting",
    "holding",
    "watching",
    "carrying",
    "lying",
    "making",
    "smiling",
    "waving",
]


@pytest.mark.parametrize(
    ("line", "verb", "subject", "modifiers"),
    [
        ("a man is walking down the street .", "walking", "man", "a"),
        ("two young women sit on a bench .", "sit", "women", "two young"),
        ("several men without shirts are playing football", "playing", "men", "several"),
        ("a dog runs through the grass .", "runs", "dog", "a"),
        ("the boy carries a bucket .", "carries", "boy", "the"),
        ("a man in a red hat watches the game .", "watches", "man", "a"),
        ("a woman who is holding a sign smiles .", "smiles", "woman", "a"),
        ("a man wearing a hat is playing guitar .", "playing", "man", "a"),
        ("there is a girl waving .", "waving", "girl", "a"),
        ("there is a wok on a fire .", "is", "wok", "a"),
        ("they are not running .", "running", "they", "(none)"),
        ("people can make music .", "make", "people", "(none)"),
        ("a young , tall boy holds a dog 's leash .", "holds", "boy", "a young tall"),
        ("a smiling child is in the park", "is", "child", "a smiling"),
        ("a casually dressed woman sits .", "sits", "woman", "a dressed"),
        ("a soccer player has the ball .", "has", "player", "a soccer"),
        ("two guys riding a yellow bike", "riding", "guys", "two"),
        ("running through a field .", "running", "field", None),
        ("a man dressed in black", "dressed", "man", "a"),
        ("a dog .", None, "dog", "a"),
    ],
)
def test_the_pattern_tagger_reads_plain_captions(line, verb, subject, modifiers):
    read = PatternReader(PatternTagger(TYPES))
    found = read(line.split())
    assert found.get("verb", (None,))[0] == verb
    if modifiers is not None:
        assert found.get("subject", (None,))[0] == subject
        assert " ".join(found.get("modifier", ())) == modifiers


def test_an_empty_sentence_has_no_features():
    assert PatternReader(PatternTagger(TYPES))([]) == {}
    assert ScenesReader()([]) == {}


@pytest.mark.parametrize(
    ("lexicon", "least"), [("grammar", {"verb": 1.0, "subject": 1.0}), ("none", {"verb": 0.95})]
)
def test_the_pattern_tagger_agrees_with_the_grammar(lexicon, least):
    grammar = scenes_grammar()
    sentences = [line.split() for line in grammar.sample(1500, seed=[12, 1])]
    exact = ScenesReader()
    tagger = (
        PatternTagger((), scenes_lexicon())
        if lexicon == "grammar"
        else PatternTagger(grammar.types)
    )
    read = PatternReader(tagger)
    for kind in KINDS:
        agreed = sum(read(tokens).get(kind) == exact(tokens).get(kind) for tokens in sentences)
        assert agreed / len(sentences) >= least.get(kind, 0.98), kind


def test_ungrammatical_scenes_are_read_by_pattern():
    tokens = ["a", "man", "man", "is", "walking", "walking", "the", "road"]
    assert not scenes_grammar().grammatical(tokens)
    found = ScenesReader()(tokens)
    assert found["verb"] == ("walking",)
    assert found["subject"] == ("man",)


def test_the_reader_of_a_corpus():
    scenes, files = {"kind": "scenes"}, {"kind": "files"}
    assert "derivation" in feature_reader("auto", "", scenes, TYPES).name
    assert feature_reader("pattern", "", scenes, TYPES).name == "the pattern tagger"
    assert feature_reader("auto", "", files, TYPES).name == "the pattern tagger"


def test_a_spacy_model_that_is_not_installed_is_named():
    with pytest.raises(SettingsError, match=r"no_such_model.*spacy download"):
        SpacyReader("no_such_model")


def test_a_dependency_parse_is_read_as_the_authors_do():
    spacy = pytest.importorskip("spacy")
    from spacy.tokens import Doc

    words = ["two", "tall", "men", "are", "walking", "a", "dog"]
    doc = Doc(
        spacy.blank("en").vocab,
        words=words,
        heads=[2, 2, 4, 4, 4, 6, 4],
        deps=["nummod", "amod", "nsubj", "aux", "ROOT", "det", "dobj"],
        pos=["NUM", "ADJ", "NOUN", "AUX", "VERB", "DET", "NOUN"],
    )
    found = parsed_features(doc)
    assert found == {"verb": ("walking",), "subject": ("men",), "modifier": ("two", "tall")}
