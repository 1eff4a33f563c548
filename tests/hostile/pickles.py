"""Pickles that make a file when they are loaded, and the proof that they would."""

from __future__ import annotations

import pickle
import zipfile
from pathlib import Path
from typing import Any


class MakesFile:
    """An object whose unpickling makes a file."""

    def __init__(self, path: Path) -> None:
        self._path = str(path)

    def __reduce__(self) -> tuple[Any, ...]:
        return open, (self._path, "w")


def payload(marker: Path) -> bytes:
    """A pickle that makes `marker`; checked to do so, and `marker` removed again."""
    content = pickle.dumps(MakesFile(marker))
    pickle.loads(content).close()  # noqa: S301 - this is the proof
    assert marker.exists()
    marker.unlink()
    return content


def as_torch_archive(content: bytes, path: Path) -> bytes:
    """The same pickle inside a zip archive, as `torch.save` makes it."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", content)
        archive.writestr("archive/version", "3\n")
    made = path.read_bytes()
    path.unlink()
    return made
