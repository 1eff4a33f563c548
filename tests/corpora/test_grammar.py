"""The grammar's exact numbers against brute-force enumeration and against its own samples."""

from __future__ import annotations

import itertools
import math
import random
from collections import Counter, defaultdict

import pytest

from arae.corpora.ambiguity import find_ambiguity
from arae.corpora.grammar import Grammar, Rule
from arae.corpora.notation import literals, parse_rules

NUMBER = {"n": ("s", "p")}

# Unambiguous and recursive: relative clauses can nest without end.
TINY_RULES = """
sentence
    3  clause[s]
    1  clause[p]
clause[n]
    1  subject[n] verb[n] place
subject[n]
    4  noun[n]
    1  noun[n] "who" verb[n]
    1  noun[n] "who" "sees" subject[s]
place
    1  -
    3  "in" spot
"""
TINY_WORDS = {
    "noun[s]": {"man": 0.7, "dog": 0.3},
    "noun[p]": {"men": 0.5, "sheep": 0.5},
    "verb[s]": {"runs": 0.9, "sits": 0.1},
    "verb[p]": {"run": 1.0},
    "spot": {"park": 0.25, "street": 0.75},
}

# The classical attachment: "sees men with dogs with men" has several derivations.
ATTACHMENT_RULES = """
sentence
    1  "sees" phrase
    1  "sees" phrase "with" phrase
phrase
    3  noun
    1  noun "with" phrase
"""
ATTACHMENT_WORDS = {"noun": {"men": 0.75, "dogs": 0.25}}


def build(rules: str, words: dict, max_length: int) -> Grammar:
    parsed = parse_rules(rules, NUMBER)
    return Grammar(parsed, {**words, **literals(parsed)}, max_length=max_length)


def derivations(grammar: Grammar, longest: int):
    """Every leftmost derivation of at most `longest` words as (words, probability)."""
    waiting = [((grammar.start,), (), 1.0)]
    while waiting:
        stack, words, probability = waiting.pop()
        if not stack:
            yield words, probability
        elif stack[0] in grammar.lexicon:
            if len(words) < longest:
                for word, chance in grammar.lexicon[stack[0]].items():
                    waiting.append((stack[1:], (*words, word), probability * chance))
        else:
            for rule in grammar.rules[stack[0]]:
                waiting.append((rule.parts + stack[1:], words, probability * rule.probability))


def enumerated(grammar: Grammar) -> dict[tuple[str, ...], float]:
    total: dict[tuple[str, ...], float] = defaultdict(float)
    for words, probability in derivations(grammar, grammar.max_length):
        total[words] += probability
    mass = math.fsum(total.values())
    return {words: probability / mass for words, probability in total.items()}


@pytest.mark.parametrize(
    ("rules", "words"),
    [(TINY_RULES, TINY_WORDS), (ATTACHMENT_RULES, ATTACHMENT_WORDS)],
    ids=["unambiguous", "ambiguous"],
)
@pytest.mark.parametrize("max_length", [4, 7])
def test_log_probability_equals_brute_force_and_sums_to_one(rules, words, max_length):
    grammar = build(rules, words, max_length)
    expected = enumerated(grammar)
    assert len(expected) > 5
    for sentence, probability in expected.items():
        assert grammar.log_probability(sentence) == pytest.approx(math.log(probability), abs=1e-12)
    found = math.fsum(math.exp(grammar.log_probability(sentence)) for sentence in expected)
    assert found == pytest.approx(1.0, abs=1e-12)


def test_every_other_word_sequence_has_probability_zero():
    grammar = build(ATTACHMENT_RULES, ATTACHMENT_WORDS, 4)
    possible = enumerated(grammar)
    for length in range(6):
        for words in itertools.product(["sees", "men", "dogs", "with", "unheard"], repeat=length):
            assert grammar.grammatical(words) == (words in possible)


def test_ambiguous_sentence_sums_its_derivations_by_hand():
    grammar = build(ATTACHMENT_RULES, ATTACHMENT_WORDS, 8)
    one = 0.5 * (0.25 * 0.75) * (0.75 * 0.25)  # sees [men with dogs]
    other = 0.5 * (0.75 * 0.75) * (0.75 * 0.25)  # sees [men] with [dogs]
    expected = math.log((one + other) / grammar.acceptance)
    assert grammar.log_probability(["sees", "men", "with", "dogs"]) == pytest.approx(expected)


@pytest.mark.parametrize("max_length", [3, 6, 9])
def test_entropy_length_and_count_equal_brute_force(max_length):
    grammar = build(TINY_RULES, TINY_WORDS, max_length)
    chances = enumerated(grammar)
    entropy = -math.fsum(p * math.log(p) for p in chances.values())
    mean_length = math.fsum(p * len(words) for words, p in chances.items())
    assert grammar.entropy == pytest.approx(entropy, abs=1e-10)
    assert grammar.mean_length == pytest.approx(mean_length, abs=1e-10)
    assert grammar.entropy_per_token == pytest.approx(entropy / (mean_length + 1), abs=1e-10)
    for length, share in enumerate(grammar.length_distribution):
        exact = math.fsum(p for words, p in chances.items() if len(words) == length)
        assert share == pytest.approx(exact, abs=1e-12)


def test_sentence_count_counts_derivations():
    grammar = build(TINY_RULES, TINY_WORDS, 7)
    assert grammar.sentence_count == len(enumerated(grammar))
    assert grammar.sentence_count == sum(1 for _ in derivations(grammar, 7))


def test_samples_follow_the_distribution():
    grammar = build(TINY_RULES, TINY_WORDS, 5)
    chances = enumerated(grammar)
    count = 20_000
    drawn = Counter(tuple(line.split()) for line in grammar.sample(count, seed=3))
    assert set(drawn) <= set(chances)
    for words, chance in chances.items():
        deviation = math.sqrt(count * chance * (1 - chance)) + 1e-9
        assert abs(drawn[words] - count * chance) < 5 * deviation, words


def test_sampling_is_a_function_of_the_seed_and_prefix_stable():
    grammar = build(TINY_RULES, TINY_WORDS, 7)
    assert grammar.sample(50, seed=[1, 0]) == grammar.sample(200, seed=[1, 0])[:50]
    assert grammar.sample(50, seed=[1, 0]) != grammar.sample(50, seed=[1, 1])


def test_words_of_two_categories_count_in_both():
    words = {"noun": {"park": 0.5, "men": 0.5}, "verb": {"park": 0.2, "sit": 0.8}}
    grammar = build("sentence\n    1  noun verb\n    1  verb\n", words, 3)
    assert math.exp(grammar.log_probability(["park", "park"])) == pytest.approx(0.5 * 0.5 * 0.2)
    assert math.exp(grammar.log_probability(["park"])) == pytest.approx(0.5 * 0.2)
    assert not grammar.grammatical(["men"])


def test_ambiguity_is_found_and_unambiguity_proved():
    assert find_ambiguity(build(TINY_RULES, TINY_WORDS, 9)) is None
    missing_in_two_ways = TINY_RULES + "    1  nothing\nnothing\n    1  -\n"
    assert find_ambiguity(build(missing_in_two_ways, TINY_WORDS, 9)) == ["noun[s]", "verb[s]"]
    assert find_ambiguity(build(ATTACHMENT_RULES, ATTACHMENT_WORDS, 8)) == [
        *('"sees"', "noun", '"with"', "noun")
    ]
    # Two "with" need 4 words: shorter sentences cannot be ambiguous.
    assert find_ambiguity(build(ATTACHMENT_RULES, ATTACHMENT_WORDS, 3)) is None


def random_grammar(seed: int) -> Grammar | None:
    """A small random grammar, or None if the draw is malformed."""
    draw = random.Random(seed)
    symbols = ["sentence", "one", "other", "x", "y", "z"]
    rules = {}
    for head in symbols[:3]:
        sides = {tuple(draw.choices(symbols, k=draw.choice([0, 1, 2, 2, 3]))) for _ in range(3)}
        rules[head] = [Rule(probability=1 / len(sides), parts=parts) for parts in sorted(sides)]
    words = {"x": {"a": 1.0}, "y": {"a": 0.5, "b": 0.5}, "z": {"c": 1.0}}
    try:
        return Grammar(rules, words, max_length=4)
    except ValueError:
        return None


def test_random_grammars_against_enumeration():
    verdicts = Counter()
    for seed in range(3000):
        grammar = random_grammar(seed)
        if grammar is None:
            continue
        total: dict[tuple[str, ...], float] = defaultdict(float)
        count = Counter()
        for words, probability in derivations(grammar, 4):
            total[words] += probability
            count[words] += 1
        for words, probability in total.items():
            expected = math.log(probability / grammar.acceptance)
            assert grammar.log_probability(words) == pytest.approx(expected, abs=1e-9)
        ambiguous = max(count.values()) > 1
        assert (find_ambiguity(grammar) is not None) == ambiguous, seed
        verdicts[ambiguous] += 1
    assert min(verdicts[True], verdicts[False]) > 10


def test_a_word_shared_by_categories_makes_a_grammar_ambiguous():
    rules = "sentence\n    1  one tail\n    1  other tail\n"
    tail = {"tail": {"end": 1.0}}
    shared = {"one": {"a": 0.5, "b": 0.5}, "other": {"b": 0.5, "c": 0.5}}
    apart = {"one": {"a": 0.5, "b": 0.5}, "other": {"c": 1.0}}
    assert find_ambiguity(build(rules, {**shared, **tail}, 3)) == ["one", "tail"]
    assert find_ambiguity(build(rules, {**apart, **tail}, 3)) is None


@pytest.mark.parametrize(
    ("rules", "words", "message"),
    [
        ("sentence\n    1  noun verb\n", {"noun": {"a": 1.0}}, "unknown symbol verb"),
        ("sentence\n    1  noun\n", {"noun": {"a": 0.5}}, "sum 1"),
        ("sentence\n    1  noun\n", {"noun": {"a": 1.0}, "verb": {"b": 1.0}}, "never used: verb"),
        ("sentence\n    1  sentence noun\n    1  noun\n", {"noun": {"a": 1.0}}, "left-recursive"),
        (
            "sentence\n    1  x sentence\n    1  noun\nx\n    1  -\n",
            {"noun": {"a": 1.0}},
            "left-rec",
        ),
        ("sentence\n    1  noun\n    1  -\n", {"noun": {"a": 1.0}}, "can be empty"),
        ("sentence\n    1  noun noun noun\n", {"noun": {"a": 1.0}}, "no sentence of at most 2"),
        ("sentence\n    1  noun\n    2  noun\n", {"noun": {"a": 1.0}}, "same alternative twice"),
        ("other\n    1  noun\n", {"noun": {"a": 1.0}}, "start symbol"),
    ],
)
def test_malformed_grammars_are_refused(rules, words, message):
    with pytest.raises(ValueError, match=message):
        build(rules, words, 2)
