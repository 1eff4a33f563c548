"""Probabilistic context-free grammars of which everything is known exactly.

A grammar here generates sentences of at most `max_length` tokens: its distribution is the one of
the plain PCFG, conditioned on that length. Probabilities, entropy and mean length are exact.
"""

from __future__ import annotations

import bisect
import functools
import itertools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from arae.corpora.derivation import Node, likeliest
from arae.corpora.symbols import left_recursive_symbol, starts, unreachable_symbols

Lexicon = Mapping[str, Mapping[str, float]]


@dataclass(frozen=True, kw_only=True)
class Rule:
    """`probability` of rewriting its head as the sequence `parts` (empty: as nothing)."""

    probability: float
    parts: tuple[str, ...]


Rules = Mapping[str, Sequence[Rule]]


class Grammar:
    """A PCFG over words, conditioned on sentences of 1 to `max_length` tokens.

    `rules` maps each nonterminal to its alternatives (probabilities sum to 1), `lexicon` maps each
    category (preterminal) to its words' probabilities (sum to 1). A malformed grammar (unknown or
    unused symbols, left recursion, an empty sentence) is a `ValueError`.
    """

    def __init__(
        self, rules: Rules, lexicon: Lexicon, *, start: str = "sentence", max_length: int = 15
    ) -> None:
        _check(rules, lexicon, start)
        self.rules, self.lexicon = rules, lexicon
        self.start, self.max_length = start, max_length
        self._tables = {name: _DrawTable.of(words) for name, words in lexicon.items()}
        self._alternatives = {
            head: _DrawTable.of({rule.parts[::-1]: rule.probability for rule in alternatives})
            for head, alternatives in rules.items()
        }
        self._keys, self._emissions = _sharing_keys(lexicon)
        self._guarded = _guarded(rules, self._emissions)
        # Sentences that differ only in words of the same categories share one parse.
        self._structure = functools.lru_cache(maxsize=1 << 17)(self._inside)
        self._tree = functools.lru_cache(maxsize=1 << 17)(
            functools.partial(likeliest, start, self._guarded, self._emissions)
        )
        self._mass, self._mean_log = self._by_length(
            lambda rule: rule.probability, _negative_entropy
        )
        if self._mass[0] > 0:
            raise ValueError(f"the grammar's {start} can be empty")
        if not self.acceptance > 0:
            raise ValueError(f"the grammar has no sentence of at most {max_length} tokens")

    # ---- exact quantities -------------------------------------------------------------------

    @property
    def acceptance(self) -> float:
        """Probability that the plain PCFG's sentence has at most `max_length` tokens."""
        return float(self._mass.sum())

    @property
    def length_distribution(self) -> np.ndarray:
        """Probability of each sentence length 0 … max_length. [max_length + 1]"""
        return self._mass / self.acceptance

    @property
    def mean_length(self) -> float:
        """Mean number of tokens in a sentence, <eos> not counted."""
        return float(self.length_distribution @ np.arange(self.max_length + 1))

    @property
    def entropy(self) -> float:
        """Nats per sentence. Exact for an unambiguous grammar (see `ambiguity.find_ambiguity`);
        otherwise the entropy of derivations, an upper bound."""
        return math.log(self.acceptance) - float(self._mean_log.sum()) / self.acceptance

    @property
    def entropy_per_token(self) -> float:
        """Nats per token, <eos> counted as a token; its exponential is the perplexity's floor."""
        return self.entropy / (self.mean_length + 1)

    @property
    def types(self) -> tuple[str, ...]:
        """Every word that the grammar can say, sorted."""
        return tuple(sorted(self._keys))

    @functools.cached_property
    def sentence_count(self) -> float:
        """Number of different derivations (of sentences, if unambiguous), as a float."""
        counts, _ = self._by_length(lambda _: 1.0, lambda _: 0.0, lambda words: float(len(words)))
        return float(counts.sum())

    # ---- sentences --------------------------------------------------------------------------

    def log_probability(self, tokens: Sequence[str]) -> float:
        """Log-probability of a sentence in nats, summed over its derivations; −inf if it has none."""
        if not 0 < len(tokens) <= self.max_length:
            return -math.inf
        lexical, keys = 0.0, []
        for token in tokens:
            known = self._keys.get(token)
            if known is None:
                return -math.inf
            keys.append(known[0])
            lexical += known[1]
        structural = self._structure(tuple(keys))
        if structural == 0.0:
            return -math.inf
        return math.log(structural) + lexical - math.log(self.acceptance)

    def grammatical(self, tokens: Sequence[str]) -> bool:
        """Whether the grammar can generate the sentence."""
        return self.log_probability(tokens) > -math.inf

    def derivation(self, tokens: Sequence[str]) -> Node | None:
        """The likeliest derivation of a sentence (the only one, if unambiguous); None if it has none."""
        known = [self._keys.get(token) for token in tokens]
        if not 0 < len(tokens) <= self.max_length or None in known:
            return None
        return self._tree(tuple(key for key, _ in filter(None, known)))

    def sample(self, count: int, seed: int | Sequence[int]) -> list[str]:
        """`count` independent sentences, tokens joined by spaces; a pure function of `seed`."""
        uniforms = _uniforms(seed)
        sentences: list[str] = []
        while len(sentences) < count:
            words = self._draw(uniforms)
            if words is not None:
                sentences.append(" ".join(words))
        return sentences

    def _draw(self, uniforms: Iterator[float]) -> list[str] | None:
        words: list[str] = []
        waiting = [self.start]
        while waiting:
            symbol = waiting.pop()
            if symbol in self._tables:
                words.append(self._tables[symbol].choose(next(uniforms)))
                if len(words) > self.max_length:
                    return None
            else:
                waiting.extend(self._alternatives[symbol].choose(next(uniforms)))
        return words

    # ---- the inside algorithm ---------------------------------------------------------------

    def _inside(self, keys: tuple[str, ...]) -> float:
        """Probability of all derivations of the terminal keys, by a chart filled on demand."""
        chart: dict[tuple[str, int], dict[int, float]] = {}
        padded = (*keys, "")

        def spans(symbol: str, begin: int) -> dict[int, float]:
            """{end: probability that `symbol` yields keys[begin:end]}."""
            emission = self._emissions.get(symbol)
            if emission is not None:
                weight = emission.get(padded[begin])
                return {} if weight is None else {begin + 1: weight}
            found = chart.get((symbol, begin))
            if found is None:
                found = chart[symbol, begin] = {}
                for rule, can_start, nullable in self._guarded[symbol]:
                    if nullable or padded[begin] in can_start:
                        for end, weight in sequence(rule, begin).items():
                            found[end] = found.get(end, 0.0) + weight
            return found

        def sequence(rule: Rule, begin: int) -> dict[int, float]:
            reached = {begin: rule.probability}
            for part in rule.parts:
                grown: dict[int, float] = {}
                for middle, weight in reached.items():
                    for end, inner in spans(part, middle).items():
                        grown[end] = grown.get(end, 0.0) + weight * inner
                reached = grown
            return reached

        return spans(self.start, 0).get(len(keys), 0.0)

    # ---- sums over all derivations, by length -----------------------------------------------

    def _by_length(
        self,
        weight: Callable[[Rule], float],
        mean_log: Callable[[Mapping[str, float]], float],
        size: Callable[[Mapping[str, float]], float] = lambda words: 1.0,
    ) -> tuple[np.ndarray, np.ndarray]:
        """(Σ w, Σ w log w) over the start symbol's derivations of each length. [max_length + 1] ×2

        Solved by iteration: without left recursion, sums for length n settle after those for
        n − 1, so the iteration ends exactly.
        """
        width = self.max_length + 1
        one, none = np.eye(1, width)[0], np.zeros(width)
        table = {}
        for name, words in self.lexicon.items():
            unit = np.eye(1, width, 1)[0]
            table[name] = (size(words) * unit, mean_log(words) * unit)
        table |= {head: (none, none) for head in self.rules}
        for _ in range(width * (len(self.rules) + 1)):
            changed = False
            for head, alternatives in self.rules.items():
                mass, logs = none, none
                for rule in alternatives:
                    probability = weight(rule)
                    total, total_log = one, none
                    for part in rule.parts:
                        inner, inner_log = table[part]
                        total_log = _convolve(total_log, inner) + _convolve(total, inner_log)
                        total = _convolve(total, inner)
                    mass = mass + probability * total
                    logs = logs + probability * (total_log + math.log(probability) * total)
                changed |= not np.array_equal(mass, table[head][0])
                changed |= not np.array_equal(logs, table[head][1])
                table[head] = (mass, logs)
            if not changed:
                return table[self.start]
        raise ValueError("the grammar's sums over lengths do not settle")


@dataclass(frozen=True)
class _DrawTable:
    """Inverse-CDF drawing from a finite distribution."""

    values: tuple[Any, ...]
    cumulative: tuple[float, ...]

    @classmethod
    def of(cls, weights: Mapping[Any, float]) -> _DrawTable:
        return cls(tuple(weights), tuple(itertools.accumulate(weights.values())))

    def choose(self, uniform: float) -> Any:
        """The value at this point, in [0, 1), of the cumulative distribution."""
        index = bisect.bisect_right(self.cumulative, uniform * self.cumulative[-1])
        return self.values[min(index, len(self.values) - 1)]


def _uniforms(seed: int | Sequence[int]) -> Iterator[float]:
    generator = np.random.Generator(np.random.PCG64(seed))
    while True:
        yield from generator.random(8192).tolist()


def _convolve(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    return np.convolve(left, right)[: len(left)]


def _negative_entropy(words: Mapping[str, float]) -> float:
    return math.fsum(p * math.log(p) for p in words.values())


def _sharing_keys(
    lexicon: Lexicon,
) -> tuple[dict[str, tuple[str, float]], dict[str, dict[str, float]]]:
    """What a chart sees of words: (word → (key, log weight set apart), category → key weights).

    A word of one category is seen as that category, its log-probability set apart; a word of
    several categories is seen as itself (key "=word").
    """
    categories: dict[str, list[str]] = {}
    for name, words in lexicon.items():
        for word in words:
            categories.setdefault(word, []).append(name)
    keys: dict[str, tuple[str, float]] = {}
    emissions: dict[str, dict[str, float]] = {name: {} for name in lexicon}
    for word, names in categories.items():
        if len(names) == 1:
            keys[word] = (names[0], math.log(lexicon[names[0]][word]))
            emissions[names[0]][names[0]] = 1.0
        else:
            keys[word] = (f"={word}", 0.0)
            for name in names:
                emissions[name][f"={word}"] = lexicon[name][word]
    return keys, emissions


def _guarded(
    rules: Rules, emissions: Mapping[str, Mapping[str, float]]
) -> dict[str, list[tuple[Rule, frozenset[str], bool]]]:
    """Each rule with the keys that it can start with and whether it can be empty."""
    first, nullable = starts(_shape(rules), {name: set(keys) for name, keys in emissions.items()})
    guarded: dict[str, list[tuple[Rule, frozenset[str], bool]]] = {}
    for head, alternatives in rules.items():
        guarded[head] = []
        for rule in alternatives:
            can_start: set[str] = set()
            for part in rule.parts:
                can_start |= first[part]
                if part not in nullable:
                    break
            empty = all(part in nullable for part in rule.parts)
            guarded[head].append((rule, frozenset(can_start), empty))
    return guarded


def _shape(rules: Rules) -> dict[str, list[tuple[str, ...]]]:
    return {head: [rule.parts for rule in alternatives] for head, alternatives in rules.items()}


def _check(rules: Rules, lexicon: Lexicon, start: str) -> None:
    shape = _shape(rules)
    known = {*rules, *lexicon}
    for head, alternatives in rules.items():
        if head in lexicon:
            raise ValueError(f"{head} is both a nonterminal and a category")
        for rule in alternatives:
            for part in rule.parts:
                if part not in known:
                    raise ValueError(f"{head} uses the unknown symbol {part}")
        _check_distribution(head, [rule.probability for rule in alternatives])
        if len({rule.parts for rule in alternatives}) < len(alternatives):
            raise ValueError(f"{head} has the same alternative twice")
    for name, words in lexicon.items():
        _check_distribution(name, list(words.values()))
    if start not in rules:
        raise ValueError(f"no rule for the start symbol {start}")
    if unused := unreachable_symbols(shape, known, start):
        raise ValueError(f"never used: {', '.join(unused)}")
    if looping := left_recursive_symbol(shape, set(lexicon)):
        raise ValueError(f"{looping} is left-recursive; rewrite it to recur on the right")


def _check_distribution(name: str, probabilities: Sequence[float]) -> None:
    if any(not p > 0 for p in probabilities) or abs(math.fsum(probabilities) - 1) > 1e-9:
        raise ValueError(f"the probabilities of {name} are not positive with sum 1")
