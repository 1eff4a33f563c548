"""Layers against the framework's own and against closed forms."""

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as functional

from arae.nn.decoder import DecoderSettings, TextDecoder
from arae.nn.initialisation import normal_, uniform_
from arae.nn.lstm import PackedLSTM
from arae.nn.mlp import BatchNorm, SpectralLinear, mlp
from arae.nn.posteriors import DiagonalGaussian, PointHead
from arae.nn.projection import token_nll
from arae.nn.randomness import Draws, derive_seed
from toy import VOCABULARY_SIZE, toy_store


def test_lstm_equals_torch_with_its_gradients() -> None:
    batch = toy_store().batch(np.arange(9))
    lstm = PackedLSTM(5, 6, 4)
    uniform_([lstm], 0.5, Draws(0, "test"))
    lstm.bias.data.uniform_(-0.5, 0.5)
    inputs = torch.randn(batch.tokens, 5, requires_grad=True)
    context = torch.randn(9, 4, requires_grad=True)
    reference = torch.nn.LSTM(9, 6)
    order = [0, 1, 3, 2]  # torch: i f g o; ours: i f o g
    with torch.no_grad():
        blocks = torch.cat([lstm.weight_input, lstm.weight_context], 1).chunk(4)
        reference.weight_ih_l0.copy_(torch.cat([blocks[i] for i in order]))
        reference.weight_hh_l0.copy_(torch.cat([lstm.weight_hidden.chunk(4)[i] for i in order]))
        reference.bias_ih_l0.copy_(torch.cat([lstm.bias.chunk(4)[i] for i in order]))
        reference.bias_hh_l0.zero_()
    packed = torch.nn.utils.rnn.PackedSequence(
        torch.cat([inputs, context[batch.rows]], 1), batch.batch_sizes
    )
    theirs, ours = reference(packed)[0].data, lstm(inputs, batch, context)
    torch.testing.assert_close(ours, theirs)
    pull = torch.randn_like(ours)
    wanted = torch.autograd.grad((theirs * pull).sum(), [inputs, context, reference.weight_hh_l0])
    got = torch.autograd.grad((ours * pull).sum(), [inputs, context, lstm.weight_hidden])
    hidden = torch.cat([wanted[2].chunk(4)[i] for i in order])
    for mine, other in zip(got, [wanted[0], wanted[1], hidden], strict=True):
        torch.testing.assert_close(mine, other, rtol=1e-4, atol=1e-5)


def test_projecting_distinct_inputs_once_changes_nothing() -> None:
    batch = toy_store().batch(np.arange(9))
    lstm = PackedLSTM(5, 6, 4)
    uniform_([lstm], 0.5, Draws(0, "test"))
    table = torch.randn(len(batch.words), 5, requires_grad=True)
    context = torch.randn(9, 4)
    once, often = (
        lstm(table, batch, context, batch.places),
        lstm(table[batch.places], batch, context),
    )
    torch.testing.assert_close(once, often)
    pull = torch.randn_like(once)
    leaves = [table, *lstm.parameters()]
    wanted = torch.autograd.grad((often * pull).sum(), leaves)
    torch.testing.assert_close(torch.autograd.grad((once * pull).sum(), leaves), wanted)


def test_token_nll_equals_cross_entropy_with_its_gradients() -> None:
    hidden, weight, bias = (torch.randn(*s, requires_grad=True) for s in ((20, 7), (30, 7), (30,)))
    targets, pull = torch.randint(30, (20,)), torch.rand(20)
    ours = token_nll(hidden, weight, bias, targets)
    theirs = functional.cross_entropy(hidden @ weight.t() + bias, targets, reduction="none")
    torch.testing.assert_close(ours, theirs)
    leaves = [hidden, weight, bias]
    wanted = torch.autograd.grad((theirs * pull).sum(), leaves)
    torch.testing.assert_close(torch.autograd.grad((ours * pull).sum(), leaves), wanted)


def test_token_nll_survives_huge_logits_and_refuses_a_second_gradient() -> None:
    hidden = torch.tensor([[1e4, -1e4]], requires_grad=True)
    weight, bias = torch.eye(2), torch.zeros(2)
    nll = token_nll(hidden, weight, bias, torch.tensor([1]))
    assert nll.item() == pytest.approx(2e4)
    torch.autograd.grad(nll.sum(), hidden, retain_graph=True)
    with pytest.raises(RuntimeError, match="already taken"):
        torch.autograd.grad(nll.sum(), hidden)


def test_uniform_logits_give_perplexity_of_the_vocabulary() -> None:
    decoder = TextDecoder(VOCABULARY_SIZE, 0, DecoderSettings(embedding=4, hidden=4))
    uniform_([decoder], 0.1, Draws(1))
    with torch.no_grad():
        decoder.output.weight.zero_()
    nll = decoder.nll(toy_store().batch(np.arange(8)), None)
    assert nll.mean().exp().item() == pytest.approx(VOCABULARY_SIZE, rel=1e-5)


def test_word_dropout_spares_bos_and_targets() -> None:
    batch = toy_store().batch(np.arange(8))
    settings = DecoderSettings(embedding=4, hidden=4, word_dropout=1.0)
    decoder = TextDecoder(VOCABULARY_SIZE, 0, settings)
    uniform_([decoder], 0.5, Draws(1))
    seen: list[torch.Tensor] = []
    decoder.embedding.register_forward_pre_hook(lambda module, values: seen.append(values[0]))
    decoder.nll(batch, None, Draws(3))
    assert (seen[0][: batch.size] == 1).all() and (seen[0][batch.size :] == 3).all()


def test_gaussian_kl_is_analytic() -> None:
    gaussian = DiagonalGaussian(torch.tensor([[0.5, -1.0]]), torch.tensor([[0.2, -0.7]]))
    draws, count = Draws(5), 100_000
    mu, log_variance = gaussian._mu, gaussian._log_variance
    z = mu + torch.exp(log_variance / 2) * draws.normal(count, 2)
    log_q = -0.5 * ((z - mu) ** 2 / log_variance.exp() + log_variance).sum(1)
    log_p = -0.5 * (z**2).sum(1)
    sampled = log_q - log_p
    error = sampled.std().item() / math.sqrt(count)
    assert gaussian.kl().sum().item() == pytest.approx(sampled.mean().item(), abs=4 * error)
    standard = DiagonalGaussian(torch.zeros(3, 2), torch.zeros(3, 2))
    assert standard.kl().abs().max().item() == 0


def test_codes_lie_on_the_sphere() -> None:
    code = PointHead(6, 4, normalise=True)(torch.randn(10, 6)).mean()
    torch.testing.assert_close(code.norm(dim=1), torch.ones(10))


def test_batch_norm_statistics_move_only_for_their_owner() -> None:
    norm = BatchNorm(3).train()
    before = norm.running_mean.clone()
    used = norm(torch.randn(16, 3) + 5)
    assert torch.equal(norm.running_mean, before)
    assert used.mean(dim=0).abs().max() < 1e-5
    norm.tracking = True
    norm(torch.randn(16, 3) + 5)
    assert not torch.equal(norm.running_mean, before)


def test_spectral_layer_has_unit_spectral_norm_after_iterations() -> None:
    layer = SpectralLinear(6, 5).train()
    layer.tracking = True
    for _ in range(200):
        layer(torch.zeros(1, 6))
    effective = torch.stack([layer(row) - layer.bias for row in torch.eye(6)], dim=1)
    assert torch.linalg.matrix_norm(effective, 2).item() == pytest.approx(1.0, abs=1e-4)


def test_initialisers_draw_from_their_seed_only() -> None:
    first, second = (mlp([3, 4, 1], torch.nn.ReLU, normalised="all") for _ in range(2))
    for net in (first, second):
        normal_([net], 0.02, Draws(9, "init"))
    for left, right in zip(first.state_dict().values(), second.state_dict().values(), strict=True):
        assert torch.equal(left, right)
    norms = [part for part in first if isinstance(part, BatchNorm)]
    assert norms and all((norm.weight == 1).all() for norm in norms)


def test_draws_depend_on_every_part_of_their_path() -> None:
    seeds = {
        derive_seed(1, "a", 2),
        derive_seed(2, "a", 2),
        derive_seed(1, "b", 2),
        derive_seed(1, "a", 3),
    }
    assert len(seeds) == 4
    assert torch.equal(Draws(1, "a").normal(4), Draws(1, "a").normal(4))


def test_dropout_keeps_the_expectation() -> None:
    values = Draws(1).dropout(torch.ones(200_000), 0.3)
    assert values.mean().item() == pytest.approx(1.0, abs=0.01)
    assert (values == 0).float().mean().item() == pytest.approx(0.3, abs=0.01)
