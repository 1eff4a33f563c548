"""Grammars in which the same content can be said in several classes, so that transfer is exact.

The start symbol chooses the class, each with the same probability; below it, content words are
chosen with the same probabilities in every class, and each class has its own words and
constructions for the rest. A sentence's correct transfers into a class are all sentences of that
class with the same content.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from arae.corpora.derivations import RoleDerivations
from arae.corpora.grammar import Grammar, Lexicon, Rule
from arae.corpora.notation import literals, merged, parse_rules, used_by

Content = tuple[tuple[str, str], ...]


class StyledGrammar:
    """The exact truth about style: classes, content, and what a correct transfer is.

    `grammar` generates the sentences of all classes, `start[label]` those of one. `roles` are the
    categories of content words. Refused with a `ValueError`: a role that a sentence can fill twice,
    content that depends on the class, and a content word that has another meaning besides.
    """

    def __init__(self, grammar: Grammar, start: Mapping[str, str], roles: Iterable[str]) -> None:
        self.grammar = grammar
        self.classes = tuple(sorted(start))
        self._start = dict(start)
        known = frozenset(roles) & grammar.lexicon.keys()
        self._role_of = _role_of(grammar.lexicon, known)
        self._derivations = RoleDerivations(grammar, known)
        self._said = {label: _below(grammar, start[label]) for label in self.classes}
        self._check()

    @classmethod
    def build(
        cls,
        rules: str,
        features: Mapping[str, Sequence[str]],
        *,
        content: Iterable[Lexicon],
        style: Iterable[Lexicon],
        max_length: int = 15,
    ) -> StyledGrammar:
        """From a rule text whose `sentence` is one of `said[class]`; the feature `c` lists classes."""
        parsed = parse_rules(rules, features)
        spoken = merged(content)
        lexicon = used_by(parsed, merged([spoken, *style, literals(parsed)]))
        grammar = Grammar(parsed, lexicon, max_length=max_length)
        return cls(grammar, {label: f"said[{label}]" for label in features["c"]}, spoken)

    def _check(self) -> None:
        if abs(self.grammar.acceptance - 1) > 1e-9:
            raise ValueError(f"a sentence can exceed {self.grammar.max_length} tokens")
        first, *others = (self._derivations.distribution(self._start[c]) for c in self.classes)
        for other in others:
            if first.keys() != other.keys() or any(
                not math.isclose(first[roles], other[roles], rel_tol=1e-9) for roles in first
            ):
                raise ValueError("what is said depends on the class that says it")
        if frozenset() in first:
            raise ValueError("a sentence can be without content")

    # ---- what a sentence is -----------------------------------------------------------------

    def label_of(self, tokens: Sequence[str]) -> str | None:
        """The class of a sentence; None for what the grammar never says."""
        for label, grammar in self._said.items():
            if grammar.grammatical(tokens):
                return label
        return None

    def content_words(self, tokens: Iterable[str]) -> Content:
        """(role, word) of every content word among any tokens, sorted; style words are left out."""
        roles = self._role_of
        return tuple(sorted((roles[token], token) for token in tokens if token in roles))

    def content(self, tokens: Sequence[str]) -> Content | None:
        """The content of a sentence of the grammar; None for anything else."""
        return None if self.label_of(tokens) is None else self.content_words(tokens)

    def content_kept(self, source: Sequence[str], output: Sequence[str]) -> float:
        """Share of the source's content words that the output holds, grammatical or not.

        A source without content words is a `ValueError`.
        """
        wanted, found = Counter(self.content_words(source)), Counter(self.content_words(output))
        if not wanted:
            raise ValueError(f"no content word in: {' '.join(source)}")
        return (wanted & found).total() / wanted.total()

    @property
    def content_entropy(self) -> float:
        """Nats of a sentence's content; independent of its class."""
        distribution = self._derivations.distribution(self._start[self.classes[0]])
        of_words = {role: _entropy(words.values()) for role, words in self.grammar.lexicon.items()}
        return _entropy(distribution.values()) + math.fsum(
            probability * sum(of_words[role] for role in roles)
            for roles, probability in distribution.items()
        )

    # ---- transfer ---------------------------------------------------------------------------

    def is_exact_transfer(self, source: Sequence[str], output: Sequence[str], target: str) -> bool:
        """Whether the output is a sentence of class `target` with exactly the source's content."""
        same = self.content_words(output) == self.content_words(source)
        return same and self.label_of(output) == target

    def transferred(self, tokens: Sequence[str], target: str) -> Iterator[list[str]]:
        """Every correct transfer of a sentence, one by one, in the order of rules and word lists.

        What the grammar never says has none.
        """
        words = dict(self.content(tokens) or ())
        said = self._derivations.say(self._start[target], frozenset(words), words)
        return map(list, said)

    def transfer_count(self, tokens: Sequence[str], target: str) -> int:
        """How many correct transfers a sentence has."""
        roles = frozenset(dict(self.content(tokens) or ()))
        return self._derivations.count(self._start[target], roles)


def _entropy(probabilities: Iterable[float]) -> float:
    return -math.fsum(p * math.log(p) for p in probabilities)


def _role_of(lexicon: Lexicon, roles: frozenset[str]) -> dict[str, str]:
    """Content word → its category."""
    categories: dict[str, list[str]] = {}
    for category, words in lexicon.items():
        for word in words:
            categories.setdefault(word, []).append(category)
    for word, names in categories.items():
        if len(names) > 1 and roles & set(names):
            raise ValueError(f"the content word '{word}' is in {' and '.join(names)}")
    return {word: names[0] for word, names in categories.items() if names[0] in roles}


def _below(grammar: Grammar, start: str) -> Grammar:
    """The part of a grammar that one symbol uses."""
    rules: dict[str, Sequence[Rule]] = {}
    waiting = [start]
    while waiting:
        symbol = waiting.pop()
        if symbol in grammar.rules and symbol not in rules:
            rules[symbol] = grammar.rules[symbol]
            waiting += [part for rule in rules[symbol] for part in rule.parts]
    words = used_by(rules, grammar.lexicon)
    return Grammar(rules, words, start=start, max_length=grammar.max_length)
