"""What a reader must know of a corpus is kept beside it; beyond a bound the stage stops."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from arae.cli import main
from arae.foundation.doubts import SHOWN_BY
from arae.foundation.files import read_json, read_sealed
from arae.foundation.provenance import verify_chain
from arae.text.bounds import ambiguous_share

SPLITS = ("train", "valid", "test")
SIZE = '{"size": 1000}'
WORDS = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(SHOWN_BY, "shown.txt")
    return tmp_path


def sentences(name: str, count: int) -> list[str]:
    """Different sentences of the same words, other ones for every name."""
    places = [(i * 37 + 11 * ord(name[0]) + 3 * ord(name[1])) % 1000 for i in range(count)]
    digits = [(WORDS[p // 100], WORDS[p // 10 % 10], WORDS[p % 10]) for p in places]
    return [f"{' '.join(words)} {name}" for words in digits]


def made(texts: dict[str, list[str]], **bounds: float) -> tuple[int, list[str]]:
    """(exit code, doubts) of fetching, tokenising and encoding three texts."""
    for split, lines in texts.items():
        Path(f"{split}.own").write_text("".join(f"{line}\n" for line in lines))
    files = {split: f"{split}.own" for split in SPLITS}
    return ran({"kind": "files", "files": files}, bounds)


def ran(source: dict[str, Any], bounds: dict[str, float]) -> tuple[int, list[str]]:
    bounded = ["--bounds", json.dumps(bounds)]
    tokens = '{"max_length": 6}'
    commands = [
        ["fetch", "--settings", json.dumps(source), "--out", "raw"],
        ["tokenize", "--input", "raw", "--settings", tokens, *bounded, "--out", "tokens"],
        [
            "vocabulary",
            "--input",
            "tokens/train.txt",
            "--settings",
            SIZE,
            "--out",
            "vocabulary.txt",
        ],
        ["encode", "--input", "tokens", "--vocabulary", "vocabulary.txt", *bounded, "--out", "ids"],
    ]
    for command in commands:
        code = main(command)
        if code:
            return code, []
    sidecars = [read_sealed(f"{folder}/provenance.json") for folder in ("raw", "tokens", "ids")]
    return 0, [doubt["message"] for record in sidecars for doubt in record["doubts"]]


def plain() -> dict[str, list[str]]:
    return {split: sentences(split, 100 if split == "train" else 20) for split in SPLITS}


def known(texts: dict[str, list[str]]) -> dict[str, list[str]]:
    """The words of each split also in the training text."""
    return {**texts, "train": [*texts["train"], "valid test", "test valid"]}


def test_a_clean_text_has_no_doubts() -> None:
    assert made(known(plain())) == (0, [])
    assert not Path("shown.txt").exists()


def test_dropped_sentences() -> None:
    texts = known(plain())
    texts["test"] += ["a b c d e f g"] * 20
    code, doubts = made(texts)
    assert code == 0
    assert doubts == [
        "50.0% of the sentences of test were dropped (20 of 40 have more than 6 tokens, 0 none)"
    ]
    assert Path("shown.txt").read_text() == f"warning: tokens: {doubts[0]}\n"
    assert made(texts, dropped=0.49)[0] == 3
    texts["test"] += ["a b c d e f g"] * 200
    assert made(texts)[0] == 3  # by the default
    assert made(texts, dropped=1.0)[0] == 0


def test_sentences_in_two_splits(capsys: pytest.CaptureFixture[str]) -> None:
    texts = known(plain())
    texts["test"][:10] = texts["train"][:10]
    assert made(texts)[1] == ["50.0% of the sentences of test are also in train"]
    texts["test"] = texts["train"]
    capsys.readouterr()
    assert made(texts)[0] == 3
    said = capsys.readouterr().err.splitlines()[-1]
    assert "100.0% of the sentences of test are also in train; more than 90%" in said
    assert "or raise bounds.shared" in said


def test_unknown_words(capsys: pytest.CaptureFixture[str]) -> None:
    texts = known(plain())
    texts["valid"] = [line.replace("valid", "new") for line in texts["valid"]]
    assert made(texts)[1] == ["25.0% of the words of valid are not in the vocabulary"]
    texts["valid"] = texts["test"] = ["all is new"]
    assert made(texts, shared=1.0)[0] == 3
    assert "or raise bounds.unknown" in capsys.readouterr().err.splitlines()[-1]


def test_tables_and_texts_without_spaces() -> None:
    texts = known(plain())
    texts["train"] = [f"{line.replace(' ', '-')}\tx" for line in texts["train"]]
    doubts = made(texts, unknown=1.0)[1]
    assert any("102 of 102 lines of train hold a tab" in doubt for doubt in doubts)
    texts["train"] = [line.replace(" ", "") for line in plain()["train"]]
    doubts = made(texts, unknown=1.0)[1]
    assert any("sentences of train have 1.00 tokens on average" in doubt for doubt in doubts)


def test_labels_that_tell_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    texts = known(plain())
    files: dict[str, dict[str, str]] = {}
    for split, lines in texts.items():
        files[split] = {"good": f"{split}.good", "bad": f"{split}.bad"}
        Path(f"{split}.good").write_text("".join(f"{line}\n" for line in lines))
        Path(f"{split}.bad").write_text("".join(f"{line} so\n" for line in lines))
    source = {"kind": "files", "files": files}
    assert ran(source, {}) == (0, [])
    files["train"]["bad"] = "train.good"
    capsys.readouterr()
    assert ran(source, {})[0] == 3
    said = capsys.readouterr().err.splitlines()[-1]
    assert "100.0% of the sentences of train also occur with another label" in said
    code, doubts = ran(source, {"ambiguous": 1.0})
    assert code == 0
    assert "100.0% of the sentences of train also occur with another label" in doubts


def test_of_pairs_it_is_the_pair_that_has_a_label() -> None:
    digests = np.array([1, 2, 1, 3, 1, 2], dtype="<u8")
    labels = ["a", "a", "b", "b", "b", "b"]
    assert ambiguous_share(digests, labels, 2) == pytest.approx(2 / 3)
    assert ambiguous_share(digests[:4], labels[:4], 2) == 0
    assert ambiguous_share(digests[:4], labels[:4], 1) == 0.5


def test_doubts_are_found_again_from_whatever_was_made_of_the_text() -> None:
    texts = known(plain())
    texts["test"][:10] = texts["train"][:10]
    made(texts)
    chain = verify_chain(["ids/test.npy"])
    assert not chain.faults
    found = [doubt for record in chain.records for doubt in record["doubts"]]
    assert {doubt["message"] for doubt in found} == {
        "50.0% of the sentences of test are also in train"
    }
    assert read_json("tokens/report.json")["splits"]["test"]["tabs"] == 0
