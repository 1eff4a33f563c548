"""Derivations of a grammar told apart by the roles that their content words fill.

Roles are categories of content words, each at most once in a sentence. The grammar must not recur,
so that everything can be enumerated; equations hold over all sentences, whatever their length.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Iterator, Mapping, Sequence

from arae.corpora.grammar import Grammar

Roles = frozenset[str]


class RoleDerivations:
    """Probabilities, numbers and lists of a symbol's derivations, by the set of roles they fill."""

    def __init__(self, grammar: Grammar, roles: Roles) -> None:
        self._rules, self._lexicon, self._roles = grammar.rules, grammar.lexicon, roles
        self.distribution = functools.cache(self._distribution)
        self.count = functools.cache(self._count)

    def _distribution(self, symbol: str) -> dict[Roles, float]:
        """Probability of each set of roles; a role that a sentence fills twice is a `ValueError`."""
        if symbol in self._lexicon:
            return {frozenset({symbol} & self._roles): 1.0}
        found: dict[Roles, float] = {}
        for rule in self._rules[symbol]:
            for choice in itertools.product(*map(self.distribution, rule.parts)):
                roles: Roles = frozenset().union(*choice)
                if len(roles) < sum(map(len, choice)):
                    raise ValueError(f"{symbol} can use a content category twice")
                parts = zip(rule.parts, choice, strict=True)
                weight = math.prod(self.distribution(part)[form] for part, form in parts)
                found[roles] = found.get(roles, 0.0) + rule.probability * weight
        return found

    def _count(self, symbol: str, roles: Roles) -> int:
        """Number of derivations that fill exactly `roles`, with given content words."""
        if symbol in self._lexicon:
            return 1 if symbol in self._roles else len(self._lexicon[symbol])
        return sum(
            math.prod(map(self.count, rule.parts, split))
            for rule in self._rules[symbol]
            for split in self._splits(rule.parts, roles)
        )

    def say(self, symbol: str, roles: Roles, words: Mapping[str, str]) -> Iterator[tuple[str, ...]]:
        """Every yield that fills exactly `roles`, with their `words`, in the order of the rules."""
        if symbol in self._lexicon:
            choices = (words[symbol],) if symbol in self._roles else self._lexicon[symbol]
            yield from ((word,) for word in choices)
            return
        for rule in self._rules[symbol]:
            for split in self._splits(rule.parts, roles):
                yield from self._say_all(rule.parts, split, words)

    def _say_all(
        self, parts: Sequence[str], split: Sequence[Roles], words: Mapping[str, str]
    ) -> Iterator[tuple[str, ...]]:
        if not parts:
            yield ()
            return
        for first in self.say(parts[0], split[0], words):
            for rest in self._say_all(parts[1:], split[1:], words):
                yield first + rest

    def _splits(self, parts: Sequence[str], roles: Roles) -> Iterator[tuple[Roles, ...]]:
        """Ways to share `roles` out over `parts`."""
        if not parts:
            if not roles:
                yield ()
            return
        for form in self.distribution(parts[0]):
            if form <= roles:
                for rest in self._splits(parts[1:], roles - form):
                    yield form, *rest
