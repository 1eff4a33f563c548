"""Binarised images with their labels: one array of {0, 1} per split, loaded by memory map."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from arae.foundation.arrays import map_array
from arae.foundation.errors import DataError
from arae.foundation.files import atomic_write

CLASSES = 10


def binarise(grey: np.ndarray, white: int) -> np.ndarray:
    """1 where a grey value of [0, `white`] lies above its middle, 0 elsewhere, as uint8.

    A fixed threshold, as in the authors' code (not a random draw by grey value). Applying it again
    with `white` 1 changes nothing.
    """
    return (2 * grey.astype(np.int64) > white).astype(np.uint8)


class Images:
    """N binary images [N, H, W] and their labels [N], both uint8."""

    def __init__(self, pixels: np.ndarray, labels: np.ndarray) -> None:
        self.pixels, self.labels = pixels, labels

    @classmethod
    def open(cls, folder: str | Path, split: str) -> Images:
        """Memory-map a split that `save` wrote; a missing or malformed file is a `DataError`."""
        pixels, labels = (
            map_array(path, "make it with `arae fetch-images`")
            for path in image_files(Path(folder), split)
        )
        fits = (
            pixels.dtype == labels.dtype == np.uint8
            and pixels.ndim == 3
            and pixels.size > 0
            and labels.shape == (len(pixels),)
            and int(pixels.max()) <= 1
            and int(labels.max()) < CLASSES
        )
        if not fits:
            raise DataError(
                f"{folder}: the arrays of {split} are not binary images [N, H, W] with labels [N]; "
                "fetch them again"
            )
        return cls(pixels, labels)

    def save(self, folder: str | Path, split: str) -> None:
        """Write {split}.npy and {split}.labels.npy, each atomically."""
        arrays = zip(image_files(Path(folder), split), (self.pixels, self.labels), strict=True)
        for path, array in arrays:
            with atomic_write(path, "wb") as handle:
                np.save(handle, np.ascontiguousarray(array, np.uint8), allow_pickle=False)

    def __len__(self) -> int:
        return len(self.pixels)

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width in pixels."""
        return self.pixels.shape[1], self.pixels.shape[2]

    def part(self, start: int, stop: int) -> Images:
        """Images `start` … `stop` − 1."""
        return Images(self.pixels[start:stop], self.labels[start:stop])


def image_files(folder: Path, split: str) -> list[Path]:
    """The files that a split is stored in."""
    return [folder / f"{split}.npy", folder / f"{split}.labels.npy"]
