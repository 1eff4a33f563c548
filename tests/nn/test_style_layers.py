"""GRU, convolutional classifier, and the cross-aligned autoencoder's sequences, against references."""

import numpy as np
import pytest
import torch
import torch.nn.functional as functional

from arae.nn.gru import PackedGRU
from arae.nn.initialisation import uniform_
from arae.nn.randomness import Draws
from arae.nn.style_gru import StyleDecoder, StyleEncoder, _reversed_words
from arae.nn.text_cnn import TextCNN
from toy import VOCABULARY_SIZE, toy_store


def test_gru_is_the_textbook_one_and_steps_alike() -> None:
    gru = PackedGRU(3, 5)
    uniform_([gru], 0.7, Draws(1, "init"))
    draws = Draws(2)
    inputs, start = draws.normal(4, 2, 3), draws.normal(2, 5)
    states, last = gru(inputs.flatten(0, 1), torch.tensor([2, 2, 2, 2]), start)
    hidden = start
    for time in range(4):
        hidden = gru.step(gru.project(inputs[time]), hidden)
        torch.testing.assert_close(states.view(4, 2, 5)[time], hidden)
    torch.testing.assert_close(last, hidden)
    reference = torch.nn.GRU(3, 5)
    with torch.no_grad():
        for name, value in zip(
            ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"),
            (gru.weight_input, gru.weight_hidden, gru.bias, gru.hidden_bias),
            strict=True,
        ):
            getattr(reference, name).copy_(value)
    torch.testing.assert_close(reference(inputs, start[None])[0], states.view(4, 2, 5))


def test_text_cnn_is_convolution_relu_and_maximum() -> None:
    network = TextCNN(3, 2, widths=(1, 3), filters=4, dropout=0.5)
    uniform_([network], 0.7, Draws(1, "init"))
    sequences = Draws(2).normal(5, 6, 3)
    features = []
    for width, layer in zip((1, 3), network.convolutions, strict=True):
        kernel = layer.weight.view(4, width, 3).transpose(1, 2)
        found = functional.conv1d(sequences.transpose(1, 2), kernel, layer.bias)
        features.append(functional.leaky_relu(found, 0.01).amax(dim=2))
    torch.testing.assert_close(network(sequences), network.output(torch.cat(features, dim=1)))
    short = sequences[:, :1]
    filled = functional.pad(short, (0, 0, 0, 2))
    torch.testing.assert_close(network(short), network(filled))
    assert network(sequences[:0]).shape == (0, 2)


@pytest.mark.parametrize("reach", [0, 1, 3])
def test_words_are_read_backwards_and_shuffled_within_reach(reach: int) -> None:
    batch = toy_store().batch(np.arange(30))
    moved = 0
    for seed in range(20):
        places, sizes = _reversed_words(batch, reach, Draws(seed))
        start = 0
        rows: dict[int, list[int]] = {}
        for size in sizes.tolist():
            for row in range(size):
                rows.setdefault(row, []).append(int(places[start + row]))
            start += size
        for row, read in rows.items():
            own = (batch.rows == row).nonzero().squeeze(1).tolist()[1:]  # without <bos>
            assert sorted(read) == own
            shifts = [abs(own.index(place) - i) for i, place in enumerate(read[::-1])]
            assert max(shifts) <= reach
            moved += sum(shifts)
    assert (moved > 0) == (reach > 0)


def _decoder(seed: int = 1) -> StyleDecoder:
    decoder = StyleDecoder(VOCABULARY_SIZE, 2, 6, 3, 4)
    uniform_([decoder], 0.8, Draws(seed, "init"))
    return decoder


def test_teacher_forcing_and_free_running_have_equal_length() -> None:
    decoder, batch = _decoder(), toy_store().batch(np.arange(10))
    start = decoder.start(torch.zeros(10, 4), batch.labels)
    real = decoder.states(batch, start)
    soft = decoder.soft_states(start, len(batch.batch_sizes), 0.1, Draws(1))
    assert real.shape == soft.shape == (len(batch.batch_sizes) + 1, 10, 7)
    torch.testing.assert_close(real[0], soft[0])
    torch.testing.assert_close(real[1], soft[1])  # both have read <bos> only


def test_soft_words_become_hard_ones_as_the_temperature_falls() -> None:
    decoder = _decoder()
    start = Draws(5).normal(8, 7)
    soft = decoder.soft_states(start, 6, 1e-4, Draws(9))
    draws, hidden = Draws(9), start
    word = torch.ones(8, dtype=torch.long)  # <bos>
    for time in range(6):
        hidden = decoder.gru.step(decoder.gru.project(decoder.embedding(word)), hidden)
        torch.testing.assert_close(hidden, soft[time + 1], atol=1e-4, rtol=1e-4)
        noise = -torch.log(-torch.log(draws.uniform(8, VOCABULARY_SIZE) + 1e-20) + 1e-20)
        word = (decoder.output(hidden) + noise).argmax(dim=1)


def test_gradients_flow_through_soft_words_and_states() -> None:
    decoder = _decoder()
    start = Draws(5).normal(8, 7).requires_grad_()
    soft = decoder.soft_states(start, 3, 0.5, Draws(9))
    found = torch.autograd.grad(soft[-1].sum(), [start, decoder.output.weight])
    assert all(gradient.abs().sum() > 0 for gradient in found)


def test_generation_and_teacher_forcing_agree() -> None:
    decoder, batch = _decoder(), toy_store().batch([3])
    code = Draws(2).normal(1, 4)
    state = decoder.of(int(batch.labels[0])).begin(code, 1)
    nll = []
    for word, target in zip(batch.inputs, batch.targets, strict=True):
        logits, state = decoder.advance(word.view(1), state)
        nll.append(-logits.log_softmax(dim=1)[0, target])
    torch.testing.assert_close(torch.stack(nll), decoder.nll(batch, code))


def test_encoder_code_does_not_depend_on_the_rest_of_the_batch() -> None:
    encoder = StyleEncoder(2, 6, 3, 4)
    embedding = torch.nn.Embedding(VOCABULARY_SIZE, 6)
    uniform_([encoder, embedding], 0.5, Draws(1, "init"))
    store = toy_store()
    batch = store.batch(np.arange(9))
    codes = batch.restore(encoder(batch, embedding))
    alone = torch.cat([encoder(store.batch([i]), embedding) for i in range(9)])
    torch.testing.assert_close(codes, alone)
