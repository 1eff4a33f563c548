"""Encoded text: exact round trip, memory map, faults."""

from __future__ import annotations

import numpy as np
import pytest

from arae.foundation.errors import DataError
from arae.text import encoded
from arae.text.encoded import EncodedText
from arae.text.vocabulary import SPECIALS, UNK, Vocabulary

SENTENCES = ["a b", "c", "a a unheard b", "b <unk>"]


@pytest.fixture
def vocabulary():
    return Vocabulary([*SPECIALS, "a", "b", "c"])


@pytest.fixture
def text(tmp_path):
    path = tmp_path / "text.txt"
    path.write_text("".join(f"{sentence}\n" for sentence in SENTENCES))
    return path


@pytest.mark.parametrize("batch", [1, 3, 20_000])
def test_round_trip_through_the_files(tmp_path, vocabulary, text, monkeypatch, batch):
    monkeypatch.setattr(encoded, "BATCH_SENTENCES", batch)
    EncodedText.from_file(text, vocabulary).save(tmp_path / "ids", "train")
    again = EncodedText.open(tmp_path / "ids", "train")
    assert isinstance(again.ids, np.memmap)
    assert again.ids.dtype == np.uint16 and again.offsets.dtype == np.int64
    assert len(again) == 4
    assert again.lengths.tolist() == [2, 1, 4, 2]
    assert [vocabulary.decode(again[i]) for i in range(4)] == [
        *(["a", "b"], ["c"], ["a", "a", "<unk>", "b"], ["b", "<unk>"])
    ]
    assert again[-1].tolist() == [5, UNK]
    assert again.unknown == 2
    with pytest.raises(IndexError):
        again[4]


def test_the_bytes_are_deterministic(tmp_path, vocabulary, text):
    for name in ("one", "two"):
        EncodedText.from_file(text, vocabulary).save(tmp_path / name, "train")
    for file in ("train.npy", "train.offsets.npy"):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()


def test_limit_and_lines_without_words(tmp_path, vocabulary):
    path = tmp_path / "text.txt"
    path.write_text("\na\n \nb\nc\n")
    assert EncodedText.from_file(path, vocabulary).ids.tolist() == [4, 5, 6]
    assert EncodedText.from_file(path, vocabulary, limit=2).ids.tolist() == [4, 5]
    assert len(EncodedText.from_file(path, vocabulary, limit=50)) == 3
    path.write_text("\n\n")
    with pytest.raises(DataError, match="holds no sentence"):
        EncodedText.from_file(path, vocabulary)


def test_missing_damaged_or_mismatched_arrays(tmp_path, vocabulary, text):
    with pytest.raises(DataError, match="arae encode"):
        EncodedText.open(tmp_path, "train")
    EncodedText.from_file(text, vocabulary).save(tmp_path, "train")
    EncodedText.from_file(text, vocabulary, limit=2).save(tmp_path, "valid")
    (tmp_path / "train.offsets.npy").replace(tmp_path / "valid.offsets.npy")
    with pytest.raises(DataError, match="do not fit together"):
        EncodedText.open(tmp_path, "valid")
    whole = (tmp_path / "train.npy").read_bytes()
    for damaged in (whole[:-3], whole[:20], b""):
        (tmp_path / "train.npy").write_bytes(damaged)
        with pytest.raises(DataError, match="not a whole"):
            EncodedText.open(tmp_path, "train")
