"""A text under evaluation: its lines, its ids, and how many of its lines are empty."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path

import numpy as np

from arae.foundation.errors import DataError
from arae.text.encoded import EncodedText
from arae.text.vocabulary import Vocabulary


@dataclass(frozen=True, kw_only=True)
class Sentences:
    """Sentences as tokens and as ids; a generator may also make empty ones, which are counted apart."""

    tokens: list[list[str]]  # the sentences with at least one token, in order
    encoded: EncodedText  # the same
    empty: int  # how many sentences had no token

    @property
    def count(self) -> int:
        """All sentences, empty ones too."""
        return len(self.tokens) + self.empty


def read_sentences(path: Path, vocabulary: Vocabulary, limit: int | None = None) -> Sentences:
    """The first `limit` lines of a token file; `DataError` if there are fewer, or none with a token."""
    try:
        with path.open(encoding="utf-8", newline="\n") as handle:
            lines = [line.split() for line in islice(handle, limit)]
    except FileNotFoundError as error:
        raise DataError(f"{path}: not found") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: is not UTF-8 text ({error})") from error
    if limit is not None and len(lines) < limit:
        raise DataError(
            f"{path}: has {len(lines)} sentences, {limit} are asked for; every system must be "
            "measured on as many, so sample more or ask for fewer"
        )
    tokens = [line for line in lines if line]
    if not tokens:
        raise DataError(f"{path}: has no sentence with a token in its {len(lines)} lines")
    return Sentences(
        tokens=tokens, encoded=encode(tokens, vocabulary), empty=len(lines) - len(tokens)
    )


def encode(tokens: Iterable[list[str]], vocabulary: Vocabulary) -> EncodedText:
    """Sentences (lists of tokens) as ids."""
    sentences = list(tokens)
    offsets = np.zeros(len(sentences) + 1, dtype=np.int64)
    np.cumsum([len(sentence) for sentence in sentences], out=offsets[1:])
    return EncodedText(vocabulary.encode(list(chain.from_iterable(sentences))), offsets)
