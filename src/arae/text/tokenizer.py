"""Tokenizers by name, and the settings of tokenisation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from arae.corpora.lines import MAX_LINE_BYTES
from arae.foundation.settings import bounded

Tokenizer = Callable[[str], list[str]]


@dataclass(frozen=True, kw_only=True)
class TokenSettings:
    """How text becomes tokens; sentences of more than `max_length` tokens are dropped.

    Lines come in groups of `group` (2 for pairs of sentences); a group is kept or dropped whole.
    """

    tokenizer: Literal["spacy", "whitespace"] = "whitespace"
    lowercase: bool = True
    max_length: int = bounded(15, low=1)
    group: int = bounded(1, low=1, high=8)
    max_line_bytes: int = bounded(MAX_LINE_BYTES, low=1)


def make_tokenizer(settings: TokenSettings) -> Tokenizer:
    """Function from a line to its tokens, none of which is empty or holds whitespace.

    Every Unicode whitespace character separates tokens. Lower-casing comes after tokenisation.
    """
    return TOKENIZERS[settings.tokenizer](str.lower if settings.lowercase else str)


def _whitespace(change: Callable[[str], str]) -> Tokenizer:
    return lambda line: [change(token) for token in line.split()]


def _spacy(change: Callable[[str], str]) -> Tokenizer:
    """spaCy's rule-based English tokenizer; needs no model."""
    from arae.text.chunks import ChunkTokenizer

    return ChunkTokenizer(change)


TOKENIZERS: dict[str, Callable[[Callable[[str], str]], Tokenizer]] = {
    "spacy": _spacy,
    "whitespace": _whitespace,
}
