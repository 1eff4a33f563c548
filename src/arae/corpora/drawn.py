"""What sources drawn from a grammar have in common: a seed and a number of sentences per split."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from arae.corpora.grammar import Grammar
from arae.corpora.source import SPLITS
from arae.foundation.settings import bounded, suggest


@dataclass(frozen=True, kw_only=True)
class DrawnSource:
    """How many sentences to draw for each split, and the seed; splits are independent draws."""

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

    def tokens(self) -> dict[str, Any]:
        """None."""
        return {}

    def classes(self) -> tuple[str, ...]:
        """None."""
        return ()

    def count(self, split: str, most: int) -> int | None:
        """As many as are to be drawn."""
        return self.sentences[split]

    def draw(self, grammar: Grammar, split: str) -> list[str]:
        """The sentences of a split."""
        return grammar.sample(self.sentences[split], [self.seed, SPLITS.index(split)])


def grammar_facts(grammar: Grammar) -> dict[str, Any]:
    """Exact properties for the provenance; entropies in nats."""
    return {
        "types": len(grammar.types),
        "entropy": grammar.entropy,
        "entropy_per_token": grammar.entropy_per_token,
        "mean_length": grammar.mean_length,
    }
