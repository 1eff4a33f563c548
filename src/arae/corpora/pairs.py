"""Writing labelled pairs: two consecutive lines of {split}.txt are premise and hypothesis."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from arae.corpora.source import SPLITS, split_files, write_sentences
from arae.foundation.files import atomic_write

Pair = tuple[str, str, str]  # premise, hypothesis, label


def pair_files() -> list[str]:
    """Names of the files of a source of pairs: {split}.txt and {split}.labels.txt."""
    return [*split_files(), *(f"{split}.labels.txt" for split in SPLITS)]


def write_pairs(folder: Path, split: str, pairs: Iterable[Pair]) -> int:
    """Write a split's sentences, and the pair's label for both of its lines; returns the pairs."""
    with atomic_write(folder / f"{split}.labels.txt") as labels:

        def lines() -> Iterator[str]:
            for premise, hypothesis, label in pairs:
                labels.write(f"{label}\n{label}\n")
                yield premise
                yield hypothesis

        return write_sentences(folder / f"{split}.txt", lines()) // 2
