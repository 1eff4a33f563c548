"""Lines of text files as people have them: checked, decompressed, line ends of any system."""

from __future__ import annotations

import gzip
import itertools
import lzma
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, cast

from arae.foundation.errors import DataError

MAX_LINE_BYTES = 1_000_000
_BOM = b"\xef\xbb\xbf"
_OPENERS: dict[bytes, Callable[..., Any]] = {b"\x1f\x8b": gzip.open, b"\xfd7zXZ\x00": lzma.open}


def read_lines(path: str | Path, max_line_bytes: int = MAX_LINE_BYTES) -> Iterator[str]:
    """Lines of a UTF-8 text file, plain, gzip or xz (told by its first bytes), without line ends.

    "\\r\\n" ends a line as "\\n" does and a byte-order mark is skipped. `DataError`, naming file and
    line, for: a missing or empty file, damaged compression, invalid UTF-8, NUL bytes, and a line
    of more than `max_line_bytes` bytes.
    """
    path = Path(path)
    number = 0
    try:
        with _open(path) as handle:
            while raw := handle.readline(max_line_bytes + 2):
                number += 1
                raw = raw.removeprefix(_BOM) if number == 1 else raw
                yield decode_line(raw, f"{path}: line {number}", max_line_bytes)
    except (EOFError, lzma.LZMAError, gzip.BadGzipFile, zlib.error) as error:
        raise DataError(
            f"{path}: damaged compressed file after line {number} ({error}); get it again"
        ) from error
    except (FileNotFoundError, IsADirectoryError) as error:
        raise DataError(f"{path}: no such file; correct its path in the settings") from error
    if number == 0:
        raise DataError(f"{path}: the file is empty; it must hold one sentence a line")


def count_lines(path: str | Path, most: int) -> int | None:
    """Lines of such a file, counted no further than to `most`; None if it cannot be read now."""
    try:
        return sum(1 for _ in itertools.islice(read_lines(path), most))
    except (DataError, OSError):
        return None


def _open(path: Path) -> BinaryIO:
    with path.open("rb") as handle:
        head = handle.read(6)
    for magic, opener in _OPENERS.items():
        if head.startswith(magic):
            return cast(BinaryIO, opener(path, "rb"))
    return path.open("rb")


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
