"""The verbs fetch, tokenize, vocabulary and encode through the command line."""

from __future__ import annotations

import json

import pytest

from arae.cli import main
from arae.foundation.provenance import verify_chain
from arae.text.encoded import EncodedText
from arae.text.vocabulary import Vocabulary

SCENES = {"kind": "scenes", "sentences": {"train": 400, "valid": 50, "test": 60}}


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def verb(name, **options):
    """Run one verb; returns its exit code."""
    words = [word for key, value in options.items() for word in (f"--{key}", str(value))]
    return main([name, *words])


def run_all(source, tokens=None, size=5000):
    """Run the four verbs; returns their exit codes."""
    raw, out = "data/raw/c", "data/processed/c"
    texts, types = f"{out}/tokens", f"{out}/vocabulary.txt"
    sizes = json.dumps({"size": size})
    bounds = json.dumps({"unknown": 1.0, "shared": 1.0})  # of so few sentences
    return [
        verb("fetch", settings=json.dumps(source), out=raw),
        verb("tokenize", input=raw, settings=json.dumps(tokens or {}), bounds=bounds, out=texts),
        verb("vocabulary", input=f"{texts}/train.txt", settings=sizes, out=types),
        verb("encode", input=texts, vocabulary=types, bounds=bounds, out=f"{out}/ids"),
    ]


def test_from_grammar_to_ids_with_a_whole_chain(tmp_path):
    assert run_all(SCENES) == [0, 0, 0, 0]
    processed = tmp_path / "data/processed/c"
    check = verify_chain([f"data/processed/c/ids/{name}" for name in ("test.npy", "report.json")])
    assert check.faults == []
    assert {"data/raw/c/train.txt", "data/processed/c/vocabulary.txt"} <= set(check.files)
    vocabulary = Vocabulary.load(processed / "vocabulary.txt")
    encoded = EncodedText.open(processed / "ids", "train")
    lines = (tmp_path / "data/raw/c/train.txt").read_text().splitlines()
    assert [" ".join(vocabulary.decode(encoded[i])) for i in range(len(encoded))] == lines
    report = json.loads((processed / "tokens/report.json").read_text())
    assert {split: counts["kept"] for split, counts in report["splits"].items()} == {
        **SCENES["sentences"]
    }


def test_unknown_share_is_reported(tmp_path):
    for split, text in {"train": "a a b\n", "valid": "a z\n", "test": "z z z b\n"}.items():
        (tmp_path / f"{split}.txt").write_text(text)
    files = {split: f"{split}.txt" for split in ("train", "valid", "test")}
    assert run_all({"kind": "files", "files": files}, size=1) == [0, 0, 0, 0]
    report = json.loads((tmp_path / "data/processed/c/ids/report.json").read_text())
    assert [report[split]["unknown_share"] for split in files] == [1 / 3, 1 / 2, 1.0]


def test_labels_go_along_and_old_ones_do_not_linger(tmp_path, capsys):
    for name, text in {"good": "nice\n\nvery nice\n", "bad": "a b c d\nawful\n"}.items():
        (tmp_path / name).write_text(text)
    labelled = {s: {"good": "good", "bad": "bad"} for s in ("train", "valid", "test")}
    assert run_all({"kind": "files", "files": labelled}, {"max_length": 3}) == [0, 0, 0, 0]
    tokens = tmp_path / "data/processed/c/tokens"
    assert (tokens / "test.txt").read_text() == "awful\nnice\nvery nice\n"
    assert (tokens / "test.labels.txt").read_text() == "bad\ngood\ngood\n"
    assert "100.0% of the sentences of test are also in train" in capsys.readouterr().err
    plain = {split: "good" for split in labelled}
    assert run_all({"kind": "files", "files": plain}) == [0, 0, 0, 0]
    assert not list(tmp_path.glob("data/**/*.labels.txt"))


def test_errors_are_one_line_with_their_code(tmp_path, capsys):
    (tmp_path / "bad; 'file'").write_bytes(b"ok\n\xff\n")
    files = {split: "bad; 'file'" for split in ("train", "valid", "test")}
    assert run_all({"kind": "files", "files": files}) == [3, 3, 3, 3]
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 4 and all(line.startswith("arae: error: ") for line in lines)
    assert "bad; 'file': line 2: not UTF-8" in lines[0]
    assert "make it with `arae fetch`" in lines[1]
    missing = {split: "nowhere" for split in files}
    assert run_all({"kind": "files", "files": missing})[0] == 3
    assert "nowhere: not found" in capsys.readouterr().err
    assert run_all({"kind": "scene"})[0] == 2
    assert "did you mean 'scenes'" in capsys.readouterr().err


def test_text_without_spaces_gets_a_hint_and_characters(tmp_path, capsys):
    for split in ("train", "valid", "test"):
        (tmp_path / split).write_text("我喜欢红色的车\n你呢？\n他也喜欢\n")
    source = {"kind": "files", "files": {s: s for s in ("train", "valid", "test")}}
    assert run_all(source) == [0, 0, 0, 0]
    assert "hint: whitespace gives one token a line" in capsys.readouterr().err
    assert run_all(source, {"tokenizer": "characters"}) == [0, 0, 0, 0]
    assert "hint" not in capsys.readouterr().err
    written = (tmp_path / "data/processed/c/tokens/train.txt").read_text()
    assert written.splitlines()[1] == "你 呢 ？"
