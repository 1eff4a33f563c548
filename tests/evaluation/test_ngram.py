"""The n-gram model against a plain-dictionary one, closed forms and sums over continuations."""

from __future__ import annotations

import math
from collections import Counter, defaultdict

import numpy as np
import pytest

from arae.evaluation.ngram import KneserNey
from arae.evaluation.ngram_counts import FALLBACK_DISCOUNTS, discounts
from arae.foundation.errors import DataError
from arae.text.encoded import EncodedText
from arae.text.vocabulary import BOS, EOS, PAD, UNK


def text_of(sentences):
    lengths = [len(sentence) for sentence in sentences]
    flat = [word for sentence in sentences for word in sentence]
    return EncodedText(
        np.array(flat, dtype=np.uint16), np.concatenate(([0], np.cumsum(lengths))).astype(np.int64)
    )


def random_sentences(generator, count, vocabulary_size, longest=7):
    """Words 3..V-1 with Zipf-like frequencies, so that counts of counts are all there."""
    words = np.arange(3, vocabulary_size)
    weights = 1.0 / np.arange(1, len(words) + 1)
    return [
        list(
            generator.choice(words, size=generator.integers(1, longest), p=weights / weights.sum())
        )
        for _ in range(count)
    ]


class DictionaryKneserNey:
    """The textbook recursion over dictionaries of tuples, one word at a time."""

    def __init__(self, sentences, vocabulary_size, order):
        self.size, self.order = vocabulary_size, order
        raw = [Counter() for _ in range(order + 1)]
        before = [defaultdict(set) for _ in range(order + 1)]
        for sentence in sentences:
            row = (BOS, *map(int, sentence), EOS)
            for end in range(1, len(row)):
                for length in range(1, min(order, end + 1) + 1):
                    start = end - length + 1
                    gram = row[start : end + 1]
                    raw[length][gram] += 1
                    if start > 0:
                        before[length][gram].add(row[start - 1])
        self.counts, self.discounts = [None], [None]
        for length in range(1, order + 1):
            adjusted = {
                gram: count if length == order or gram[0] == BOS else len(before[length][gram])
                for gram, count in raw[length].items()
            }
            self.counts.append(adjusted)
            self.discounts.append(self.estimate(adjusted.values()))
        self.followers = defaultdict(list)
        for adjusted in self.counts[1:]:
            for gram, count in adjusted.items():
                self.followers[gram[:-1]].append(count)

    @staticmethod
    def estimate(counts):
        n = Counter(counts)
        if not all(n[i] for i in (1, 2, 3, 4)):
            return (0.0, *FALLBACK_DISCOUNTS)
        y = n[1] / (n[1] + 2 * n[2])
        found = tuple(i - (i + 1) * y * n[i + 1] / n[i] for i in (1, 2, 3))
        sound = all(0 < d <= i for i, d in enumerate(found, start=1))
        return (0.0, *(found if sound else FALLBACK_DISCOUNTS))

    def chance(self, history, word):
        history = (BOS, *map(int, history))[-(self.order - 1) :] if self.order > 1 else ()
        return self.recurse(history, int(word))

    def recurse(self, history, word):
        lower = 1 / (self.size - 2) if not history else self.recurse(history[1:], word)
        followers = self.followers.get(history)
        if not followers:
            return lower
        length = len(history) + 1
        discount = self.discounts[length]
        total = sum(followers)
        count = self.counts[length].get((*history, word), 0)
        rest = sum(discount[min(c, 3)] for c in followers) / total
        return max(count - discount[min(count, 3)], 0) / total + rest * lower

    def sentence(self, sentence):
        words = (*sentence, EOS)
        return sum(math.log(self.chance(words[:i], word)) for i, word in enumerate(words))


@pytest.mark.parametrize("order", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("size, count", [(9, 40), (60, 400)])
def test_equals_the_dictionary_model(order, size, count):
    generator = np.random.default_rng(order * 100 + size)
    train = random_sentences(generator, count, size)
    test = random_sentences(generator, 60, size, longest=10) + train[:10]
    plain = DictionaryKneserNey(train, size, order)
    model = KneserNey.train(text_of(train), size, order)
    expected = [plain.sentence(sentence) for sentence in test]
    np.testing.assert_allclose(model.sentence_log_prob(text_of(test)), expected, rtol=0, atol=1e-10)


def test_the_larger_case_uses_estimated_discounts():
    generator = np.random.default_rng(160)
    train = random_sentences(generator, 400, 60)
    plain = DictionaryKneserNey(train, 60, 3)
    assert any(found[1:] != FALLBACK_DISCOUNTS for found in plain.discounts[1:])


@pytest.mark.parametrize("order", [1, 2, 3, 5])
def test_continuations_sum_to_one_and_none_is_impossible(order):
    generator = np.random.default_rng(7)
    train = random_sentences(generator, 300, 30)
    model = KneserNey.train(text_of(train), 30, order)
    seen = [train[0][:k] for k in range(len(train[0]) + 1)]
    unseen = [[29, 28, 29, 28], [29] * 6, [UNK, EOS]]
    for history in [[], *seen, *unseen]:
        chances = model.next_word(np.array(history, dtype=np.int64))
        assert chances.sum() == pytest.approx(1.0, abs=1e-12)
        assert chances[PAD] == chances[BOS] == 0
        assert np.delete(chances, [PAD, BOS]).min() > 0


def test_next_word_agrees_with_sentence_scores():
    generator = np.random.default_rng(3)
    train = random_sentences(generator, 200, 20)
    model = KneserNey.train(text_of(train), 20, 4)
    sentence = [*train[5], 4, 19]
    words = [*sentence, EOS]
    steps = [math.log(model.next_word(np.array(words[:i]))[word]) for i, word in enumerate(words)]
    assert model.sentence_log_prob(text_of([sentence]))[0] == pytest.approx(sum(steps), abs=1e-12)


def test_unigram_formula_on_three_sentences():
    # Words 4,4,5 / 4 / 6 and three <eos>: counts 4:3, 5:1, 6:1, eos:3; discounts are the fallback.
    model = KneserNey.train(text_of([[4, 4, 5], [4], [6]]), 8, order=1)
    chances = model.next_word(np.array([], dtype=np.int64))
    left = (1.5 + 0.5 + 0.5 + 1.5) / 8
    uniform = left / 6
    expected = {4: 1.5 / 8 + uniform, 5: 0.5 / 8 + uniform, 6: 0.5 / 8 + uniform}
    expected |= {EOS: 1.5 / 8 + uniform, UNK: uniform, 7: uniform}
    for word, chance in expected.items():
        assert chances[word] == pytest.approx(chance, abs=1e-15)


def test_bigram_lower_order_counts_distinct_predecessors():
    # 5 follows 4 three times, 6 follows three different words: as a unigram, 6 must be likelier.
    model = KneserNey.train(text_of([[4, 5], [4, 5], [4, 5], [4, 6], [7, 6], [8, 6]]), 10, order=2)
    unseen_history = model.next_word(np.array([9]))
    assert unseen_history[6] > unseen_history[5]
    assert model.next_word(np.array([4]))[5] > model.next_word(np.array([4]))[6]


def test_discounts_are_chen_and_goodmans():
    counts = np.repeat([1, 2, 3, 4, 9], [100, 40, 20, 12, 5])
    mass = 100 / 180
    expected = [0, 1 - 2 * mass * 40 / 100, 2 - 3 * mass * 20 / 40, 3 - 4 * mass * 12 / 20]
    np.testing.assert_allclose(discounts(counts), expected)


@pytest.mark.parametrize(
    "repeats",
    [[5, 3, 2, 0], [0, 3, 2, 1], [5, 1, 9, 1]],
    ids=["no fours", "no singles", "negative estimate"],
)
def test_discounts_fall_back_when_the_estimate_is_unsound(repeats):
    counts = np.repeat([1, 2, 3, 4], repeats)
    np.testing.assert_array_equal(discounts(counts), (0, *FALLBACK_DISCOUNTS))


def test_duplicated_training_text():
    generator = np.random.default_rng(11)
    train = random_sentences(generator, 300, 40)
    test = text_of(random_sentences(generator, 100, 40))
    once = KneserNey.train(text_of(train), 40, 3)
    tenfold = KneserNey.train(text_of(train * 10), 40, 3)
    assert np.isfinite(tenfold.sentence_log_prob(test)).all()
    assert tenfold.next_word(np.array(train[0][:1])).sum() == pytest.approx(1)
    # Lower orders count distinct predecessors, which repetition does not change.
    unseen = np.array([39, 39, 39])
    np.testing.assert_allclose(tenfold._unigram, once._unigram)
    assert tenfold.next_word(unseen).sum() == pytest.approx(1)


def test_one_repeated_sentence_is_sure_of_itself_and_of_nothing_else():
    model = KneserNey.train(text_of([[4, 5, 6]] * 1000), 50, 5)
    assert model.perplexity(text_of([[4, 5, 6]])) < 1.01
    assert model.perplexity(text_of([[7, 8, 9], [10]])) > 48  # worse than a blind guess


def test_sentences_without_words_are_scored_by_their_end():
    model = KneserNey.train(text_of([[], [4], []]), 6, 3)
    scores = model.sentence_log_prob(text_of([[], [4, 4], []]))
    assert scores[0] == scores[2] == pytest.approx(math.log(model.next_word(np.array([]))[EOS]))
    assert len(scores) == 3


def test_perplexity_counts_one_end_a_sentence():
    train = text_of([[4, 5], [5, 6, 7]])
    model = KneserNey.train(train, 9, 2)
    test = text_of([[4], [5, 6, 7, 8]])
    total = model.sentence_log_prob(test).sum()
    assert model.perplexity(test) == pytest.approx(math.exp(-total / (5 + 2)))


def test_perplexity_of_a_uniform_source():
    """Independent uniform words of a fixed length: the model cannot beat, and nearly meets, the truth."""
    generator = np.random.default_rng(5)
    words, length = 20, 8
    draw = lambda n: text_of(generator.integers(4, 4 + words, size=(n, length)).tolist())  # noqa: E731
    model = KneserNey.train(draw(30_000), 4 + words, order=1)
    ends = 1 / (length + 1)
    truth = math.exp(-(ends * math.log(ends) + (1 - ends) * math.log((1 - ends) / words)))
    assert model.perplexity(draw(3000)) == pytest.approx(truth, rel=0.005)


@pytest.mark.parametrize("bad", [[[4, PAD]], [[BOS]], [[99]]])
def test_words_that_cannot_be_predicted_are_refused(bad):
    with pytest.raises(DataError, match="vocabulary"):
        KneserNey.train(text_of(bad), 10, 2)


def test_no_sentences_are_refused():
    with pytest.raises(DataError, match="no sentences"):
        KneserNey.train(text_of([]), 10, 2)


def test_model_selection_sizes_take_a_fraction_of_a_second():
    import time

    generator = np.random.default_rng(0)
    train, test = (
        text_of((generator.zipf(1.3, size=(count, 9)) % 900 + 4).tolist()) for count in (5000, 4000)
    )
    started = time.process_time()
    KneserNey.train(train, 1000, 5).perplexity(test)
    assert time.process_time() - started < 0.5
