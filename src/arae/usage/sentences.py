"""Text as a person gives it, read as the model's corpus was: tokens, limits, unknown words."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from arae.engine.modeldir import LoadedModel
from arae.foundation.errors import DataError
from arae.foundation.settings import parse_settings
from arae.text.tokenizer import TokenSettings, make_tokenizer, tokenizer_named
from arae.text.vocabulary import SPECIALS, UNK

Tokens = list[str]


class SentenceReader:
    """Turns lines into tokens for one model, and remembers which unknown words it has told of.

    The tokenizer and lower-casing are those of the model's corpus, kept in its recipe.json; a model
    that does not say is read with the defaults of `TokenSettings`, at whitespace.
    """

    def __init__(self, model: LoadedModel, tokenizer: str | None = None) -> None:
        settings = parse_settings(TokenSettings, model.recipe.get("tokens") or {}, "tokens")
        # Tokens that the model wrote, and tokens that were read, as a person reads them.
        self.text: Callable[[Tokens], str] = settings.tokenizer.join
        if tokenizer is not None:
            values = {"tokenizer": tokenizer_named(tokenizer)}
            chosen = parse_settings(TokenSettings, values, f"--tokenizer {tokenizer}")
            settings = replace(settings, tokenizer=chosen.tokenizer)
        self.text_read: Callable[[Tokens], str] = settings.tokenizer.join
        known = bool(model.recipe.get("tokens"))
        self.longest = settings.max_length if known else model.system.settings.max_length
        self._split = make_tokenizer(settings)
        self._vocabulary = model.vocabulary
        self._told: set[str] = set(SPECIALS)

    def read(self, line: str, where: str) -> Tokens:
        """Tokens of a line; `DataError`, beginning with `where`, if it is empty or too long."""
        tokens = self._split(line)
        if not tokens:
            raise DataError(f"{where}: empty; give a sentence")
        if len(tokens) > self.longest:
            raise DataError(
                f"{where}: {len(tokens)} words; the model was trained on at most {self.longest}, "
                "so shorten it"
            )
        return tokens

    def new_unknown(self, sentences: Iterable[Tokens]) -> list[str]:
        """Words outside the model's vocabulary that no earlier call returned, each once."""
        words = dict.fromkeys(
            token for sentence in sentences for token in sentence if token not in self._told
        )
        ids = self._vocabulary.encode(words)
        unknown = [word for word, index in zip(words, ids, strict=True) if index == UNK]
        self._told.update(unknown)
        return unknown
