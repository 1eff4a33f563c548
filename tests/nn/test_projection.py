"""Cheaper products with the vocabulary: how far they may be from float32's."""

from __future__ import annotations

import pytest
import torch

from arae.nn.projection import Precision, rounded, token_nll
from arae.nn.randomness import Draws
from toy import store_for, toy_system

# Half a unit in the last place of the mantissa that is left.
ROUNDING = {"tf32": 2**-11, "bfloat16": 2**-8, "float32": 0.0}


@pytest.mark.parametrize("precision", ROUNDING)
def test_a_factor_keeps_so_many_bits(precision: Precision) -> None:
    values = Draws(1, "bits").normal(10_000) * 10.0 ** Draws(2, "bits").integers(9, 10_000)
    kept = rounded(values, precision).float()
    assert ((kept - values).abs() <= ROUNDING[precision] * values.abs()).all()
    assert torch.equal(rounded(kept, precision).float(), kept)
    assert torch.equal(rounded(-values, precision).float(), -kept)


@pytest.mark.parametrize("precision", ["tf32", "bfloat16"])
def test_losses_and_gradients_are_near_those_of_float32(precision: Precision) -> None:
    draws = Draws(1, "near")
    hidden, weight, bias = draws.normal(40, 12), draws.normal(30, 12), draws.normal(30)
    targets = draws.integers(30, 40)
    found = []
    for kind in ("float32", precision):
        leaves = [part.clone().requires_grad_() for part in (hidden, weight, bias)]
        nll = token_nll(*leaves, targets, kind)
        found.append([nll, *torch.autograd.grad(nll.sum(), leaves)])
    bound = 20 * ROUNDING[precision]
    for exact, near in zip(*found, strict=True):
        apart = (exact - near).norm() / exact.norm()
        assert 0 < apart < bound and near.dtype == torch.float32


@pytest.mark.parametrize("name", ["ae", "lm", "arae-transfer"])
def test_the_setting_reaches_training_and_never_scoring(name: str) -> None:
    batch = store_for(name).batch(torch.arange(8))
    exact = toy_system(name)
    sizes = {"embedding": 6, "hidden": 8}
    cheap = toy_system(name, decoder={**sizes, "projection": "bfloat16"})
    cheap.load_state_dict(exact.state_dict())
    scores = [system.eval().loss_per_sentence(batch) for system in (exact, cheap)]
    torch.testing.assert_close(*scores, rtol=0, atol=0)
    code = None if name == "lm" else exact.encode(batch).detach()
    losses = [system.train().decoder.nll(batch, code) for system in (exact, cheap)]
    assert not torch.equal(*losses)
    torch.testing.assert_close(*losses, rtol=0.02, atol=0.02)


@pytest.mark.parametrize("rows", [0, 1, 255, 256, 257, 600])
@pytest.mark.parametrize("precision", ROUNDING)
def test_without_gradients_the_losses_are_the_same(rows: int, precision: Precision) -> None:
    draws = Draws(1, "scored")
    weight, bias = draws.normal(500, 12).requires_grad_(), draws.normal(500)
    hidden, targets = draws.normal(rows, 12), draws.integers(500, rows)
    trained = token_nll(hidden, weight, bias, targets, precision)
    with torch.no_grad():
        scored = token_nll(hidden, weight, bias, targets, precision)
    assert trained.requires_grad and not scored.requires_grad
    torch.testing.assert_close(scored, trained.detach(), rtol=1e-6, atol=1e-6)
