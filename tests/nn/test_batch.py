"""Packed batches hold exactly the sentences asked for, and permuting them permutes results only."""

import numpy as np
import torch

from arae.text.vocabulary import BOS, EOS
from toy import toy_store, toy_text


def test_every_sentence_is_framed_by_bos_and_eos() -> None:
    text, store = toy_text(), toy_store()
    chosen = np.array([5, 3, 3, 60, 0])
    batch = store.batch(chosen)
    for row in range(batch.size):
        words = text[chosen[batch.order[row]]].tolist()
        positions = (batch.rows == row).nonzero().squeeze(1)
        assert batch.inputs[positions].tolist() == [BOS, *words]
        assert batch.targets[positions].tolist() == [*words, EOS]
        assert batch.last[row] == positions[-1]


def test_rows_are_sorted_and_sizes_count_running_rows() -> None:
    batch = toy_store().batch(np.arange(16))
    lengths = torch.bincount(batch.rows)
    assert (lengths[:-1] >= lengths[1:]).all()
    assert batch.batch_sizes.tolist() == [int((lengths > t).sum()) for t in range(int(lengths[0]))]
    assert batch.tokens == int(batch.batch_sizes.sum()) == int(lengths.sum())


def test_restore_and_sum_per_row() -> None:
    batch = toy_store().batch(np.array([9, 1, 4]))
    counts = batch.sum_per_row(torch.ones(batch.tokens))
    text = toy_text()
    assert batch.restore(counts).tolist() == [len(text[i]) + 1 for i in (9, 1, 4)]


def test_token_count_of_the_store_counts_one_eos_per_sentence() -> None:
    text = toy_text()
    assert toy_store().tokens == len(text.ids) + len(text)


def test_words_are_the_distinct_inputs() -> None:
    batch = toy_store().batch(np.arange(16))
    assert batch.words.tolist() == sorted(set(batch.inputs.tolist()))
    assert (batch.inputs[: batch.size] == BOS).all()


def test_before_is_the_same_row_one_time_earlier() -> None:
    batch = toy_store().batch(np.arange(16))
    assert torch.equal(batch.rows[batch.before], batch.rows[batch.size :])
    times = torch.repeat_interleave(torch.arange(len(batch.batch_sizes)), batch.batch_sizes)
    assert torch.equal(times[batch.before] + 1, times[batch.size :])


def test_joined_batches_give_their_rows_in_order() -> None:
    store, text = toy_store(), toy_text()
    parts = [store.batch(np.array([5, 3, 3])), store.batch(np.array([60, 0, 9]))]
    joined = store.join(parts)
    lengths = joined.restore(joined.sum_per_row(torch.ones(joined.tokens))).tolist()
    wanted = [len(text[i]) + 1 for part in parts for i in part.sentences]
    assert lengths == wanted
