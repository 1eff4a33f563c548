"""Every sentence of a small grammar, with its exact probability."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from arae.corpora.grammar import Grammar

LIMIT = 20_000


def support(grammar: Grammar, limit: int = LIMIT) -> dict[str, float]:
    """Sentence (tokens joined by spaces) -> probability, the likeliest first.

    The probabilities sum to 1. A grammar with more than `limit` derivations is a `ValueError`.
    """
    if grammar.sentence_count > limit:
        raise ValueError(
            f"the grammar has {grammar.sentence_count:,.0f} derivations, more than {limit:,}"
        )
    found: dict[str, list[float]] = {}
    for tokens, probability in _expand(grammar, (grammar.start,), grammar.max_length):
        found.setdefault(" ".join(tokens), []).append(probability / grammar.acceptance)
    summed = {sentence: math.fsum(parts) for sentence, parts in found.items()}
    return dict(sorted(summed.items(), key=lambda item: (-item[1], item[0])))


def _expand(
    grammar: Grammar, symbols: Sequence[str], room: int
) -> Iterator[tuple[tuple[str, ...], float]]:
    """(tokens, probability) of the derivations of `symbols` in at most `room` tokens.

    From left to right: without left recursion, whatever recurs has less room.
    """
    if not symbols:
        yield (), 1.0
        return
    for tokens, probability in _options(grammar, symbols[0], room):
        for rest, chance in _expand(grammar, symbols[1:], room - len(tokens)):
            yield tokens + rest, probability * chance


def _options(grammar: Grammar, symbol: str, room: int) -> Iterator[tuple[tuple[str, ...], float]]:
    if symbol in grammar.lexicon:
        if room > 0:
            for word, probability in grammar.lexicon[symbol].items():
                yield (word,), probability
        return
    for rule in grammar.rules[symbol]:
        for tokens, probability in _expand(grammar, rule.parts, room):
            yield tokens, rule.probability * probability
