"""The source `files`: any user's text, one sentence a line, plain, gzip or xz."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from arae.corpora.lines import MAX_LINE_BYTES, count_lines, read_lines
from arae.corpora.source import SPLITS, split_files, write_sentences
from arae.foundation.files import atomic_write
from arae.foundation.settings import bounded, suggest


@dataclass(frozen=True, kw_only=True)
class FilesSource:
    """`files` gives each split a path, or one path per label: `{negative: …, positive: …}`.

    With labels, the files of a split are joined in the alphabetical order of their labels, and
    {split}.labels.txt tells the label of each line of {split}.txt.
    """

    kind: Literal["files"] = "files"
    files: dict[str, str | dict[str, str]]
    max_line_bytes: int = bounded(MAX_LINE_BYTES, low=1)

    def check(self) -> None:
        """Every split is there, all of them labelled alike or none; labels are single words."""
        for split in self.files:
            if split not in SPLITS:
                raise ValueError(f"files.{split}: unknown split{suggest(split, SPLITS)}")
        for split in SPLITS:
            if split not in self.files:
                raise ValueError(f"files.{split}: missing; name the file of this split")
        kinds = {frozenset(self._labelled(split)) for split in SPLITS}
        if len(kinds) > 1:
            raise ValueError("files: give every split the same labels, or none of them any")
        for label in self._labelled("train"):
            if label is not None and label.split() != [label]:
                raise ValueError(f"files: the label {label!r} must be a word without spaces")
        if not all(self._labelled(split) for split in SPLITS):
            raise ValueError("files: a split with labels must have at least one")

    def inputs(self) -> list[Path]:
        """The user's files."""
        return [Path(path) for split in SPLITS for path in self._labelled(split).values()]

    def outputs(self) -> list[str]:
        """{split}.txt, and {split}.labels.txt if labels are given."""
        labels = [f"{split}.labels.txt" for split in SPLITS] if self._has_labels() else []
        return split_files() + labels

    def tokens(self) -> dict[str, Any]:
        """Lines may be as long as in the source."""
        longest = self.max_line_bytes
        return {} if longest == MAX_LINE_BYTES else {"max_line_bytes": longest}

    def classes(self) -> tuple[str, ...]:
        """The labels that its files are given by."""
        return tuple(sorted(self._labelled("train"))) if self._has_labels() else ()

    def count(self, split: str, most: int) -> int | None:
        """The lines of its files."""
        counts = [count_lines(path, most) for path in self._labelled(split).values()]
        return None if None in counts else sum(filter(None, counts))

    def write(self, folder: Path) -> dict[str, Any]:
        """Copy the text as plain UTF-8 with "\\n" line ends; bad input is a `DataError`."""
        return {"sentences": {split: self._write_split(folder, split) for split in SPLITS}}

    def _write_split(self, folder: Path, split: str) -> int:
        with ExitStack() as stack:
            labels = None
            if self._has_labels():
                labels = stack.enter_context(atomic_write(folder / f"{split}.labels.txt"))

            def lines() -> Iterator[str]:
                for label, path in sorted(self._labelled(split).items()):
                    for line in read_lines(path, self.max_line_bytes):
                        if labels is not None:
                            labels.write(f"{label}\n")
                        yield line

            return write_sentences(folder / f"{split}.txt", lines())

    def _has_labels(self) -> bool:
        return isinstance(self.files["train"], dict)

    def _labelled(self, split: str) -> dict[Any, str]:
        given = self.files[split]
        return given if isinstance(given, dict) else {None: given}
