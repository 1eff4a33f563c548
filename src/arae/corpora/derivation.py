"""The likeliest derivation of a sentence under a grammar, as a tree."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol


class Alternative(Protocol):
    """A rule's probability and its right-hand side."""

    @property
    def probability(self) -> float:
        """Of choosing this alternative."""

    @property
    def parts(self) -> tuple[str, ...]:
        """Symbols that the head becomes."""


@dataclass(frozen=True)
class Node:
    """A symbol over tokens[begin:end]; categories have no children."""

    symbol: str
    begin: int
    end: int
    children: tuple[Node, ...] = ()

    def leaves(self) -> Iterator[Node]:
        """The categories below, one a token, from left to right."""
        if not self.children and self.end > self.begin:
            yield self
        for child in self.children:
            yield from child.leaves()

    def find(self, symbol: str) -> Node | None:
        """The first node, root first, whose symbol is `symbol`, whatever its features in brackets."""
        if self.symbol.partition("[")[0] == symbol:
            return self
        return next((found for child in self.children if (found := child.find(symbol))), None)


# By end: (probability, children so far) of the best way to read tokens from a given place.
Ways = dict[int, tuple[float, tuple[Node, ...]]]


def likeliest(
    start: str,
    rules: Mapping[str, Sequence[tuple[Alternative, Collection[str], bool]]],
    emissions: Mapping[str, Mapping[str, float]],
    keys: Sequence[str],
) -> Node | None:
    """The Viterbi tree of terminal keys, or None.

    `rules`: head → (rule, keys that it can start with, whether it can be empty); `emissions`:
    category → weight of each key. The first of equally likely derivations is taken.
    """
    chart: dict[tuple[str, int], dict[int, tuple[float, Node]]] = {}
    padded = (*keys, "")

    def spans(symbol: str, begin: int) -> dict[int, tuple[float, Node]]:
        emission = emissions.get(symbol)
        if emission is not None:
            weight = emission.get(padded[begin])
            return {} if weight is None else {begin + 1: (weight, Node(symbol, begin, begin + 1))}
        found = chart.get((symbol, begin))
        if found is None:
            found = chart[symbol, begin] = {}
            for rule, can_start, nullable in rules[symbol]:
                if nullable or padded[begin] in can_start:
                    for end, (weight, children) in sequence(rule, begin).items():
                        if end not in found or weight > found[end][0]:
                            found[end] = (weight, Node(symbol, begin, end, children))
        return found

    def sequence(rule: Alternative, begin: int) -> Ways:
        reached: Ways = {begin: (rule.probability, ())}
        for part in rule.parts:
            grown: Ways = {}
            for middle, (weight, children) in reached.items():
                for end, (inner, node) in spans(part, middle).items():
                    if end not in grown or weight * inner > grown[end][0]:
                        grown[end] = (weight * inner, (*children, node))
            reached = grown
        return reached

    best = spans(start, 0).get(len(keys))
    return None if best is None else best[1]
