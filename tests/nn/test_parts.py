"""Batches cut by label, and decoders per label."""

import numpy as np
import pytest
import torch

from arae.foundation.errors import DataError
from arae.nn.batch import TextStore
from arae.nn.decoder import DecoderSettings
from arae.nn.initialisation import uniform_
from arae.nn.label_decoders import LabelDecoders
from arae.nn.parts import parts_by_label
from arae.nn.randomness import Draws
from arae.text.encoded import EncodedText
from toy import VOCABULARY_SIZE, toy_store, toy_text

SIZES = DecoderSettings(embedding=5, hidden=7)


def _decoders(labels: int = 2) -> LabelDecoders:
    decoders = LabelDecoders(VOCABULARY_SIZE, labels, 4, SIZES)
    uniform_([decoders], 0.5, Draws(3, "init"))
    return decoders


def test_a_part_is_the_batch_of_its_own_sentences() -> None:
    store = toy_store(40)
    batch = store.batch(np.random.default_rng(1).permutation(40)[:20])
    parts = parts_by_label(batch, 2)
    assert sum(part.batch.size for part in parts) == 20
    for label, part in enumerate(parts):
        alone = store.batch(part.batch.sentences)
        for name in ("inputs", "targets", "rows", "last", "before", "batch_sizes", "order"):
            assert torch.equal(getattr(part.batch, name), getattr(alone, name)), name
        assert (store.labels[part.batch.sentences] == label).all()
        assert torch.equal(batch.targets[part.positions], part.batch.targets)
        assert torch.equal(batch.order[part.rows], batch.order[batch.labels == label])


def test_each_sentence_is_judged_by_its_label_decoder() -> None:
    store, decoders = toy_store(), _decoders()
    batch = store.batch(np.arange(12))
    codes = torch.randn(12, 4, generator=torch.Generator().manual_seed(1))
    together = batch.restore(batch.sum_per_row(decoders.nll(batch, codes)))
    for index in range(12):
        alone = store.batch([index])
        row = (batch.order == index).nonzero().item()
        voice = decoders.of(int(store.labels[index]))
        torch.testing.assert_close(voice.nll(alone, codes[[row]]).sum(), together[index])


def test_a_label_that_a_batch_lacks_gets_a_gradient_of_zero() -> None:
    store, decoders = toy_store(), _decoders()
    batch = store.batch(np.flatnonzero(store.labels == 0)[:4])
    loss = decoders.nll(batch, torch.ones(4, 4)).sum()
    found = torch.autograd.grad(loss, list(decoders.parameters()))
    for (name, _), gradient in zip(decoders.named_parameters(), found, strict=True):
        dense = gradient.to_dense() if gradient.is_sparse else gradient
        assert (dense == 0).all() == name.startswith("voices.1."), name


def test_the_shared_projection_is_saved_and_trained_once() -> None:
    decoders = _decoders(3)
    assert [name for name in decoders.state_dict() if "output" in name] == [
        "output.weight",
        "output.bias",
    ]
    assert all(decoders.of(label).output is decoders.output for label in range(3))


def test_unlabelled_text_is_refused() -> None:
    text = toy_text()
    batch = TextStore(EncodedText(text.ids, text.offsets)).batch([0, 1])
    with pytest.raises(DataError, match="no labels"):
        parts_by_label(batch, 2)
