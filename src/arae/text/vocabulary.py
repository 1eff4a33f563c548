"""The vocabulary: word types and their ids, specials first."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from arae.corpora.lines import read_lines
from arae.foundation.errors import DataError, IntegrityError
from arae.foundation.files import atomic_write
from arae.foundation.settings import bounded

PAD, BOS, EOS, UNK = 0, 1, 2, 3
SPECIALS = ("<pad>", "<bos>", "<eos>", "<unk>")


@dataclass(frozen=True, kw_only=True)
class VocabularySettings:
    """`size`: how many of the most frequent types to keep, specials not counted."""

    size: int = bounded(low=1)


class Vocabulary:
    """Types by id, `SPECIALS` first. A word outside it, or spelt like a special, is `<unk>`."""

    def __init__(self, types: Sequence[str]) -> None:
        """`types` in the order of their ids; a malformed list is a `ValueError`."""
        self.types = tuple(types)
        if self.types[: len(SPECIALS)] != SPECIALS:
            raise ValueError(f"does not begin with {' '.join(SPECIALS)}")
        seen: set[str] = set()
        for number, word in enumerate(self.types, 1):
            if word.split() != [word]:
                raise ValueError(f"line {number}: {word!r} is not one word")
            if word in seen:
                raise ValueError(f"line {number}: '{word}' is there twice")
            seen.add(word)
        self._ids = {word: i for i, word in enumerate(self.types) if i >= len(SPECIALS)}

    @classmethod
    def of_text(cls, path: str | Path, size: int) -> Vocabulary:
        """The `size` most frequent types of a tokenised file; ties go to the smaller word."""
        counts: Counter[str] = Counter()
        for line in read_lines(path):
            counts.update(line.split())
        for special in SPECIALS:
            counts.pop(special, None)
        if not counts:
            raise DataError(f"{path}: holds no word")
        ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
        return cls([*SPECIALS, *(word for word, _ in ranked[:size])])

    @classmethod
    def load(cls, path: str | Path) -> Vocabulary:
        """Read a vocabulary file: one type a line, whose number (from 0) is its id."""
        try:
            text = Path(path).read_bytes().decode("utf-8")
            *types, last = text.split("\n")
            if last:
                raise ValueError("does not end with a whole line")
            return cls(types)
        except FileNotFoundError as error:
            raise DataError(f"{path}: not found; make it with `arae vocabulary`") from error
        except ValueError as error:
            raise IntegrityError(f"{path}: not a vocabulary: {error}; make it again") from error

    def save(self, path: str | Path) -> None:
        """Write the file atomically."""
        with atomic_write(path, "wb") as handle:
            handle.write(self._bytes)

    def __len__(self) -> int:
        return len(self.types)

    @property
    def dtype(self) -> np.dtype:
        """Smallest array type for its ids that torch can index with after widening."""
        return np.dtype(np.uint16 if len(self) <= 1 << 16 else np.int32)

    @cached_property
    def sha256(self) -> str:
        """Hex SHA-256 of the file that `save` writes."""
        return hashlib.sha256(self._bytes).hexdigest()

    def encode(self, tokens: Iterable[str]) -> np.ndarray:
        """Ids of tokens. [n], of `dtype`"""
        get = self._ids.get
        return np.array([get(token, UNK) for token in tokens], dtype=self.dtype)

    def decode(self, ids: Iterable[int]) -> list[str]:
        """Types of ids."""
        return [self.types[i] for i in ids]

    @property
    def _bytes(self) -> bytes:
        return "".join(f"{word}\n" for word in self.types).encode()
