"""The source `snli_pairs`: users' jsonl files of labelled pairs."""

from __future__ import annotations

import json
import lzma

import pytest

from arae.corpora.sources import parse_source
from arae.foundation.errors import DataError, SettingsError


def line(label: str = "neutral", premise: object = "A dog runs.", hypothesis: object = "It is red"):
    return json.dumps({"gold_label": label, "sentence1": premise, "sentence2": hypothesis})


GOOD = [line("entailment"), line("-"), line("contradiction", " Two  dogs\n", "One\tcat")]


def source_of(folder, train: list[str]):
    for split, lines in (("train", train), ("dev", GOOD), ("test", GOOD)):
        content = "".join(f"{text}\n" for text in lines).encode()
        (folder / f"{split}.jsonl.xz").write_bytes(lzma.compress(content))
    names = {"train": "train", "valid": "dev", "test": "test"}
    files = {split: str(folder / f"{name}.jsonl.xz") for split, name in names.items()}
    return parse_source({"kind": "snli_pairs", "files": files})


def test_pairs_without_a_label_are_dropped_and_counted(tmp_path):
    source = source_of(tmp_path, GOOD)
    facts = source.write(tmp_path / "raw")
    assert facts["sentences"] == {"train": 4, "valid": 4, "test": 4}
    assert facts["pairs_without_label"] == {"train": 1, "valid": 1, "test": 1}
    text = (tmp_path / "raw/train.txt").read_text()
    assert text == "A dog runs.\nIt is red\nTwo dogs\nOne cat\n"
    labels = (tmp_path / "raw/train.labels.txt").read_text()
    assert labels == "entailment\nentailment\ncontradiction\ncontradiction\n"
    assert set(source.outputs()) >= {"train.txt", "train.labels.txt", "test.labels.txt"}
    assert [path.name for path in source.inputs()] == [
        "train.jsonl.xz",
        "dev.jsonl.xz",
        "test.jsonl.xz",
    ]


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (line("maybe"), r"train\.jsonl\.xz: line 2: gold_label 'maybe' is none of"),
        ("{", r"line 2: not a pair"),
        ("[1]", r"line 2: not a pair"),
        ('{"gold_label": "neutral", "sentence1": "x"}', r"line 2: not a pair"),
        (line(premise=""), r"line 2: sentence1 is not a sentence: ''"),
        (line(hypothesis=7), r"line 2: sentence2 is not a sentence: 7"),
        (line("Neutral"), r"line 2: gold_label 'Neutral'"),
        ("", r"line 2: not a pair"),
    ],
)
def test_a_bad_line_is_named_and_leaves_nothing(tmp_path, bad, message):
    source = source_of(tmp_path, [GOOD[0], bad])
    with pytest.raises(DataError, match=message):
        source.write(tmp_path / "raw")
    assert list((tmp_path / "raw").iterdir()) == []


def test_a_file_without_any_labelled_pair_is_refused(tmp_path):
    with pytest.raises(DataError, match="gave no sentence"):
        source_of(tmp_path, [line("-")]).write(tmp_path / "raw")


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"train": "x", "valid": "y"}, r"files\.test: missing"),
        ({"train": "x", "valid": "y", "test": "z", "dev": "q"}, r"files\.dev: unknown split"),
    ],
)
def test_every_split_needs_a_file(files, message):
    with pytest.raises(SettingsError, match=message):
        parse_source({"kind": "snli_pairs", "files": files})
