"""A text as one flat array of ids plus offsets, loaded by memory map."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np

from arae.corpora.lines import read_lines
from arae.foundation.arrays import map_array
from arae.foundation.errors import DataError
from arae.foundation.files import atomic_write
from arae.text.labels import open_labels
from arae.text.vocabulary import UNK, Vocabulary

BATCH_SENTENCES = 20_000


class EncodedText:
    """N sentences of word ids; <bos> and <eos> are not stored, and every sentence has a word.

    `ids`: [sum of lengths], uint16 or int32. `offsets`: [N + 1], int64; sentence i is
    ids[offsets[i]:offsets[i + 1]]. `labels`: [N], uint8, places in `label_names`; None if the
    corpus has no labels.
    """

    def __init__(
        self,
        ids: np.ndarray,
        offsets: np.ndarray,
        labels: np.ndarray | None = None,
        label_names: tuple[str, ...] = (),
    ) -> None:
        self.ids, self.offsets = ids, offsets
        self.labels, self.label_names = labels, label_names

    @classmethod
    def open(cls, folder: str | Path, split: str) -> EncodedText:
        """Memory-map a split that `save` wrote; a missing or malformed file is a `DataError`."""
        paths = _paths(Path(folder), split)
        ids, offsets = (map_array(path, "make it with `arae encode`") for path in paths)
        fits = (
            ids.ndim == offsets.ndim == 1
            and ids.dtype in (np.uint16, np.int32)
            and offsets.dtype == np.int64
            and len(offsets) > 1
            and offsets[0] == 0
            and offsets[-1] == len(ids)
            and bool(np.all(np.diff(offsets) > 0))
        )
        if not fits:
            raise DataError(f"{folder}: the arrays of {split} do not fit together; encode it again")
        return cls(ids, offsets, *open_labels(Path(folder), split, len(offsets) - 1))

    @classmethod
    def from_file(
        cls, path: str | Path, vocabulary: Vocabulary, limit: int | None = None
    ) -> EncodedText:
        """Encode the first `limit` sentences of a tokenised file; lines without a word are skipped."""
        sentences = (tokens for tokens in map(str.split, read_lines(path)) if tokens)
        chosen = itertools.islice(sentences, limit)
        parts: list[np.ndarray] = []
        lengths: list[int] = []
        while batch := list(itertools.islice(chosen, BATCH_SENTENCES)):
            parts.append(vocabulary.encode(itertools.chain.from_iterable(batch)))
            lengths.extend(map(len, batch))
        if not parts:
            raise DataError(f"{path}: holds no sentence")
        offsets = np.zeros(len(lengths) + 1, dtype=np.int64)
        np.cumsum(lengths, out=offsets[1:])
        return cls(np.concatenate(parts), offsets)

    def save(self, folder: str | Path, split: str) -> None:
        """Write {split}.npy and {split}.offsets.npy, each atomically."""
        for path, array in zip(_paths(Path(folder), split), (self.ids, self.offsets), strict=True):
            with atomic_write(path, "wb") as handle:
                np.save(handle, array, allow_pickle=False)

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, index: int) -> np.ndarray:
        """Ids of sentence `index`. [length]"""
        position = range(len(self))[index]
        return self.ids[self.offsets[position] : self.offsets[position + 1]]

    @property
    def lengths(self) -> np.ndarray:
        """Words per sentence. [N], int64"""
        return np.diff(self.offsets)

    @property
    def unknown(self) -> int:
        """How many tokens are `<unk>`."""
        return int(np.count_nonzero(self.ids == UNK))


def encoded_files(folder: Path, split: str) -> list[Path]:
    """The files that a split is stored in, its labels left out."""
    return list(_paths(folder, split))


def _paths(folder: Path, split: str) -> tuple[Path, Path]:
    return folder / f"{split}.npy", folder / f"{split}.offsets.npy"
