"""The source `scene_pairs`: labelled pairs of scenes for natural-language inference."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from arae.corpora.pairs import pair_files, write_pairs
from arae.corpora.scene_pairs import LABELS, draw_pairs
from arae.corpora.source import SPLITS
from arae.foundation.settings import bounded, suggest


@dataclass(frozen=True, kw_only=True)
class ScenePairsSource:
    """How many pairs to draw for each split, and the seed; splits are independent draws."""

    kind: Literal["scene_pairs"] = "scene_pairs"
    seed: int = bounded(1, low=0)
    pairs: dict[str, int]

    def check(self) -> None:
        """Every split has a positive number of pairs."""
        for split in self.pairs:
            if split not in SPLITS:
                raise ValueError(f"pairs.{split}: unknown split{suggest(split, SPLITS)}")
        for split in SPLITS:
            if self.pairs.get(split, 0) < 1:
                raise ValueError(f"pairs.{split}: must be given, at least 1")

    def inputs(self) -> list[Path]:
        """None: the pairs come from the trees of meaning."""
        return []

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
        """Two sentences a pair."""
        return 2 * self.pairs[split]

    def write(self, folder: Path) -> dict[str, Any]:
        """Draw and write the splits; returns how many sentences each has."""
        counts = {
            split: write_pairs(folder, split, draw_pairs(self.pairs[split], [self.seed, index]))
            for index, split in enumerate(SPLITS)
        }
        return {"sentences": {split: 2 * count for split, count in counts.items()}}
