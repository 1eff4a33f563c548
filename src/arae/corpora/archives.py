"""Safe extraction: only the members asked for, never outside the folder, never too much."""

from __future__ import annotations

import lzma
import re
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from arae.foundation.errors import DataError, IntegrityError
from arae.foundation.files import CHUNK_BYTES, atomic_write

_DAMAGE = (
    *(zipfile.BadZipFile, tarfile.TarError, EOFError, zlib.error, lzma.LZMAError),
    *(
        NotImplementedError,
        RuntimeError,
        ValueError,
    ),  # packed or encrypted in unknown ways, odd sizes
)


@dataclass(frozen=True)
class _Member:
    name: str
    regular: bool
    folder: bool
    open: Callable[[], IO[bytes] | None]


def extract_members(
    archive: Path, names: Iterable[str], folder: Path, max_bytes: int
) -> dict[str, Path]:
    """Extract the named files of a zip or tar (plain or compressed) archive flat into `folder`.

    Returns name → path. `IntegrityError` for an archive with any absolute path, `..`, link or
    device, or a wanted member that unpacks to more than `max_bytes`; `DataError` for a damaged
    archive or a missing member. Sizes that the archive announces are not trusted.
    """
    extracted: dict[str, Path] = {}
    try:
        with _members(archive) as members:
            for member in members:
                _refuse_unsafe(archive, member)
            wanted = {member.name: member for member in members if member.regular}
            for name in names:
                if name not in wanted:
                    raise DataError(f"{archive}: no file {name} in it; is it the right archive?")
                target = folder / PurePosixPath(name).name
                _copy(archive, wanted[name], target, max_bytes)
                extracted[name] = target
    except (*_DAMAGE, OSError) as error:
        if (
            isinstance(error, OSError) and error.errno is not None
        ):  # of the disk, not of the archive
            raise
        raise DataError(f"{archive}: damaged or not an archive ({error}); get it again") from error
    return extracted


@contextmanager
def _members(archive: Path) -> Iterator[list[_Member]]:
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as zipped:
            yield [_zip_member(zipped, info) for info in zipped.infolist()]
    else:
        with tarfile.open(archive) as tape:
            yield [_tar_member(tape, info) for info in tape.getmembers()]


def _zip_member(zipped: zipfile.ZipFile, info: zipfile.ZipInfo) -> _Member:
    kind = stat.S_IFMT(info.external_attr >> 16)  # 0 if the archiver recorded no Unix mode
    regular = not info.is_dir() and kind in (0, stat.S_IFREG)
    return _Member(info.filename, regular, info.is_dir(), lambda: zipped.open(info))


def _tar_member(tape: tarfile.TarFile, info: tarfile.TarInfo) -> _Member:
    return _Member(info.name, info.isreg(), info.isdir(), lambda: tape.extractfile(info))


def _refuse_unsafe(archive: Path, member: _Member) -> None:
    path = PurePosixPath(member.name.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or re.match("[A-Za-z]:", member.name):
        raise IntegrityError(f"{archive}: refused: member {member.name} points outside the archive")
    if not (member.regular or member.folder):
        raise IntegrityError(f"{archive}: refused: member {member.name} is a link or a device")


def _copy(archive: Path, member: _Member, target: Path, max_bytes: int) -> None:
    opened = member.open()
    if opened is None:
        raise DataError(f"{archive}: member {member.name} is not a file")
    with opened as stream, atomic_write(target, "wb") as handle:
        copied = 0
        while chunk := stream.read(CHUNK_BYTES):
            copied += len(chunk)
            if copied > max_bytes:
                raise IntegrityError(
                    f"{archive}: refused: member {member.name} unpacks to more than "
                    f"{max_bytes} bytes"
                )
            handle.write(chunk)
