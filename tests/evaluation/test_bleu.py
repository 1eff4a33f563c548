"""BLEU against closed forms and numbers worked out by hand."""

from __future__ import annotations

import math
import random

import pytest

from arae.evaluation.bleu import SIGNATURE, bleu_counts, bleu_interval, bleu_of, corpus_bleu

CAT = ["the", "cat", "is", "on", "the", "mat"]
TEXT = [f"w{i} w{i + 1} w{i + 2} w{i + 3} w{i + 4} w{i + 5}".split() for i in range(20)]


def test_identical_texts_score_100():
    assert corpus_bleu(TEXT, TEXT).score == pytest.approx(100, abs=1e-9)


def test_case_does_not_count():
    assert corpus_bleu([["A", "b", "C", "d"]], [["a", "B", "c", "D"]]).score == pytest.approx(100)


def test_worked_example():
    # the cat the cat on the mat / the cat is on the mat: unigrams 5 of 7 (the ≤ 2, cat ≤ 1, on,
    # mat), bigrams 3 of 6 (the cat, on the, the mat), trigrams 1 of 5, no 4-gram
    found = corpus_bleu([["the", "cat", "the", "cat", "on", "the", "mat"]], [CAT])
    assert found.precisions == pytest.approx((100 * 5 / 7, 50, 20, 0))
    assert found.score == 0
    # with a second pair that matches in full, sums over the corpus decide
    both = corpus_bleu([["the", "cat", "the", "cat", "on", "the", "mat"], CAT], [CAT, CAT])
    expected = (11 / 13 * 8 / 11 * 5 / 9 * 3 / 7) ** 0.25
    assert both.score == pytest.approx(100 * expected)
    assert both.brevity_penalty == 1


@pytest.mark.parametrize("cut", [1, 2])
def test_brevity_penalty(cut):
    short = [sentence[:-cut] for sentence in TEXT]
    found = corpus_bleu(short, TEXT)
    assert found.precisions == (100, 100, 100, 100)
    assert found.brevity_penalty == pytest.approx(math.exp(1 - 6 / (6 - cut)))
    assert found.score == pytest.approx(100 * math.exp(1 - 6 / (6 - cut)))


def test_no_bonus_for_length():
    long = [[*sentence, "x"] for sentence in TEXT]
    found = corpus_bleu(long, TEXT)
    assert found.brevity_penalty == 1
    assert found.score == pytest.approx(100 * (6 / 7 * 5 / 6 * 4 / 5 * 3 / 4) ** 0.25)


def test_shuffled_words_score_low():
    draw = random.Random(1)
    shuffled = [draw.sample(sentence, len(sentence)) for sentence in TEXT]
    found = corpus_bleu(shuffled, TEXT)
    assert found.precisions[0] == 100 and found.score < 20


def test_empty_and_short_hypotheses():
    assert corpus_bleu([[]], [CAT]).score == 0
    assert corpus_bleu([[]], [CAT]).brevity_penalty == 0
    assert corpus_bleu([["the", "cat"]], [["the", "cat"]]).score == 0  # no 4-gram to match
    mixed = corpus_bleu([[], CAT], [CAT, CAT])
    assert mixed.score == pytest.approx(100 * math.exp(1 - 12 / 6))


@pytest.mark.parametrize(
    ("hypotheses", "references", "message"),
    [
        ([CAT], [], "1 hypotheses for 0 references"),
        ([], [], "no sentence"),
        ([CAT], [[]], "hold no token"),
    ],
)
def test_nothing_to_compare_is_an_error(hypotheses, references, message):
    with pytest.raises(ValueError, match=message):
        corpus_bleu(hypotheses, references)


def test_counts_sum_to_the_score_and_give_an_interval():
    draw = random.Random(2)
    noisy = [[w if draw.random() < 0.9 else "x" for w in sentence] for sentence in TEXT]
    counts = bleu_counts(noisy, TEXT)
    score = corpus_bleu(noisy, TEXT).score
    assert bleu_of(counts.sum(axis=0)).score == score
    low, high = bleu_interval(counts)
    assert 0 < low < score < high < 100
    assert bleu_interval(counts) == (low, high)
    assert bleu_interval(bleu_counts(TEXT, TEXT)) == pytest.approx((100, 100))


def test_printed_with_its_signature():
    printed = str(corpus_bleu(TEXT, TEXT))
    assert printed.startswith(SIGNATURE) and "= 100.00 100.0/100.0/100.0/100.0" in printed
    assert "hyp_len = 120 ref_len = 120" in printed
