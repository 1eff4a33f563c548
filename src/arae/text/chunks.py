"""spaCy's tokenizer, chunk by chunk: the same tokens, each distinct chunk split only once.

spaCy splits what stands between spaces by itself, and then looks for special cases ("a.m.", ":-)")
among the tokens of the whole line. Only such a case can reach over a space; a line where two chunks meet
as in one of them goes to spaCy whole.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

KNOWN_CHUNKS = 500_000  # memory stays flat in the size of the text

# Tokens; first and last raw token, None where no special case has it at such a place.
_Chunk = tuple[list[str], str | None, str | None]


class ChunkTokenizer:
    """Tokens of a line, each changed by `change` (lower-casing, or nothing)."""

    def __init__(self, exact: Any, change: Callable[[str], str] = str) -> None:
        """`exact`: spaCy's rule tokenizer of a language."""
        from spacy.tokenizer import Tokenizer

        self._exact, self._change = exact, change
        # The same rules without special cases: the tokens among which spaCy looks for them.
        self._raw = Tokenizer(
            exact.vocab,
            rules={},
            prefix_search=exact.prefix_search,
            suffix_search=exact.suffix_search,
            infix_finditer=exact.infix_finditer,
            token_match=exact.token_match,
            url_match=exact.url_match,
        )
        self._meetings = {
            pair for case in exact.rules for pair in pairwise(_texts(self._raw(case)))
        }
        self._before = {first for first, _ in self._meetings}
        self._after = {second for _, second in self._meetings}
        self._known: dict[str, _Chunk] = {}

    def __call__(self, line: str) -> list[str]:
        """Tokens, none of which is empty or holds whitespace."""
        tokens: list[str] = []
        known, before = self._known, None
        chunks = line.split()
        for chunk in chunks:
            parts, first, last = known.get(chunk) or self._learn(chunk)
            if before is not None and first is not None and (before, first) in self._meetings:
                return self._split(" ".join(chunks))
            tokens += parts
            before = last
        return tokens

    def _learn(self, chunk: str) -> _Chunk:
        if len(self._known) >= KNOWN_CHUNKS:
            self._known.clear()
        raw = _texts(self._raw(chunk))
        first = raw[0] if raw[0] in self._after else None
        last = raw[-1] if raw[-1] in self._before else None
        found = self._known[chunk] = (self._split(chunk), first, last)
        return found

    def _split(self, text: str) -> list[str]:
        return [self._change(token) for token in _texts(self._exact(text))]


def _texts(document: Any) -> list[str]:
    return [token.text for token in document]
