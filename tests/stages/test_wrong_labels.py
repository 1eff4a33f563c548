"""Labelled files of a user that cannot be used: one clear line from the stage that can tell."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from arae.cli import main

SPLITS = ("train", "valid", "test")
RECIPE = {
    "system": "arae_transfer",
    "corpus": "mine",
    "epochs": 1,
    "batch_size": 4,
    "max_length": 8,
    "encoder": {"embedding": 4, "hidden": 6},
    "decoder": {"embedding": 4, "hidden": 6},
    "latent": 6,
    "generator": {"noise": 4, "hidden": [6]},
    "critic": {"hidden": [6], "steps": 1},
    "selection": {"by": "valid_loss"},
}


@pytest.fixture
def given(tmp_path, monkeypatch) -> dict[str, dict[str, str]]:
    """A file for every split and label, and the source's settings that name them."""
    monkeypatch.chdir(tmp_path)
    files = {split: {label: f"{split}.{label}" for label in ("bad", "good")} for split in SPLITS}
    for split in SPLITS:
        for label, path in files[split].items():
            Path(path).write_text(f"a {label} day\na very {label} day\n" * 5)
    return files


def fetch(files) -> int:
    settings = json.dumps({"kind": "files", "files": files})
    return main(["fetch", "--settings", settings, "--out", "raw"])


def tokenize() -> int:
    bounds = ["--bounds", '{"shared": 1.0}']  # the same few sentences in every split
    return main(["tokenize", "--input", "raw", "--settings", "{}", *bounds, "--out", "tokens"])


def encode() -> int:
    words = ["vocabulary", "--input", "tokens/train.txt", "--settings", '{"size": 99}']
    if status := main([*words, "--out", "words.txt"]):
        return status
    return main(["encode", "--input", "tokens", "--vocabulary", "words.txt", "--out", "ids"])


def train() -> int:
    words = ["train", "--ids", "ids", "--vocabulary", "words.txt", "--out", "model"]
    return main([*words, "--settings", json.dumps(RECIPE)])


def transfer() -> int:
    words = ["transfer-split", "--ids", "ids", "--tokens", "tokens", "--settings", '{"count": 20}']
    return main([*words, "--out", "copies/seed-1.txt"])


def complaint(capsys) -> str:
    last = capsys.readouterr().err.splitlines()[-1]
    assert last.startswith("arae: error: ")
    return last


def test_good_labels_come_through_every_stage(given):
    assert (fetch(given), tokenize(), encode(), train(), transfer()) == (0, 0, 0, 0, 0)
    copied = [json.loads(line) for line in Path("copies/seed-1.jsonl").read_text().splitlines()]
    assert len(copied) == 20 and {row["target"] for row in copied} == {"bad", "good"}
    assert all(row["source"] in row["output"].split() for row in copied)


def test_a_missing_file_of_one_label(given, capsys):
    Path("valid.good").unlink()
    assert fetch(given) == 3
    assert "valid.good: not found; correct its path" in complaint(capsys)
    assert not Path("raw").exists()


def test_an_empty_file_of_one_label(given, capsys):
    Path("test.good").write_text("")
    assert fetch(given) == 3
    assert "test.good: the file is empty" in complaint(capsys)
    assert not Path("raw/provenance.json").exists()


def test_a_label_that_only_some_splits_have(given, capsys):
    given["test"]["mild"] = given["test"].pop("good")
    assert fetch(given) == 2
    assert "give every split the same labels, or none of them any" in complaint(capsys)


def test_labels_lost_on_the_way(given, capsys):
    assert fetch(given) == 0
    Path("raw/valid.labels.txt").unlink()
    assert tokenize() == 3
    assert "raw/valid.labels.txt: not found; make it with `arae fetch`" in complaint(capsys)
    assert not Path("tokens/provenance.json").exists()


def test_empty_labels(given, capsys):
    assert fetch(given) == 0
    Path("raw/valid.labels.txt").write_text("")
    assert tokenize() == 3
    assert "raw/valid.labels.txt: the file is empty" in complaint(capsys)


def test_a_class_that_training_never_saw(given, capsys):
    assert (fetch(given), tokenize()) == (0, 0)
    Path("tokens/test.labels.txt").write_text("bad\n" * 19 + "mild\n")
    assert encode() == 3
    assert "tokens/test.labels.txt:20: the label 'mild' does not occur" in complaint(capsys)
    assert not Path("ids/provenance.json").exists()


@pytest.mark.parametrize("labels", [("bad",), ()])
def test_nothing_to_transfer_to(given, capsys, labels):
    kept = {s: {k: given[s][k] for k in labels} or given[s]["bad"] for s in SPLITS}
    assert (fetch(kept), tokenize(), encode()) == (0, 0, 0)
    assert train() == 2
    said = complaint(capsys)
    assert "'arae_transfer' needs a corpus with at least two labels, and 'mine' has" in said
    assert not Path("model").exists()
    assert transfer() == 3
    assert "ids: has no labels to transfer between" in complaint(capsys)
    assert not Path("copies").exists()
