"""What sources that draw from a grammar of ours share: independent draws for each split."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from arae.corpora.grammar import Grammar
from arae.corpora.source import SPLITS, split_files, write_sentences
from arae.foundation.settings import bounded, suggest


@dataclass(frozen=True, kw_only=True)
class GrammarSource:
    """How many sentences to draw for each split, and the seed; splits are independent draws."""

    kind: str
    seed: int = bounded(1, low=0)
    sentences: dict[str, int]

    def grammar(self) -> Grammar:
        """The distribution that sentences are drawn from."""
        raise TypeError(f"{type(self).__name__} names no grammar")

    def check(self) -> None:
        """Every split has a positive number of sentences."""
        for split in self.sentences:
            if split not in SPLITS:
                raise ValueError(f"sentences.{split}: unknown split{suggest(split, SPLITS)}")
        for split in SPLITS:
            if self.sentences.get(split, 0) < 1:
                raise ValueError(f"sentences.{split}: must be given, at least 1")

    def inputs(self) -> list[Path]:
        """None: the text comes from the grammar."""
        return []

    def outputs(self) -> list[str]:
        """{split}.txt"""
        return split_files()

    def write(self, folder: Path) -> dict[str, Any]:
        """Draw and write the splits; the facts are the grammar's exact properties."""
        grammar = self.grammar()
        for index, split in enumerate(SPLITS):
            drawn = grammar.sample(self.sentences[split], [self.seed, index])
            write_sentences(folder / f"{split}.txt", drawn)
        return {
            "sentences": dict(self.sentences),
            "grammar": {
                "types": len(grammar.types),
                "entropy": grammar.entropy,
                "entropy_per_token": grammar.entropy_per_token,
                "mean_length": grammar.mean_length,
            },
        }
