"""The source `digits`: the 8×8 handwritten digits that ship inside scikit-learn, binarised.

They are the test part of "Optical Recognition of Handwritten Digits" (Alpaydin and Kaynak 1998, UCI,
CC BY 4.0): 1,797 images of grey values 0 … 16. No download.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from arae.corpora.images import Images, binarise
from arae.corpora.source import SPLITS
from arae.foundation.settings import bounded, suggest

COUNT, WHITE = 1797, 16


@dataclass(frozen=True, kw_only=True)
class DigitsSource:
    """How many images each split gets, at most 1,797 in all, after a shuffle by `seed`."""

    kind: Literal["digits"] = "digits"
    seed: int = bounded(1, low=0)
    images: dict[str, int]

    def check(self) -> None:
        """Every split has a positive number of images, and there are enough."""
        for split in self.images:
            if split not in SPLITS:
                raise ValueError(f"images.{split}: unknown split{suggest(split, SPLITS)}")
        for split in SPLITS:
            if self.images.get(split, 0) < 1:
                raise ValueError(f"images.{split}: must be given, at least 1")
        if sum(self.images.values()) > COUNT:
            raise ValueError(f"images: {sum(self.images.values())} asked for, there are {COUNT}")

    def count(self, split: str, most: int) -> int | None:
        """As many as are asked for."""
        return self.images[split]

    def write(self, folder: Path) -> dict[str, Any]:
        """Write the splits, disjoint; returns facts for the provenance."""
        from sklearn.datasets import load_digits

        read = load_digits()
        order = np.random.default_rng([self.seed]).permutation(COUNT)
        pixels = binarise(read.images, WHITE)[order]
        labels = read.target.astype(np.uint8)[order]
        whole, start = Images(pixels, labels), 0
        for split in SPLITS:
            whole.part(start, start + self.images[split]).save(folder, split)
            start += self.images[split]
        return {"images": dict(self.images), "shape": list(whole.shape)}
