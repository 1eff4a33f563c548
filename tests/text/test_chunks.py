"""Chunk by chunk or line by line: spaCy's tokens, whatever the text."""

from __future__ import annotations

import random

import pytest
import spacy
from hypothesis import given, settings
from hypothesis import strategies as st

from arae.text import chunks
from arae.text.chunks import ChunkTokenizer

SPACY = spacy.blank("en").tokenizer
OURS = ChunkTokenizer(SPACY)
CASES = sorted(case for case in SPACY.rules if case.strip())
ODD = [
    "(",
    ")",
    ".",
    ",",
    "'",
    "’",
    '"',
    "-",
    "...",
    "/",
    "8",
    "10km",
    "U.S.",
    "http://a.b/c?d",
    "é",
    "…",
]


def expected(line: str) -> list[str]:
    return [token.text for token in SPACY(" ".join(line.split()))]


@pytest.mark.parametrize(
    "line",
    [
        "",
        "  ",
        "She'll meet him at 8 a.m. , won't she ? :-)",
        "at 8 a.m . or at 9 p.m .",
        ": ) and :) ) and ( ^_^ )",
        "I 'm here , y' all",
        "St . Louis , Mo . and\tN.Y .",
        "http://example.com/a_b?c=d. (See www.x.org!)",
    ],
)
def test_lines(line: str) -> None:
    assert OURS(line) == expected(line)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.one_of(st.text(max_size=8), st.sampled_from(CASES + ODD)), max_size=8))
def test_any_text(parts: list[str]) -> None:
    line = " ".join(parts)
    assert OURS(line) == expected(line)


def test_special_cases_torn_apart_and_put_together() -> None:
    draw = random.Random(3)
    for _ in range(20_000):
        line = draw.choice(["", " "]).join(draw.choices(CASES + ODD, k=3))
        at = draw.randrange(len(line) + 1)
        line = f"{line[:at]} {line[at:]}"
        assert OURS(line) == expected(line), line


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chunks, "KNOWN_CHUNKS", 10)
    small = ChunkTokenizer(SPACY, str.lower)
    for number in range(100):
        assert small(f"Word{number} don't") == [f"word{number}", "do", "n't"]
    assert len(small._known) <= 10
