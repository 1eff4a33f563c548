"""Diversity, the grammar's verdict, and all metrics of a text together."""

from __future__ import annotations

import math

import numpy as np
import pytest

from arae.evaluation.diversity import DEFINITIONS, diversity
from arae.evaluation.oracle import judge, source_of
from arae.evaluation.scoring import ScoreSettings, Texts, score
from arae.evaluation.sentences import Sentences, encode, read_sentences
from arae.foundation.errors import DataError, SettingsError
from arae.text.vocabulary import SPECIALS, Vocabulary

WORDS = ["a", "b", "c", "d"]
VOCABULARY = Vocabulary([*SPECIALS, *WORDS])


class CoinSource:
    """Sentences of a's and b's, each word and the end with probability 1/3."""

    entropy_per_token = math.log(3)

    def log_probability(self, tokens):
        return -(len(tokens) + 1) * math.log(3) if set(tokens) <= {"a", "b"} else -math.inf


def sentences(*lines, empty=0):
    tokens = [line.split() for line in lines]
    return Sentences(tokens=tokens, encoded=encode(tokens, VOCABULARY), empty=empty)


def test_diversity_by_hand():
    found = diversity(sentences("a b", "a b", "c", "z z", empty=1))
    assert found == {
        "distinct": 4 / 5,
        "distinct_1000": 3 / 4,
        "top1": 2 / 5,
        "mean_length": 7 / 5,
        "types": 3,
        "unknown": 2 / 7,
        "empty": 1 / 5,
    }
    assert set(found) == set(DEFINITIONS)


def test_collapse_shows():
    found = diversity(sentences(*["a b c"] * 3000))
    assert found["distinct"] == 1 / 3000
    assert found["distinct_1000"] == 1 / 1000
    assert found["top1"] == 1.0


def test_empty_samples_can_be_the_most_frequent():
    assert diversity(sentences("a", "b", empty=6))["top1"] == 6 / 8


def test_oracle_by_hand():
    text = sentences("a b", "a b", "b", "c a", empty=1)
    found = judge(text, {"b"}, CoinSource())
    assert found.metrics == {
        "grammatical": 3 / 5,
        "novel": 3 / 5,
        "good_and_new": 1 / 5,
        "floor_ppl": pytest.approx(3.0),
        "oracle_ppl": pytest.approx(3.0),  # every token of a good sentence has probability 1/3
    }
    assert found.grammatical == [True, True, True, False]
    assert found.novel == [True, True, False, True]


def test_oracle_perplexity_is_left_out_when_nothing_is_grammatical():
    found = judge(sentences("c", "d d"), set(), CoinSource())
    assert found.metrics["grammatical"] == 0
    assert "oracle_ppl" not in found.metrics


def test_the_scenes_grammar_judges_its_own_sentences():
    from arae.corpora.scenes import scenes_grammar

    grammar = source_of({"kind": "scenes", "seed": 1})
    tokens = [line.split() for line in scenes_grammar().sample(2000, 5)]
    scrambled = [list(reversed(sentence)) for sentence in tokens]
    whole = Sentences(tokens=tokens, encoded=encode(tokens, VOCABULARY), empty=0)
    found = judge(whole, set(), grammar)
    assert found.metrics["grammatical"] == 1.0
    # The floor is the expectation of what the oracle measures on its own sentences.
    assert found.metrics["oracle_ppl"] == pytest.approx(found.metrics["floor_ppl"], rel=0.05)
    broken = Sentences(tokens=scrambled, encoded=encode(scrambled, VOCABULARY), empty=0)
    assert judge(broken, set(), grammar).metrics["grammatical"] < 0.01


def test_other_sources_have_no_oracle():
    assert source_of({"kind": "snli"}) is None
    with pytest.raises(SettingsError, match="kind"):
        source_of({"knid": "scenes"})


def test_reading_counts_empty_lines_and_maps_unknown_words(tmp_path):
    path = tmp_path / "samples.txt"
    path.write_text("a b\n\nzebra\n\n", encoding="utf-8")
    found = read_sentences(path, VOCABULARY)
    assert (found.count, found.empty, len(found.encoded)) == (4, 2, 2)
    assert found.encoded[1].tolist() == [3]


def test_reading_stops_at_the_limit(tmp_path):
    path = tmp_path / "samples.txt"
    path.write_text("a\nb\nc\n", encoding="utf-8")
    assert read_sentences(path, VOCABULARY, 2).tokens == [["a"], ["b"]]


@pytest.mark.parametrize(
    "content, limit, message",
    [
        (b"a\nb\n", 3, "has 2 sentences, 3 are asked for"),
        (b"\n\n", None, "no sentence with a token"),
        (b"", None, "no sentence with a token"),
        (b"a \xff\n", None, "UTF-8"),
    ],
)
def test_unusable_samples_are_refused_by_name(tmp_path, content, limit, message):
    path = tmp_path / "samples.txt"
    path.write_bytes(content)
    with pytest.raises(DataError, match=message) as caught:
        read_sentences(path, VOCABULARY, limit)
    assert str(path) in str(caught.value)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(DataError, match=r"nothing\.txt: not found"):
        read_sentences(tmp_path / "nothing.txt", VOCABULARY)


def draw(generator, count):
    weights = (0.5, 0.3, 0.15, 0.05)
    return sentences(
        *(
            " ".join(generator.choice(WORDS, size=generator.integers(1, 6), p=weights))
            for _ in range(count)
        )
    )


def test_real_text_against_itself_and_against_collapse():
    """Real samples: n-gram reverse ≈ forward; one repeated sentence: low forward, huge reverse."""
    generator = np.random.default_rng(0)
    train, test, samples = draw(generator, 3000), draw(generator, 1000), draw(generator, 3000)
    collapsed = sentences(*["a a"] * 3000)

    def measure(made):
        return score(
            Texts(samples=made, forward=made, train=train, test=test),
            vocabulary_size=len(VOCABULARY),
            settings=ScoreSettings(),
            source=None,
            reverse_nll=np.full(len(test.encoded), 5.0),
            forward_nll=np.full(len(made.encoded), 4.0),
        )

    real, stuck = measure(samples).metrics, measure(collapsed).metrics
    assert real["reverse_ppl_ngram"] == pytest.approx(real["forward_ppl_ngram"], rel=0.03)
    assert stuck["forward_ppl_ngram"] < real["forward_ppl_ngram"]
    assert stuck["reverse_ppl_ngram"] > 3 * real["reverse_ppl_ngram"]
    assert real["reverse_ppl"] == pytest.approx(
        math.exp(5.0 * 1000 / (test.encoded.lengths + 1).sum())
    )


def test_every_metric_is_defined_and_the_sheet_is_plain_data():
    import json

    generator = np.random.default_rng(1)
    train, test, made = draw(generator, 200), draw(generator, 100), draw(generator, 150)
    sheet = score(
        Texts(samples=made, forward=made, train=train, test=test),
        vocabulary_size=len(VOCABULARY),
        settings=ScoreSettings(),
        source=CoinSource(),
        reverse_nll=np.linspace(1, 5, 100),
        forward_nll=np.linspace(1, 5, 150),
    )
    assert set(sheet.definitions) == set(sheet.metrics)
    assert "5-gram" in sheet.definitions["reverse_ppl_ngram"]
    for name, (low, high) in sheet.intervals.items():
        assert low <= sheet.metrics[name] <= high
    assert json.loads(json.dumps(sheet.as_json(), allow_nan=False))["metrics"] == sheet.metrics
