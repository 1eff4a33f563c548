"""What a source of text is: the settings that describe it and the way to write its raw splits."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Protocol

from arae.foundation.errors import DataError
from arae.foundation.files import atomic_write

SPLITS = ("train", "valid", "test")
TEXT, IMAGES = "text", "images"  # the domains: what a corpus is made of


class Source(Protocol):
    """A corpus source: a frozen settings dataclass with a `kind` and these methods."""

    def tokens(self) -> dict[str, Any]:
        """Settings of tokenisation that follow from the source, unless a corpus states them."""

    def inputs(self) -> list[Path]:
        """Local files that the raw text is made from; their hashes go into the provenance."""

    def outputs(self) -> list[str]:
        """Names of the files that `write` makes: {split}.txt, and {split}.labels.txt if labelled."""

    def classes(self) -> tuple[str, ...]:
        """The labels of its sentences, sorted; none if it has no labels."""

    def count(self, split: str, most: int) -> int | None:
        """Sentences of a split, counted no further than to `most`; None: not known before `write`."""

    def write(self, folder: Path) -> dict[str, Any]:
        """Write the raw text, one sentence a line; returns facts for the provenance."""


def split_files() -> list[str]:
    """Names of the three raw text files."""
    return [f"{split}.txt" for split in SPLITS]


def write_sentences(path: Path, sentences: Iterable[str]) -> int:
    """Write sentences atomically, one a line; returns how many. None at all is a `DataError`."""
    count = 0
    with atomic_write(path) as handle:
        for sentence in sentences:
            handle.write(sentence + "\n")
            count += 1
        if count == 0:
            raise DataError(f"{path}: the source gave no sentence")
    return count
