"""Tokenizers, each with its settings, and the settings of tokenisation."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from arae.corpora.lines import MAX_LINE_BYTES
from arae.foundation.errors import SettingsError
from arae.foundation.settings import bounded

Tokenizer = Callable[[str], list[str]]
# What stands for a space among characters (SentencePiece uses it too).
SPACE = "\u2581"
JOINER = "\u200d"


@dataclass(frozen=True, kw_only=True)
class Whitespace:
    """What stands between whitespace."""

    kind: Literal["whitespace"] = "whitespace"

    def build(self, change: Callable[[str], str]) -> Tokenizer:
        """Function from a line to its tokens, each changed by `change`."""
        return lambda line: [change(token) for token in line.split()]

    def join(self, tokens: Iterable[str]) -> str:
        """Tokens as a person reads them."""
        return " ".join(tokens)


@dataclass(frozen=True, kw_only=True)
class Spacy:
    """spaCy's rules for a language (`en`, `de`, `zh`, …); they need no trained model.

    Some languages need a package of their own, which the message names.
    """

    kind: Literal["spacy"] = "spacy"
    language: str = "en"

    def build(self, change: Callable[[str], str]) -> Tokenizer:
        """Function from a line to its tokens, each changed by `change`."""
        import spacy
        from spacy.tokenizer import Tokenizer as RuleTokenizer

        from arae.text.chunks import ChunkTokenizer

        try:
            split = spacy.blank(self.language).tokenizer
        except (ImportError, ValueError, OSError) as error:
            reason = " ".join(str(error).split())
            raise SettingsError(
                f"tokens.tokenizer.language: spaCy cannot split '{self.language}': {reason}"
            ) from error
        if isinstance(split, RuleTokenizer):
            return ChunkTokenizer(split, change)
        # A tokenizer of its own kind, which may give spaces as tokens.
        return lambda line: [
            change(token.text) for token in split(" ".join(line.split())) if token.text.strip()
        ]

    def join(self, tokens: Iterable[str]) -> str:
        """Tokens as a person reads them."""
        return " ".join(tokens)


@dataclass(frozen=True, kw_only=True)
class Characters:
    """Every character as a person sees it, with its marks; for text without spaces.

    Whitespace within a line becomes the token \u2581, so that joined tokens are the line again.
    """

    kind: Literal["characters"] = "characters"

    def build(self, change: Callable[[str], str]) -> Tokenizer:
        """Function from a line to its tokens; `change` acts on the whole line."""
        return lambda line: _characters(SPACE.join(change(line).split()))

    def join(self, tokens: Iterable[str]) -> str:
        """The text of tokens."""
        return "".join(tokens).replace(SPACE, " ")


def _characters(text: str) -> list[str]:
    """Letters with the marks that follow them, and what a zero-width joiner ties together."""
    found: list[str] = []
    tied = False
    for letter in unicodedata.normalize("NFC", text):
        extends = tied or letter == JOINER or unicodedata.category(letter).startswith("M")
        if extends and found and found[-1] != SPACE:
            found[-1] += letter
        else:
            found.append(letter)
        tied = letter == JOINER
    return found


AnyTokenizer = Whitespace | Spacy | Characters


@dataclass(frozen=True, kw_only=True)
class TokenSettings:
    """How text becomes tokens; sentences of more than `max_length` tokens are dropped.

    Lines come in groups of `group` (2 for pairs of sentences); a group is kept or dropped whole.
    """

    tokenizer: Whitespace | Spacy | Characters = Whitespace()
    lowercase: bool = True
    max_length: int = bounded(15, low=1)
    group: int = bounded(1, low=1, high=8)
    max_line_bytes: int = bounded(MAX_LINE_BYTES, low=1)


def make_tokenizer(settings: TokenSettings) -> Tokenizer:
    """Function from a line to its tokens, none of which is empty or holds whitespace.

    Every Unicode whitespace character separates tokens. Lower-casing comes after tokenisation.
    """
    return settings.tokenizer.build(str.lower if settings.lowercase else str)


def tokenizer_named(text: str) -> dict[str, str]:
    """The settings of a tokenizer as a command line names it: KIND, or spacy:LANGUAGE."""
    kind, _, language = text.partition(":")
    return {"kind": kind, **({"language": language} if language else {})}
