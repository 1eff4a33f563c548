"""Reading people's files: compression, line ends, and every kind of bad input."""

from __future__ import annotations

import gzip
import io
import itertools
import lzma

import pyarrow
import pytest

from arae.corpora.lines import arriving_lines, read_lines
from arae.foundation.errors import DataError


@pytest.mark.parametrize("pack", [bytes, gzip.compress, lzma.compress], ids=["plain", "gz", "xz"])
def test_compression_is_told_by_content_not_by_name(tmp_path, pack):
    path = tmp_path / "it's; a file.txt"
    path.write_bytes(pack("a dög .\n\nlast".encode()))
    assert list(read_lines(path)) == ["a dög .", "", "last"]


def test_windows_line_ends_and_byte_order_mark(tmp_path):
    path = tmp_path / "windows.txt"
    path.write_bytes(b"\xef\xbb\xbfone\r\ntwo\r\n\r\nthree\rfour")
    assert list(read_lines(path)) == ["one", "two", "", "three\rfour"]


def test_only_newlines_end_lines(tmp_path):
    path = tmp_path / "odd.txt"
    path.write_bytes("a\u2028b\x0bc\x85d\x1ce\n".encode())
    assert list(read_lines(path)) == ["a\u2028b\x0bc\x85d\x1ce"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "empty"),
        (b"fine\nna\xefve\n", r"line 2: not UTF-8 \(byte 3 is 0xef\)"),
        (b"fine\nfine\nz\0ro\n", "line 3: holds a NUL byte"),
        (b"fine\n" + b"x" * 101 + b"\n", "line 2: longer than 100 bytes"),
        (b"x" * 10_000_000, "line 1: longer than 100 bytes"),
        (gzip.compress(b"hello world\n" * 50)[:-12], "damaged compressed file"),
        (lzma.compress(b"hello world\n" * 50)[:-20], "damaged compressed file"),
        (b"\x1f\x8b\x08rubbish rubbish rubbish", "damaged compressed file"),
    ],
    ids=["empty", "latin", "nul", "long", "longest", "cut-gz", "cut-xz", "rubbish-gz"],
)
def test_bad_input_is_named_by_file_and_line(tmp_path, content, message):
    path = tmp_path / "bad.txt"
    path.write_bytes(content)
    with pytest.raises(DataError, match=message) as caught:
        list(read_lines(path, max_line_bytes=100))
    assert str(caught.value).startswith(str(path))


def test_a_line_of_just_the_limit_passes_with_any_line_end(tmp_path):
    path = tmp_path / "edge.txt"
    path.write_bytes(b"x" * 100 + b"\r\n" + b"y" * 100)
    assert [len(line) for line in read_lines(path, max_line_bytes=100)] == [100, 100]


def test_missing_file(tmp_path):
    with pytest.raises(DataError, match="no such file"):
        list(read_lines(tmp_path / "nowhere.txt"))
    with pytest.raises(DataError, match="is a folder; name a file"):
        list(read_lines(tmp_path))


def zstd(data: bytes) -> bytes:
    return bytes(pyarrow.compress(data, codec="zstd", asbytes=True))


@pytest.mark.parametrize("pack", [gzip.compress, lzma.compress, zstd], ids=["gz", "xz", "zst"])
def test_packed_streams_one_after_the_other_are_one_text(tmp_path, pack):
    path = tmp_path / "text"
    path.write_bytes(pack(b"one\ntw") + pack(b"o\nthree\n"))
    assert list(read_lines(path)) == ["one", "two", "three"]


@pytest.mark.parametrize("zeros", [4, 8, 400_000])
def test_padding_of_xz_is_no_damage(tmp_path, zeros):
    path = tmp_path / "padded.xz"
    path.write_bytes(lzma.compress(b"one\n") + bytes(zeros))
    assert list(read_lines(path)) == ["one"]
    path.write_bytes(
        lzma.compress(b"one\n") + bytes(zeros) + lzma.compress(b"two\n") + bytes(zeros)
    )
    assert list(read_lines(path)) == ["one", "two"]


@pytest.mark.parametrize(
    "content",
    [
        lzma.compress(b"one\n") + bytes(3),
        lzma.compress(b"one\n") + b"more",
        zstd(b"one\n" * 99)[:-3],
    ],
    ids=["odd padding", "something else behind it", "cut-zst"],
)
def test_what_follows_a_packed_text_must_be_legal(tmp_path, content):
    path = tmp_path / "bad"
    path.write_bytes(content)
    with pytest.raises(DataError, match="damaged compressed file"):
        list(read_lines(path))


@pytest.mark.parametrize("pack", [bytes, gzip.compress, lzma.compress, zstd])
@pytest.mark.parametrize("size", [1, 5, 1 << 16])
def test_a_stream_is_read_as_a_file_is(tmp_path, pack, size):
    data = pack("\ufeffone\r\ntwö\n\nlast".encode())
    path = tmp_path / "text"
    path.write_bytes(data)
    stream = io.BytesIO(data)
    groups = arriving_lines(lambda count: stream.read(min(count, size)), "standard input")
    assert [*itertools.chain.from_iterable(groups)] == [*read_lines(path)]
    assert [*read_lines(path)] == ["one", "twö", "", "last"]


def test_lines_before_a_fault_are_given_first():
    stream = io.BytesIO(b"one\ntwo\n\xff\nfour\n")
    groups = arriving_lines(stream.read, "standard input")
    given: list[str] = []
    with pytest.raises(DataError, match="standard input: line 3: not UTF-8"):
        for group in groups:
            given += group
    assert given == ["one", "two"]
