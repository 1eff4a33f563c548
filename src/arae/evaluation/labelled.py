"""Tokenised sentences with their class labels, as classifiers read them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

from arae.corpora.lines import read_lines
from arae.foundation.errors import DataError


@dataclass(frozen=True)
class LabelledText:
    """N sentences as tokens and their labels. [N] each"""

    tokens: list[list[str]]
    labels: list[str]

    def __len__(self) -> int:
        return len(self.tokens)

    @property
    def classes(self) -> tuple[str, ...]:
        """The labels that occur, sorted."""
        return tuple(sorted(set(self.labels)))


def read_labelled(folder: Path, split: str) -> LabelledText:
    """{split}.txt and {split}.labels.txt of a folder; sentences without a token are left out.

    `DataError` for a missing or empty file, files of unequal length, and a label that is not one word.
    """
    text, marks = labelled_files(folder, split)
    if not marks.is_file():
        raise DataError(
            f"{marks}: not found; give the corpus labels (in its source's files: one file per "
            "label), then make its tokens again"
        )
    tokens: list[list[str]] = []
    labels: list[str] = []
    for number, (line, label) in enumerate(zip_longest(read_lines(text), read_lines(marks)), 1):
        if line is None or label is None:
            raise DataError(f"{marks}: has not as many lines as {text}; make both again")
        if label.split() != [label]:
            raise DataError(f"{marks}: line {number}: {label!r} is not a label of one word")
        if words := line.split():
            tokens.append(words)
            labels.append(label)
    if not tokens:
        raise DataError(f"{text}: holds no sentence")
    return LabelledText(tokens, labels)


def labelled_files(folder: Path, split: str) -> tuple[Path, Path]:
    """Where sentences and labels of a split lie."""
    return folder / f"{split}.txt", folder / f"{split}.labels.txt"


def require_classes(train: LabelledText, where: Path) -> None:
    """Training text must have two classes at least."""
    if len(train.classes) < 2:
        raise DataError(
            f"{where}: every sentence has the label '{train.classes[0]}'; there is nothing to tell "
            "apart or to transfer to, so give it sentences of another class"
        )


def require_known(labels: Iterable[str], known: Iterable[str], where: Path) -> None:
    """No label but those of the training text."""
    names = tuple(known)
    for number, label in enumerate(labels, 1):
        if label not in names:
            raise DataError(
                f"{where}: line {number}: the label '{label}' does not occur in the training text "
                f"(it has {', '.join(names)}); remove those sentences or train on some"
            )
