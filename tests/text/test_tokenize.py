"""Tokenisation: token boundaries, dropped sentences, counts, any number of processes."""

from __future__ import annotations

import random
import unicodedata

import pytest
import spacy

from arae.foundation.errors import AraeError, DataError, SettingsError
from arae.foundation.settings import parse_settings
from arae.text import tokenize
from arae.text.tokenize import FileTokenizer, overlap
from arae.text.tokenizer import Characters, Spacy, TokenSettings, Whitespace, make_tokenizer

SEPARATORS = " \t\x0b\x0c\r\x1c\x1d\x1e\x1f\x85\xa0\u2003\u2028\u2029\u3000"


def tokenized(folder, text, processes=1, labels=None, **settings):
    source, target = folder / "in.txt", folder / "out.txt"
    source.write_bytes(text.encode() if isinstance(text, str) else text)
    with FileTokenizer(TokenSettings(**settings), processes) as tokenizer:
        counts = tokenizer.tokenize(source, target, labels)
    return target.read_bytes().decode(), counts


def test_spacy_splits_as_its_rules_say():
    tokens = make_tokenizer(TokenSettings(tokenizer=Spacy()))
    assert tokens("A dog's owner isn't here, (really)!") == [
        *("a", "dog", "'s", "owner", "is", "n't", "here", ",", "(", "really", ")", "!")
    ]
    kept = make_tokenizer(TokenSettings(tokenizer=Spacy(), lowercase=False))
    assert kept("The U.S. Army") == ["The", "U.S.", "Army"]


@pytest.mark.parametrize("kind", [Spacy(), Whitespace(), Spacy(language="zh")])
def test_no_token_ever_holds_whitespace(kind):
    tokens = make_tokenizer(TokenSettings(tokenizer=kind))
    draw = random.Random(4)
    alphabet = SEPARATORS + "aAé.'n-\u200b\x08\ufeff🙂İ,"
    for _ in range(2000):
        line = "".join(draw.choices(alphabet, k=draw.randrange(30)))
        found = tokens(line)
        assert " ".join(found).split() == found
        assert "".join(found) == "".join(line.split()).lower()


@pytest.mark.parametrize("kind", [Spacy(), Whitespace()])
def test_odd_line_breaks_stay_within_their_sentence(tmp_path, kind):
    text = "one\u2028two\x0bthree\x85four\x1cfive\rsix\r\nseven\n"
    written, counts = tokenized(tmp_path, text, tokenizer=kind)
    assert written == "one two three four five six\nseven\n"
    assert counts.kept == 2


CHINESE = "我喜欢红色的车 , 你呢？"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (CHINESE, [*"我喜欢红色的车▁,▁你呢？"]),
        ("ที่นี่", ["ที่", "นี่"]),
        ("e\u0301a  👨\u200d👩\u200d👧!", ["é", "a", "▁", "👨\u200d👩\u200d👧", "!"]),
        (" \u0301 x", ["\u0301", "▁", "x"]),
        (" \u3000", []),
    ],
)
def test_characters_keep_their_marks_and_are_joined_back(line, expected):
    tokens = make_tokenizer(TokenSettings(tokenizer=Characters()))(line)
    assert tokens == expected
    assert Characters().join(tokens) == unicodedata.normalize("NFC", " ".join(line.split()))


@pytest.mark.parametrize("language", ["en", "de", "fr", "zh"])
def test_spacy_splits_as_the_rules_of_its_language_say(language):
    line = "L'homme n'est  pas z.B. ein Dr. ! 我喜欢红色的车。 don't"
    kind = Spacy(language=language)
    tokens = make_tokenizer(TokenSettings(tokenizer=kind, lowercase=False))(line)
    found = [token.text for token in spacy.blank(language)(" ".join(line.split()))]
    assert tokens == [token for token in found if token.strip()]


def test_a_language_that_spacy_has_not_is_one_message():
    with pytest.raises(SettingsError, match="cannot split 'xx-none'") as caught:
        make_tokenizer(TokenSettings(tokenizer=Spacy(language="xx-none")))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        ("spacy", Spacy()),
        ({"kind": "spacy", "language": "zh"}, Spacy(language="zh")),
        ("characters", Characters()),
        ({}, Whitespace()),
    ],
)
def test_a_tokenizer_is_named_by_its_kind(given, kind):
    values = {"tokenizer": given} if given else {}
    assert parse_settings(TokenSettings, values).tokenizer == kind


def test_long_and_empty_sentences_are_dropped_and_counted(tmp_path):
    text = "A b\n\n a  b c \nA B\na b c d\n\t\nx\n"
    written, counts = tokenized(tmp_path, text, max_length=3)
    assert written == "a b\na b c\na b\nx\n"
    assert counts.report() == {
        "read": 7,
        "kept": 4,
        "dropped_long": 1,
        "dropped_empty": 2,
        "dropped_group": 0,
        "tabs": 1,
        "duplicates": 1,
        "tokens": 8,
        "mean_length": 2.0,
        "longest": 3,
        "longest_read": 4,
    }


def test_overlap_counts_sentences_not_types(tmp_path):
    _, some = tokenized(tmp_path, "a b\nc\na b\nd\n")
    _, others = tokenized(tmp_path, "A  B\nx\n")
    assert overlap(some, others) == 2
    assert overlap(others, some) == 1


@pytest.mark.parametrize("processes", [2, pytest.param(3, marks=pytest.mark.slow)])
def test_output_is_the_same_for_any_number_of_processes(tmp_path, monkeypatch, processes):
    monkeypatch.setattr(tokenize, "BATCH_LINES", 7)
    draw = random.Random(1)
    words = ["The", "dog's", "ball", "isn't", "here", ".", "", "\u2028"]
    lines = [" ".join(draw.choices(words, k=draw.randrange(12))) for _ in range(300)]
    one, counted = tokenized(tmp_path, "\n".join(lines), tokenizer=Spacy(), max_length=8)
    many, counted_too = tokenized(
        tmp_path, "\n".join(lines), processes, tokenizer=Spacy(), max_length=8
    )
    assert many == one
    assert counted_too.report() == counted.report()
    assert counted.dropped_long > 0 and counted.dropped_empty > 0


def test_reading_does_not_run_ahead_of_writing(tmp_path, monkeypatch):
    monkeypatch.setattr(tokenize, "BATCH_LINES", 10)
    read = written = 0

    def lines():
        nonlocal read
        for _ in range(2000):
            read += 1
            yield "a b"

    with FileTokenizer(TokenSettings(), processes=2) as tokenizer:
        for batch in tokenizer._batches(lines()):
            written += len(batch.lines)
            assert read - written <= 10 * 2 * tokenize.BATCHES_AHEAD
    assert written == 2000


def test_a_killed_worker_is_a_plain_error():
    with FileTokenizer(TokenSettings(), processes=2) as tokenizer:
        batches = tokenizer._batches("a b" for _ in range(10**9))
        next(batches)
        for process in list(tokenizer._pool._processes.values()):
            process.kill()
        with pytest.raises(AraeError, match="a tokenizer process was killed"):
            for _ in batches:
                pass


def test_labels_stay_in_step(tmp_path):
    given, kept = tmp_path / "labels.txt", tmp_path / "kept.txt"
    given.write_text("one\ntwo\nthree\nfour\n")
    tokenized(tmp_path, "a\n\nb b b b\nc\n", max_length=3, labels=(given, kept))
    assert kept.read_text() == "one\nfour\n"


@pytest.mark.parametrize(("labels", "relation"), [("one\n", "fewer"), ("1\n2\n3\n", "more")])
def test_labels_out_of_step_are_an_error(tmp_path, labels, relation):
    given, kept = tmp_path / "labels.txt", tmp_path / "kept.txt"
    given.write_text(labels)
    with pytest.raises(DataError, match=f"labels.txt: has {relation} lines than"):
        tokenized(tmp_path, "a\nb\n", labels=(given, kept))
    assert not kept.exists()
    assert not (tmp_path / "out.txt").exists()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"", "the file is empty"),
        (b"a b c d\n\n \n", "none of its 3 lines has 1 to 3 tokens"),
        (b"fine\n\xff\xfe\n", "line 2: not UTF-8"),
        (b"fi\0ne\n", "line 1: holds a NUL byte"),
        (b"x" * 10_000_000, "line 1: longer than 1000000 bytes"),
    ],
)
@pytest.mark.parametrize("processes", [1, 2])
def test_bad_input_leaves_no_output(tmp_path, text, message, processes):
    with pytest.raises(DataError, match=message) as caught:
        tokenized(tmp_path, text, processes, max_length=3)
    assert "in.txt" in str(caught.value)
    assert [path.name for path in tmp_path.iterdir()] == ["in.txt"]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"tokenizer": "spaCy"}, "did you mean 'spacy'"),
        ({"max_lenght": 3}, "did you mean 'max_length'"),
        ({"max_length": 0}, "below its least value 1"),
        ({"lowercase": "yes"}, "lowercase: expected true or false"),
    ],
)
def test_mistakes_in_settings(values, message):
    with pytest.raises(SettingsError, match=message):
        parse_settings(TokenSettings, values)


def test_a_group_is_dropped_whole(tmp_path):
    source, target = tmp_path / "pairs.txt", tmp_path / "kept.txt"
    source.write_text("a b\nc\na b c d\nc\ne\nf\n")
    settings = TokenSettings(max_length=3, group=2)
    with FileTokenizer(settings, 1) as tokenizer:
        counts = tokenizer.tokenize(source, target, None)
    assert target.read_text() == "a b\nc\ne\nf\n"
    assert (counts.dropped_long, counts.dropped_group, counts.kept) == (1, 1, 4)


def test_an_incomplete_group_is_an_error(tmp_path):
    source = tmp_path / "pairs.txt"
    source.write_text("a\nb\nc\n")
    with (
        FileTokenizer(TokenSettings(group=2), 1) as tokenizer,
        pytest.raises(DataError, match="not whole groups of 2"),
    ):
        tokenizer.tokenize(source, tmp_path / "kept.txt", None)
