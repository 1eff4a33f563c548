"""The source `snli_pairs`: labelled pairs in SNLI's own form, from a user's files.

Each line is a JSON object with `gold_label`, `sentence1` (premise) and `sentence2` (hypothesis), as
in the archive of SNLI 1.0; the files may be plain, gzip or xz. A pair without an agreed label ("-")
is dropped and counted.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from arae.corpora.lines import count_lines, read_lines
from arae.corpora.pairs import Pair, pair_files, write_pairs
from arae.corpora.source import SPLITS
from arae.foundation.errors import DataError
from arae.foundation.files import parse_json
from arae.foundation.settings import suggest

LABELS = ("contradiction", "entailment", "neutral")
UNDECIDED = "-"


@dataclass(frozen=True, kw_only=True)
class SnliPairsSource:
    """`files` gives each split (train, valid, test) its jsonl file."""

    kind: Literal["snli_pairs"] = "snli_pairs"
    files: dict[str, str]

    def check(self) -> None:
        """Every split is there and nothing else."""
        for split in self.files:
            if split not in SPLITS:
                raise ValueError(f"files.{split}: unknown split{suggest(split, SPLITS)}")
        for split in SPLITS:
            if split not in self.files:
                raise ValueError(f"files.{split}: missing; name the jsonl file of this split")

    def inputs(self) -> list[Path]:
        """The user's files."""
        return [Path(self.files[split]) for split in SPLITS]

    def outputs(self) -> list[str]:
        """{split}.txt and {split}.labels.txt"""
        return pair_files()

    def tokens(self) -> dict[str, Any]:
        """Premise and hypothesis are kept or dropped together."""
        return {"group": 2}

    def classes(self) -> tuple[str, ...]:
        """contradiction, entailment, neutral"""
        return LABELS

    def count(self, split: str, most: int) -> int | None:
        """Two sentences a pair, those without a label counted too."""
        lines = count_lines(self.files[split], most)
        return None if lines is None else 2 * lines

    def write(self, folder: Path) -> dict[str, Any]:
        """Copy the labelled pairs; the facts tell how many sentences, and pairs without a label."""
        counts, undecided = {}, {}
        for split in SPLITS:
            reader = PairReader(Path(self.files[split]))
            counts[split] = 2 * write_pairs(folder, split, reader)
            undecided[split] = reader.undecided
        return {"sentences": counts, "pairs_without_label": undecided}


class PairReader:
    """The labelled pairs of a jsonl file; `undecided` counts those left out so far."""

    def __init__(self, path: Path) -> None:
        self.path, self.undecided = path, 0

    def __iter__(self) -> Iterator[Pair]:
        for number, line in enumerate(read_lines(self.path), 1):
            premise, hypothesis, label = self._parse(line, f"{self.path}: line {number}")
            if label == UNDECIDED:
                self.undecided += 1
            else:
                yield premise, hypothesis, label

    def _parse(self, line: str, where: str) -> Pair:
        try:
            value = parse_json(line)
            pair = value["sentence1"], value["sentence2"], value["gold_label"]
        except (ValueError, KeyError, TypeError) as error:
            raise DataError(
                f"{where}: not a pair; expected a JSON object with gold_label, sentence1, sentence2"
            ) from error
        for name, text in zip(("sentence1", "sentence2"), pair, strict=False):
            if not isinstance(text, str) or not text.strip():
                raise DataError(f"{where}: {name} is not a sentence: {text!r}; correct or drop it")
        if pair[2] not in (*LABELS, UNDECIDED):
            raise DataError(
                f"{where}: gold_label {pair[2]!r} is none of {', '.join(LABELS)} and "
                f"'{UNDECIDED}'; correct or drop the line"
            )
        premise, hypothesis = (" ".join(text.split()) for text in pair[:2])
        return premise, hypothesis, str(pair[2])
