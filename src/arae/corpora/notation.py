"""Readable notation for grammars: rules as text, Zipf-weighted word lists, English inflection.

A rule text has heads at the margin and, indented below each, its alternatives: a weight (made a
probability by their sum) and the parts, `-` for none. A quoted part is that very word. A feature in
brackets takes the same value all over a rule, one rule per value:

    clause[n]
        3  subject[n] verb[n]
        1  "there" be[n] subject[n]
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Mapping, Sequence

from arae.corpora.grammar import Lexicon, Rule, Rules

_BRACKETS = re.compile(r"\[([\w,]+)\]")


def parse_rules(text: str, features: Mapping[str, Sequence[str]]) -> dict[str, list[Rule]]:
    """Rules of a rule text, with every feature of a head replaced by each of its values."""
    weighted: dict[str, list[tuple[float, tuple[str, ...]]]] = {}
    for head, alternatives in _blocks(text):
        bound = [name for name in _names(head) if name in features]
        for values in itertools.product(*(features[name] for name in bound)):
            chosen = dict(zip(bound, values, strict=True))
            symbol = _bind(head, chosen)
            if symbol in weighted:
                raise ValueError(f"{symbol} has two blocks of rules")
            weighted[symbol] = [
                (weight, tuple(_bind(part, chosen) for part in parts))
                for weight, parts in alternatives
            ]
    return {
        head: [
            Rule(probability=weight / sum(w for w, _ in alternatives), parts=parts)
            for weight, parts in alternatives
        ]
        for head, alternatives in weighted.items()
    }


def literals(rules: Rules) -> dict[str, dict[str, float]]:
    """One-word categories for the quoted words that the rules use."""
    quoted = sorted(part for part in _parts(rules) if part.startswith('"'))
    return {part: {part.strip('"'): 1.0} for part in quoted}


def used_by(rules: Rules, lexicon: Lexicon) -> dict[str, Mapping[str, float]]:
    """The categories that the rules use: inflection makes forms that a grammar never says."""
    used = _parts(rules)
    return {name: words for name, words in lexicon.items() if name in used}


def zipf(words: Sequence[str], law: tuple[float, float]) -> dict[str, float]:
    """Zipf–Mandelbrot probabilities ∝ (rank + shift)^−exponent for the law (exponent, shift)."""
    exponent, shift = law
    if len(set(words)) < len(words):
        twice = sorted({word for word in words if words.count(word) > 1})
        raise ValueError(f"listed twice: {', '.join(twice)}")
    weights = [(rank + shift) ** -exponent for rank in range(1, len(words) + 1)]
    return {word: weight / sum(weights) for word, weight in zip(words, weights, strict=True)}


def weights(text: str) -> dict[str, float]:
    """Probabilities from `word weight word weight …`."""
    fields = text.split()
    words, numbers = fields[::2], [float(number) for number in fields[1::2]]
    return {word: number / sum(numbers) for word, number in zip(words, numbers, strict=True)}


def noun_forms(text: str) -> dict[str, list[str]]:
    """{"s": singulars, "p": plurals} of `cat man:men …` (irregular plurals given)."""
    pairs = [word.partition(":") for word in text.split()]
    return {
        "s": [singular for singular, _, _ in pairs],
        "p": [plural or _with_s(singular) for singular, _, plural in pairs],
    }


def verb_forms(text: str) -> dict[str, list[str]]:
    """{"s": walks, "p": walk, "ing": walking} of `walk run:running …` (odd -ing forms given)."""
    pairs = [word.partition(":") for word in text.split()]
    return {
        "s": [_with_s(base) for base, _, _ in pairs],
        "p": [base for base, _, _ in pairs],
        "ing": [given or _with_ing(base) for base, _, given in pairs],
    }


def inflected(
    name: str, forms: Mapping[str, Sequence[str]], law: tuple[float, float]
) -> dict[str, dict[str, float]]:
    """Categories `name[form]`, each Zipf-weighted in the same order."""
    return {f"{name}[{form}]": zipf(words, law) for form, words in forms.items()}


def merged(parts: Iterable[Lexicon]) -> dict[str, Mapping[str, float]]:
    """One lexicon of several; a category given twice is an error."""
    lexicon: dict[str, Mapping[str, float]] = {}
    for part in parts:
        if twice := lexicon.keys() & part.keys():
            raise ValueError(f"categories given twice: {', '.join(sorted(twice))}")
        lexicon |= part
    return lexicon


def _parts(rules: Rules) -> set[str]:
    return {part for options in rules.values() for rule in options for part in rule.parts}


def _blocks(text: str) -> list[tuple[str, list[tuple[float, list[str]]]]]:
    blocks: list[tuple[str, list[tuple[float, list[str]]]]] = []
    for line in filter(str.strip, text.splitlines()):
        if not line[0].isspace():
            blocks.append((line.strip(), []))
            continue
        weight, *parts = line.split()
        blocks[-1][1].append((float(weight), [] if parts == ["-"] else parts))
    return blocks


def _names(symbol: str) -> list[str]:
    found = _BRACKETS.search(symbol)
    return found.group(1).split(",") if found else []


def _bind(symbol: str, chosen: Mapping[str, str]) -> str:
    if symbol.startswith('"'):
        return symbol
    values = [chosen.get(name, name) for name in _names(symbol)]
    return _BRACKETS.sub(f"[{','.join(values)}]", symbol)


def _with_s(word: str) -> str:
    if re.search(r"(s|x|z|ch|sh)$", word):
        return word + "es"
    if re.search(r"[^aeiou]y$", word):
        return word[:-1] + "ies"
    return word + "s"


def _with_ing(base: str) -> str:
    return (base[:-1] if re.search(r"[^eoy]e$", base) else base) + "ing"
