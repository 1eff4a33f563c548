"""Lines of text as people have them: checked, unpacked, line ends of any system.

One reader serves files and streams: what it says of a text does not depend on the way it comes.
"""

from __future__ import annotations

import io
import itertools
import lzma
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

from arae.foundation.errors import DataError

MAX_LINE_BYTES = 1_000_000
CHUNK = 1 << 16
_BOM = b"\xef\xbb\xbf"
# What the libraries raise for bytes that are not what their first ones promise.
_DAMAGE = (EOFError, lzma.LZMAError, zlib.error)


def read_lines(path: str | Path, max_line_bytes: int = MAX_LINE_BYTES) -> Iterator[str]:
    """Lines of a UTF-8 text file, plain, gzip, xz or zstd (told by its first bytes), without line ends.

    "\\r\\n" ends a line as "\\n" does and a byte-order mark is skipped. `DataError`, naming file and
    line, for: a missing or empty file, damaged compression, invalid UTF-8, NUL bytes, and a line
    of more than `max_line_bytes` bytes.
    """
    with open_bytes(path) as handle:
        groups = arriving_lines(handle.read, str(path), max_line_bytes)
        yield from itertools.chain.from_iterable(groups)


def count_lines(path: str | Path, most: int) -> int | None:
    """Lines of such a file, counted no further than to `most`; None if it cannot be read now."""
    try:
        return sum(1 for _ in itertools.islice(read_lines(path), most))
    except (DataError, OSError):
        return None


def open_bytes(path: str | Path) -> io.FileIO:
    """A file's bytes as they are; a `DataError` if there is no such file, or a folder in its place."""
    try:
        return io.FileIO(path)
    except FileNotFoundError as error:
        raise DataError(f"{path}: no such file; correct its path") from error
    except IsADirectoryError as error:
        raise DataError(f"{path}: is a folder; name a file in it") from error


def arriving_lines(
    read: Callable[[int], bytes], name: str, max_line_bytes: int = MAX_LINE_BYTES
) -> Iterator[list[str]]:
    """The lines of a stream called `name`, in groups as they arrive; faults as of `read_lines`.

    `read(n)` gives at most n bytes, those that are there, and none at the end. The lines before a
    faulty one are given before the fault is raised. A stream of standard input may be empty.
    """
    number, rest = 0, b""
    try:
        for chunk in unpacked(read):
            *whole, rest = (rest + chunk).split(b"\n")
            if len(rest) > max_line_bytes + 1:
                whole, rest = [*whole, rest], b""
            lines, fault = _decoded(whole, name, number, max_line_bytes)
            number += len(lines)
            if lines:
                yield lines
            if fault:
                raise fault
    except _DAMAGE as error:
        raise DataError(
            f"{name}: damaged compressed file after line {number} ({error}); get it again"
        ) from error
    if rest:
        yield [
            decode_line(
                rest if number else rest.removeprefix(_BOM),
                f"{name}: line {number + 1}",
                max_line_bytes,
            )
        ]
    elif number == 0 and name != STANDARD_INPUT:
        raise DataError(f"{name}: the file is empty; it must hold one sentence a line")


STANDARD_INPUT = "standard input"


def _decoded(
    raws: list[bytes], name: str, before: int, max_line_bytes: int
) -> tuple[list[str], DataError | None]:
    """The lines up to the first faulty one, and its fault; `before` lines were read earlier."""
    if raws and before == 0:
        raws[0] = raws[0].removeprefix(_BOM)
    lines: list[str] = []
    for raw in raws:
        try:
            lines.append(
                decode_line(raw, f"{name}: line {before + len(lines) + 1}", max_line_bytes)
            )
        except DataError as fault:
            return lines, fault
    return lines, None


def decode_line(raw: bytes, where: str, max_line_bytes: int = MAX_LINE_BYTES) -> str:
    """Text of one line without its end; `DataError`, beginning with `where`, if it is not text."""
    line = raw.removesuffix(b"\n").removesuffix(b"\r")
    if len(line) > max_line_bytes:
        raise DataError(
            f"{where}: longer than {max_line_bytes} bytes; put one sentence on each line, "
            "or raise max_line_bytes"
        )
    if b"\0" in line:
        raise DataError(f"{where}: holds a NUL byte; is this a text file in UTF-8?")
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError as error:
        raise DataError(
            f"{where}: not UTF-8 (byte {error.start + 1} is 0x{line[error.start]:02x}); "
            "convert the file, for example with iconv -t UTF-8"
        ) from error


def unpacked(read: Callable[[int], bytes]) -> Iterator[bytes]:
    """The bytes of a stream, unpacked if its first bytes are those of gzip, xz or zstd."""
    head = b""
    while any(magic.startswith(head) and magic != head for magic in _PACKED):
        more = read(max(map(len, _PACKED)) - len(head))
        if not more:
            break
        head += more
    stream = _Stream(read, head)
    for magic, unpack in _PACKED.items():
        if head.startswith(magic):
            yield from unpack(stream)
            return
    while chunk := stream.read(CHUNK):
        yield chunk


class _Stream(io.RawIOBase):
    """A stream whose first bytes were looked at already."""

    def __init__(self, read: Callable[[int], bytes], head: bytes) -> None:
        self._take, self._head = read, head

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._head[: len(buffer)] or self._take(len(buffer))
        self._head = self._head[len(data) :]
        buffer[: len(data)] = data
        return len(data)


class _Unpacker(Protocol):
    """One packed stream, unpacked piece by piece."""

    @property
    def eof(self) -> bool:
        """Whether its end was reached."""

    @property
    def needs_input(self) -> bool:
        """Whether all that it was given is unpacked."""

    @property
    def unused_data(self) -> bytes:
        """What it was given beyond its end."""

    def decompress(self, data: bytes, max_length: int) -> bytes:
        """At most `max_length` bytes more."""


class _Gunzip:
    """gzip as lzma has xz."""

    def __init__(self) -> None:
        self._zlib = zlib.decompressobj(16 + zlib.MAX_WBITS)

    @property
    def eof(self) -> bool:
        return self._zlib.eof

    @property
    def needs_input(self) -> bool:
        return not self._zlib.unconsumed_tail

    @property
    def unused_data(self) -> bytes:
        return self._zlib.unused_data

    def decompress(self, data: bytes, max_length: int) -> bytes:
        return self._zlib.decompress(self._zlib.unconsumed_tail + data, max_length)


def _streams(stream: _Stream, start: Callable[[], _Unpacker], padding: int) -> Iterator[bytes]:
    """Packed streams one after the other, with zeros between: a multiple of `padding` of them."""
    zeros, data = 0, stream.read(CHUNK)
    while data:
        unpacker = start()
        while True:
            yield unpacker.decompress(data, CHUNK)
            data = b""
            if unpacker.eof:
                break
            if unpacker.needs_input and not (data := stream.read(CHUNK)):
                raise EOFError("it ends before its end mark")
        data, zeros = unpacker.unused_data or stream.read(CHUNK), 0
        while data and not data.strip(b"\0"):
            zeros, data = zeros + len(data), stream.read(CHUNK)
        zeros += len(data) - len(data.lstrip(b"\0"))
        data = data.lstrip(b"\0")
        if zeros % padding:
            raise EOFError(f"{zeros} zeros after the end mark")


def _gzip(stream: _Stream) -> Iterator[bytes]:
    return _streams(stream, _Gunzip, 1)


def _xz(stream: _Stream) -> Iterator[bytes]:
    return _streams(stream, lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ), 4)


def _zstd(stream: _Stream) -> Iterator[bytes]:
    import pyarrow

    try:
        with pyarrow.CompressedInputStream(pyarrow.PythonFile(stream, mode="r"), "zstd") as whole:
            while chunk := whole.read(CHUNK):
                yield chunk
    except (OSError, pyarrow.ArrowException) as error:
        if getattr(error, "errno", None) is not None:
            raise
        raise EOFError(str(error)) from error


_PACKED: dict[bytes, Callable[[_Stream], Iterator[bytes]]] = {
    b"\x1f\x8b": _gzip,
    b"\xfd7zXZ\x00": _xz,
    b"\x28\xb5\x2f\xfd": _zstd,
}
