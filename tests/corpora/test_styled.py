"""Grammars with exact transfer: checked against every sentence of a small one, and on `reviews` and
`topics` themselves."""

from __future__ import annotations

import itertools
import math
import re
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
import pytest

from arae.corpora.ambiguity import find_ambiguity
from arae.corpora.reviews import reviews_grammar
from arae.corpora.sources import parse_source
from arae.corpora.styled import StyledGrammar
from arae.corpora.styled_source import style_oracle_of
from arae.corpora.topics import topics_grammar
from arae.foundation.errors import SettingsError

RULES = """
sentence
    1  said[bad]
    1  said[good]
said[c]
    3  view[c]
    1  view[c] day
view[good]
    2  thing is praise
    2  who likes thing
view[bad]
    1  thing is "not" praise
    1  thing is blame
    2  thing bores who
"""
FEATURES = {"c": ("bad", "good")}
CONTENT = [
    {"thing": {"soup": 0.7, "tea": 0.3}, "who": {"ann": 0.5, "bob": 0.5}, "day": {"now": 1.0}}
]
STYLE = [
    {"praise": {"fine": 0.6, "hot": 0.4}, "blame": {"cold": 1.0}, "is": {"is": 1.0}},
    {"likes": {"likes": 1.0}, "bores": {"bores": 0.5, "shocks": 0.5}},
]


def small(rules: str = RULES) -> StyledGrammar:
    return StyledGrammar.build(rules, FEATURES, content=CONTENT, style=STYLE, max_length=5)


def derive(grammar, symbol):
    """Every (words, probability, categories) of a symbol, by naive recursion."""
    if symbol in grammar.lexicon:
        for word, probability in grammar.lexicon[symbol].items():
            yield (word,), probability, (symbol,)
        return
    for rule in grammar.rules[symbol]:
        for parts in itertools.product(*(list(derive(grammar, part)) for part in rule.parts)):
            words = tuple(itertools.chain.from_iterable(part[0] for part in parts))
            kinds = tuple(itertools.chain.from_iterable(part[2] for part in parts))
            yield words, rule.probability * math.prod(part[1] for part in parts), kinds


def everything(styled):
    """sentence → (class, content as a set of (category, word), probability)."""
    roles = {role for lexicon in CONTENT for role in lexicon}
    table = {}
    for label in styled.classes:
        for words, probability, kinds in derive(styled.grammar, f"said[{label}]"):
            content = frozenset(p for p in zip(kinds, words, strict=True) if p[0] in roles)
            assert words not in table
            table[words] = (label, content, probability)
    return table


def test_small_grammar_against_every_sentence():
    styled = small()
    table = everything(styled)
    assert sum(p for _, _, p in table.values()) == pytest.approx(2)
    for words, (label, content, probability) in table.items():
        assert styled.label_of(words) == label
        assert styled.content(words) == tuple(sorted(content))
        assert styled.grammar.log_probability(words) == pytest.approx(math.log(probability / 2))
        for target in styled.classes:
            right = {w for w, (c, k, _) in table.items() if c == target and k == content}
            found = [tuple(tokens) for tokens in styled.transferred(words, target)]
            assert set(found) == right and len(found) == len(right) > 0
            assert styled.transfer_count(words, target) == len(right)
        for other, (its_label, its_content, _) in table.items():
            for target in styled.classes:
                exact = its_label == target and its_content == content
                assert styled.is_exact_transfer(words, other, target) == exact


def test_content_has_the_same_distribution_in_every_class():
    styled = small()
    by_class = defaultdict(Counter)
    for label, content, probability in everything(styled).values():
        by_class[label][content] += probability
    one, other = by_class["bad"], by_class["good"]
    assert one.keys() == other.keys()
    assert all(one[content] == pytest.approx(other[content]) for content in one)
    entropy = -sum(p * math.log(p) for p in one.values())
    assert styled.content_entropy == pytest.approx(entropy)


def test_what_is_no_sentence():
    styled = small()
    for text in ("", "soup", "soup is", "soup is dire", "ann likes", "tea is fine now now"):
        tokens = text.split()
        assert styled.label_of(tokens) is None and styled.content(tokens) is None
        assert list(styled.transferred(tokens, "good")) == []
        assert styled.transfer_count(tokens, "good") == 0
        assert not styled.is_exact_transfer(["soup", "is", "fine"], tokens, "good")


@pytest.mark.parametrize(
    ("output", "kept"),
    [
        ("ann bores soup", 2 / 3),
        ("", 0.0),
        ("now now tea bob", 1 / 3),
        ("now ann soup soup", 1.0),
    ],
)
def test_content_kept_counts_words_of_any_text(output, kept):
    source = ["ann", "likes", "soup", "now"]
    assert small().content_kept(source, output.split()) == pytest.approx(kept)


def test_content_kept_needs_content():
    with pytest.raises(ValueError, match="no content word in: is fine"):
        small().content_kept(["is", "fine"], ["soup"])


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("1  thing is blame", "2  thing is blame", "depends on the class"),
        ("2  thing bores who", "2  thing bores thing", "content category twice"),
        ("2  thing bores who", '2  thing is "never" "ever" blame day', "can exceed 5 tokens"),
        ("1  thing is blame", '1  "tea" is blame', "the content word 'tea' is in"),
    ],
)
def test_grammars_whose_transfer_is_not_exact_are_refused(old, new, message):
    assert old in RULES
    with pytest.raises(ValueError, match=message):
        small(RULES.replace(old, new))


GRAMMARS = {"reviews": reviews_grammar, "topics": topics_grammar}


@pytest.fixture(scope="module", params=sorted(GRAMMARS))
def corpus(request):
    styled = GRAMMARS[request.param]()
    return styled, [line.split() for line in styled.grammar.sample(6000, seed=[3, 1])]


def test_corpus_is_unambiguous_and_of_the_promised_size(corpus):
    styled, drawn = corpus
    grammar = styled.grammar
    assert find_ambiguity(grammar) is None  # hence no sentence has two classes
    assert grammar.acceptance == pytest.approx(1)
    assert 400 <= len(grammar.types) <= 600
    assert grammar.sentence_count > 3e7
    assert max(map(len, drawn)) <= 15
    assert all(re.fullmatch(r"[a-z-]+", word) for word in grammar.types)
    assert not any(re.search(r"\ba [aeiou]", " ".join(sentence)) for sentence in drawn)


def test_corpus_entropy_agrees_with_monte_carlo(corpus):
    styled, drawn = corpus
    surprise = np.array([-styled.grammar.log_probability(sentence) for sentence in drawn])
    error = surprise.std() / math.sqrt(len(surprise))
    assert abs(surprise.mean() - styled.grammar.entropy) < 4 * error
    assert styled.content_entropy < styled.grammar.entropy


def test_corpus_classes_are_even_and_content_does_not_tell_them(corpus):
    styled, drawn = corpus
    labels = [styled.label_of(sentence) for sentence in drawn]
    share = 1 / len(styled.classes)
    for count in Counter(labels).values():
        assert abs(count / len(drawn) - share) < 4 * math.sqrt(share * (1 - share) / len(drawn))
    # χ² of class against content word, over words seen often enough
    table = defaultdict(Counter)
    for label, sentence in zip(labels, drawn, strict=True):
        for _, word in styled.content_words(sentence):
            table[word][label] += 1
    rows = np.array([[row[c] for c in styled.classes] for row in table.values()], dtype=float)
    rows = rows[rows.sum(axis=1) >= 30]
    expected = rows.sum(axis=1, keepdims=True) * share
    statistic, freedom = ((rows - expected) ** 2 / expected).sum(), rows[:, 1:].size
    assert len(rows) > 50 and abs(statistic - freedom) < 4 * math.sqrt(2 * freedom)


def test_corpus_transfers_round_trip(corpus):
    styled, drawn = corpus
    for sentence in drawn[:300]:
        label = styled.label_of(sentence)
        for target in styled.classes:
            for output in itertools.islice(styled.transferred(sentence, target), 20):
                assert styled.label_of(output) == target
                assert styled.is_exact_transfer(sentence, output, target)
                assert styled.is_exact_transfer(output, sentence, label)
                assert styled.content_kept(sentence, output) == 1
                assert 1 <= len(output) <= 15
        listed = {tuple(tokens) for tokens in styled.transferred(sentence, label)}
        assert tuple(sentence) in listed
        assert len(listed) == styled.transfer_count(sentence, label)


def test_style_is_shown_by_constructions_of_differing_length(corpus):
    styled, drawn = corpus
    source = drawn[0]
    for target in styled.classes:
        assert len({len(output) for output in styled.transferred(source, target)}) > 1


@pytest.mark.parametrize(
    ("source", "target", "output", "exact"),
    [
        ("the soup was bland", "positive", "the soup was very tasty", True),
        ("the soup was bland", "positive", "the salad was very tasty", False),
        ("the soup was bland", "positive", "the soups were very tasty", False),
        ("the soup was bland", "positive", "the soup were very tasty", False),
        ("the soup was bland", "positive", "the soup was not tasty at all", False),
        ("the soup was tasty", "negative", "the soup was not tasty at all", True),
        ("my wife loved the soup", "negative", "the soup annoyed my wife", True),
        ("my wife loved the soup on friday", "negative", "the soup annoyed my wife", False),
    ],
)
def test_examples_of_reviews(source, target, output, exact):
    assert reviews_grammar().is_exact_transfer(source.split(), output.split(), target) == exact


def test_source_writes_sentences_with_their_labels(tmp_path):
    values = {"kind": "topics", "seed": 5, "sentences": {"train": 300, "valid": 200, "test": 100}}
    source = parse_source(values)
    facts = source.write(tmp_path / "one")
    source.write(tmp_path / "two")
    assert sorted(path.name for path in (tmp_path / "one").iterdir()) == sorted(source.outputs())
    styled = style_oracle_of(source)
    assert styled is topics_grammar()
    texts = set()
    for split, count in values["sentences"].items():
        text = (tmp_path / "one" / f"{split}.txt").read_text()
        labels = (tmp_path / "one" / f"{split}.labels.txt").read_text()
        assert (tmp_path / "two" / f"{split}.txt").read_text() == text
        assert (tmp_path / "two" / f"{split}.labels.txt").read_text() == labels
        assert [styled.label_of(line.split()) for line in text.splitlines()] == labels.split()
        assert text.count("\n") == count
        texts.add(text)
    assert len(texts) == 3
    assert facts["grammar"]["classes"] == list(styled.classes)


@pytest.mark.parametrize("kind", sorted(GRAMMARS))
def test_label_noise_falsifies_training_labels_alone(tmp_path, kind):
    styled, noise = GRAMMARS[kind](), 0.3
    values = {"kind": kind, "seed": 5, "sentences": {"train": 2000, "valid": 200, "test": 200}}
    parse_source({**values, "label_noise": noise}).write(tmp_path / "noisy")
    parse_source(values).write(tmp_path / "true")
    for split in ("train", "valid", "test"):
        same = [tmp_path / folder / f"{split}.txt" for folder in ("noisy", "true")]
        assert same[0].read_bytes() == same[1].read_bytes()
        noisy, true = (
            (tmp_path / folder / f"{split}.labels.txt").read_text().split()
            for folder in ("noisy", "true")
        )
        wrong = Counter(label for label, own in zip(noisy, true, strict=True) if label != own)
        if split != "train":
            assert not wrong
            continue
        spread = math.sqrt(noise * (1 - noise) / len(true))
        assert abs(wrong.total() / len(true) - noise) < 4 * spread
        share = wrong.total() / len(styled.classes)
        assert all(abs(wrong[label] - share) < 5 * math.sqrt(share) for label in styled.classes)


def test_real_text_has_no_style_oracle():
    files = {split: f"{split}.txt" for split in ("train", "valid", "test")}
    assert style_oracle_of(parse_source({"kind": "files", "files": files})) is None


def test_every_split_needs_a_number():
    with pytest.raises(SettingsError, match=r"sentences\.test"):
        parse_source({"kind": "reviews", "sentences": {"train": 5, "valid": 5}})


def test_the_documentation_tells_the_truth():
    text = Path(__file__).parents[2].joinpath("docs/corpora.md").read_text(encoding="utf-8")
    examples = [line.split("→") for line in text.splitlines() if "→" in line]
    for source, output in examples:
        judges = [make() for make in GRAMMARS.values()]
        pairs = [(judge, judge.label_of(output.split())) for judge in judges]
        assert any(
            label and judge.is_exact_transfer(source.split(), output.split(), label)
            for judge, label in pairs
        )
    assert len(examples) == 3
    for name, make in GRAMMARS.items():
        grammar = make().grammar
        row = next(line for line in text.splitlines() if line.startswith(f"| `{name}`"))
        floor = math.exp(grammar.entropy_per_token)
        numbers = (grammar.mean_length, grammar.entropy, make().content_entropy, floor)
        shown = [
            str(len(grammar.types)),
            *(f"{n:.{2 if i else 1}f}" for i, n in enumerate(numbers)),
        ]
        assert all(f" {number} |" in row for number in shown)
