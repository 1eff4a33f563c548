"""Labels beside encoded text."""

from pathlib import Path

import numpy as np
import pytest

from arae.cli import main
from arae.foundation.errors import DataError
from arae.nn.batch import TextStore
from arae.text.encoded import EncodedText
from arae.text.labels import encode_labels

TEXT = {"train": "a b\nb\nc a b\n", "valid": "a\nb b\n", "test": "c\n"}
LABELS = {"train": "warm\ncold\nwarm\n", "valid": "cold\nwarm\n", "test": "warm\n"}


@pytest.fixture
def tokens(tmp_path: Path) -> Path:
    for split, text in TEXT.items():
        (tmp_path / f"{split}.txt").write_text(text)
        (tmp_path / f"{split}.labels.txt").write_text(LABELS[split])
    (tmp_path / "vocabulary.txt").write_text("<pad>\n<bos>\n<eos>\n<unk>\na\nb\nc\n")
    return tmp_path


def encode(tokens: Path) -> int:
    words = str(tokens / "vocabulary.txt")
    out = str(tokens / "ids")
    return main(["encode", "--input", str(tokens), "--vocabulary", words, "--out", out])


def test_labels_travel_with_their_sentences(tokens: Path) -> None:
    assert encode(tokens) == 0
    text = EncodedText.open(tokens / "ids", "train")
    assert text.label_names == ("cold", "warm")
    assert text.labels is not None and text.labels.tolist() == [1, 0, 1]
    batch = TextStore(text).batch(np.array([1, 2]))  # rows by falling length: sentence 2 first
    assert batch.labels is not None and batch.labels.tolist() == [1, 0]
    assert batch.restore(batch.labels).tolist() == [0, 1]


def test_a_label_that_training_never_sees_is_named(
    tokens: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tokens / "test.labels.txt").write_text("tepid\n")
    assert encode(tokens) != 0
    assert "test.labels.txt:1: the label 'tepid'" in capsys.readouterr().err
    assert not (tokens / "ids" / "provenance.json").exists()


def test_a_missing_label_file_is_named(tokens: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tokens / "valid.labels.txt").unlink()
    assert encode(tokens) != 0
    assert "valid.labels.txt: missing" in capsys.readouterr().err


def test_labels_of_another_text_are_refused(tokens: Path) -> None:
    assert encode(tokens) == 0
    shorter = {split: tokens / f"{split}.labels.txt" for split in TEXT}
    shorter["train"].write_text("warm\ncold\n")
    encode_labels(shorter, tokens / "ids")
    with pytest.raises(DataError, match="do not fit the sentences"):
        EncodedText.open(tokens / "ids", "train")
