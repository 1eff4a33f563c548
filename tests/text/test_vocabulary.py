"""The vocabulary: order, specials, the file and its faults."""

from __future__ import annotations

import numpy as np
import pytest

from arae.foundation.errors import DataError, IntegrityError
from arae.foundation.files import sha256_file
from arae.text.vocabulary import SPECIALS, UNK, Vocabulary


def of_text(folder, text, size=100):
    path = folder / "text.txt"
    path.write_text(text)
    return Vocabulary.of_text(path, size)


def test_most_frequent_first_ties_by_the_word(tmp_path):
    vocabulary = of_text(tmp_path, "b a c\nc b d\né e\n", size=4)
    assert vocabulary.types == (*SPECIALS, "b", "c", "a", "d")
    assert vocabulary.encode(["a", "e", "b"]).tolist() == [6, UNK, 4]
    assert vocabulary.decode([6, 3, 4]) == ["a", "<unk>", "b"]


def test_words_spelt_like_specials_are_unknown_and_not_listed_twice(tmp_path):
    vocabulary = of_text(tmp_path, "<unk> <unk> <pad> a <eos> <bos> <bos>\n")
    assert vocabulary.types == (*SPECIALS, "a")
    assert vocabulary.encode(list(SPECIALS)).tolist() == [UNK] * 4
    with pytest.raises(DataError, match="holds no word"):
        of_text(tmp_path, "<unk> <pad>\n")


def test_the_file_is_one_type_a_line_and_reads_back(tmp_path):
    vocabulary = of_text(tmp_path, "naïve ﬁ\u200b 🙂 naïve\n")
    path = tmp_path / "vocabulary.txt"
    vocabulary.save(path)
    lines = path.read_bytes().decode().split("\n")
    assert lines == [*vocabulary.types, ""]
    again = Vocabulary.load(path)
    assert again.types == vocabulary.types
    assert again.sha256 == sha256_file(path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("<pad>\n<bos>\n<eos>\n<unk>\na\nb\na\n", "line 7: 'a' is there twice"),
        ("<pad>\n<bos>\n<eos>\n<unk>\na\n<unk>\n", "line 6: '<unk>' is there twice"),
        ("<pad>\n<eos>\n<bos>\n<unk>\na\n", "does not begin with <pad> <bos> <eos> <unk>"),
        ("", "does not begin with"),
        ("<pad>\n<bos>\n<eos>\n<unk>\na\n\nb\n", "line 6: '' is not one word"),
        ("<pad>\n<bos>\n<eos>\n<unk>\na b\n", "line 5: 'a b' is not one word"),
        ("<pad>\n<bos>\n<eos>\n<unk>\na\r\n", r"line 5: 'a\\r' is not one word"),
        ("<pad>\n<bos>\n<eos>\n<unk>\nhal", "does not end with a whole line"),
    ],
)
def test_a_bad_file_is_refused(tmp_path, text, message):
    path = tmp_path / "vocabulary.txt"
    path.write_bytes(text.encode())
    with pytest.raises(IntegrityError, match=message) as caught:
        Vocabulary.load(path)
    assert str(path) in str(caught.value)


def test_a_file_that_is_no_text_or_missing(tmp_path):
    path = tmp_path / "vocabulary.txt"
    with pytest.raises(DataError, match="arae vocabulary"):
        Vocabulary.load(path)
    path.write_bytes(b"<pad>\n\xff\n")
    with pytest.raises(IntegrityError, match="not a vocabulary"):
        Vocabulary.load(path)


def test_ids_fit_the_array_type():
    small = Vocabulary([*SPECIALS, *(f"w{i}" for i in range((1 << 16) - 4))])
    assert small.dtype == np.uint16
    assert small.encode(["w65531"]).tolist() == [(1 << 16) - 1]
    large = Vocabulary([*small.types, "last"])
    assert large.dtype == np.int32
    assert large.encode(["last"]).tolist() == [1 << 16]
