"""The source `scenes`: independent draws from the scenes grammar."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from arae.corpora.scenes import scenes_grammar
from arae.corpora.source import SPLITS, split_files, write_sentences
from arae.foundation.settings import bounded, suggest


@dataclass(frozen=True, kw_only=True)
class ScenesSource:
    """How many sentences to draw for each split, and the seed; splits are independent draws."""

    kind: Literal["scenes"] = "scenes"
    seed: int = bounded(1, low=0)
    sentences: dict[str, int]

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
        grammar = scenes_grammar()
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
