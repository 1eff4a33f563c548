"""Gradients of gradients: by finite differences where they are asked for, an error where they are not."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.autograd import gradcheck, gradgradcheck

from arae.nn import cudnn
from arae.nn.differentiation import any_order
from arae.nn.embedding import Embedding
from arae.nn.gru import PackedGRU
from arae.nn.initialisation import uniform_
from arae.nn.lstm import PackedLSTM
from arae.nn.projection import token_nll
from arae.nn.randomness import Draws
from toy import toy_store

BATCH = toy_store().batch(np.arange(3))
Made = tuple[Callable[..., Tensor], list[Tensor]]


def _parts(module: nn.Module, run: Callable[..., Tensor], *inputs: Tensor) -> Made:
    """What computes with given inputs and parameters, and those of the module."""
    uniform_([module], 0.5, Draws(0, "test"))
    names, values = zip(*module.double().named_parameters(), strict=True)

    def compute(*leaves: Tensor) -> Tensor:
        given, parameters = leaves[: len(inputs)], leaves[len(inputs) :]
        weights = dict(zip(names, parameters, strict=True))
        return torch.func.functional_call(
            _Called(module, run), {f"m.{n}": w for n, w in weights.items()}, given
        )

    leaves = [x.detach().clone().double().requires_grad_() for x in (*inputs, *values)]
    return compute, leaves


class _Called(nn.Module):
    def __init__(self, module: nn.Module, run: Callable[..., Tensor]) -> None:
        super().__init__()
        self.m, self._run = module, run

    def forward(self, *inputs: Tensor) -> Tensor:
        return self._run(self.m, *inputs)


def _lstm() -> Made:
    return _parts(
        PackedLSTM(2, 2, 2),
        lambda layer, words, code: layer(words, BATCH, code),
        torch.randn(BATCH.tokens, 2),
        torch.randn(3, 2),
    )


def _gru() -> Made:
    return _parts(
        PackedGRU(2, 2),
        lambda layer, words, start: torch.cat(layer(words, BATCH.batch_sizes, start)),
        torch.randn(BATCH.tokens, 2),
        torch.randn(3, 2),
    )


def _nll() -> Made:
    targets = torch.tensor([1, 0, 4, 1])
    leaves = [torch.randn(*s).double().requires_grad_() for s in ((4, 3), (5, 3), (5,))]
    return lambda *given: token_nll(*given, targets), leaves


def _words() -> Made:
    return _parts(Embedding(5, 2), lambda layer: layer(torch.tensor([1, 4, 1])).square())


LAYERS = {"lstm": _lstm, "gru": _gru, "nll": _nll, "embedding": _words}


@pytest.mark.parametrize("name", LAYERS)
def test_second_order_gradients_are_those_of_finite_differences(name: str) -> None:
    compute, leaves = LAYERS[name]()

    def plain(*given: Tensor) -> Tensor:
        with any_order():
            return compute(*given)

    torch.testing.assert_close(plain(*leaves), compute(*leaves))
    assert gradcheck(plain, leaves, fast_mode=True)
    assert gradgradcheck(plain, leaves, fast_mode=True)


@pytest.mark.parametrize("name", ["lstm", "nll"])
def test_a_gradient_without_a_graph_is_refused_where_one_is_asked_for(name: str) -> None:
    compute, leaves = LAYERS[name]()
    with pytest.raises(RuntimeError, match=r"cannot be differentiated again; .*any_order"):
        torch.autograd.grad(compute(*leaves).sum(), leaves, create_graph=True)
    gradients = torch.autograd.grad(compute(*leaves).sum(), leaves)
    with any_order():
        loss = compute(*leaves).sum()
    others = torch.autograd.grad(loss, leaves, create_graph=True)
    torch.testing.assert_close(others, gradients)
    assert all(gradient.requires_grad for gradient in others)


@pytest.mark.parametrize("name", ["lstm", "gru"])
def test_cudnns_way_leaves_no_gradient_without_a_graph(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    compute, leaves = LAYERS[name]()
    with any_order():
        wanted = compute(*leaves)
    monkeypatch.setattr(cudnn, "CUDNN_ON", "cpu")
    seen: list[Any] = []
    monkeypatch.setattr(torch, name, lambda *words: seen.append(words))
    with any_order():
        torch.testing.assert_close(compute(*leaves), wanted)
    assert not seen, "cuDNN cannot differentiate twice"


@pytest.mark.parametrize("precision", ["float32", "tf32", "bfloat16"])
def test_rounded_factors_keep_their_graph(precision: Any) -> None:
    leaves = [torch.randn(*s, requires_grad=True) for s in ((4, 3), (5, 3), (5,))]
    targets = torch.tensor([1, 0, 4, 1])
    gradients = torch.autograd.grad(token_nll(*leaves, targets, precision).sum(), leaves)
    with any_order():
        loss = token_nll(*leaves, targets, precision).sum()
    others = torch.autograd.grad(loss, leaves, create_graph=True)
    torch.testing.assert_close(others, gradients, rtol=0.02, atol=0.02)
    assert all(gradient.requires_grad for gradient in others)
