"""cuDNN's way of recurrent layers, on a CPU: what it is given, and what comes out."""

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from arae.nn import cudnn
from arae.nn.gru import PackedGRU
from arae.nn.initialisation import uniform_
from arae.nn.lstm import PackedLSTM
from arae.nn.optimisers import Adam, OptimiserSettings
from arae.nn.padded import PaddedText
from arae.nn.randomness import Draws
from toy import toy_store, toy_text

BATCHES = {
    "packed": toy_store().batch(np.arange(9)),
    "padded": PaddedText(toy_text(), "cpu", 5).batch(np.arange(9)),
}


@pytest.mark.parametrize("context", [0, 4])
@pytest.mark.parametrize("layout", BATCHES)
def test_the_lstms_ways_agree(layout: str, context: int, monkeypatch: pytest.MonkeyPatch) -> None:
    batch: Any = BATCHES[layout]
    lstm = PackedLSTM(5, 6, context)
    uniform_([lstm], 0.5, Draws(0, "test"))
    lstm.bias.data.uniform_(-0.5, 0.5)
    inputs = torch.randn(len(batch.inputs), 5, requires_grad=True)
    code = torch.randn(9, context, requires_grad=True) if context else None
    leaves = [x for x in (inputs, code, *lstm.parameters()) if x is not None]
    pull = torch.randn(len(batch.inputs), 6)

    def way() -> tuple[Tensor, tuple[Tensor, ...]]:
        states = lstm(inputs, batch, code)
        return states, torch.autograd.grad((states * pull).sum(), leaves)

    states, gradients = way()
    monkeypatch.setattr(cudnn, "CUDNN_ON", "cpu")
    others, theirs = way()
    torch.testing.assert_close(others, states)
    torch.testing.assert_close(theirs, gradients, rtol=1e-4, atol=1e-5)


def _run_lstm(layer: Any) -> Tensor:
    batch = BATCHES["packed"]
    kind = layer.bias.dtype
    context = None
    if layer.weight_context is not None:
        context = torch.randn(9, layer.weight_context.shape[1], dtype=kind)
    states: Tensor = layer(torch.randn(batch.tokens, 5, dtype=kind), batch, context)
    return states


def _run_gru(layer: Any) -> Tensor:
    batch = BATCHES["packed"]
    kind = layer.bias.dtype
    inputs, start = torch.randn(batch.tokens, 5, dtype=kind), torch.randn(9, 6, dtype=kind)
    states: Tensor = layer(inputs, batch.batch_sizes, start)[0]
    return states


@pytest.mark.parametrize(
    ("make", "run", "name"),
    [
        (lambda: PackedLSTM(5, 6), _run_lstm, "lstm"),
        (lambda: PackedLSTM(5, 6, 4), _run_lstm, "lstm"),
        (lambda: PackedGRU(5, 6), _run_gru, "gru"),
    ],
)
def test_cudnn_is_given_one_chunk_in_its_order(
    make: Any, run: Any, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Side by side in one memory as it lays them out itself: else it copies them and warns."""
    given: list[list[Tensor]] = []
    real = getattr(torch, name)

    def watched(*words: Any) -> Any:
        given.append(next(word for word in words if isinstance(word, list)))
        return real(*words)

    monkeypatch.setattr(cudnn, "CUDNN_ON", "cpu")
    monkeypatch.setattr(torch, name, watched)
    layer = make()
    uniform_([layer], 0.5, Draws(0, "test"))

    def expect_one_chunk() -> None:
        before = {n: t.clone() for n, t in layer.state_dict().items()}
        states = run(layer)
        weights = given.pop()
        gates = len(layer.bias)
        width = sum(
            w.shape[1] for n, w in before.items() if n in ("weight_input", "weight_context")
        )
        assert [tuple(w.shape) for w in weights] == [(gates, width), (gates, 6), (gates,), (gates,)]
        storage = weights[0].untyped_storage()
        assert storage.nbytes() == sum(w.nbytes for w in weights)
        at = storage.data_ptr()
        for weight in weights:
            assert weight.is_contiguous() and weight.data_ptr() == at
            at += weight.nbytes
        if name == "lstm":  # i, f, g, o of i, f, o, g
            ours = before["weight_hidden"].chunk(4)
            wanted = torch.cat([ours[0], ours[1], ours[3], ours[2]])
        else:
            wanted = before["weight_hidden"]
        assert torch.equal(weights[1], wanted)
        states.sum().backward()
        assert all(torch.equal(t, before[n]) for n, t in layer.state_dict().items())

    expect_one_chunk()
    layer.load_state_dict({n: t + 0.1 for n, t in layer.state_dict().items()})
    expect_one_chunk()
    layer.to(torch.float64)
    expect_one_chunk()
    layer.to(torch.float32)
    optimiser = Adam(list(layer.parameters()), OptimiserSettings(kind="adam", lr=0.1))
    optimiser.step([torch.ones_like(p) for p in layer.parameters()])
    expect_one_chunk()


def test_a_chunk_is_differentiable_twice() -> None:
    weights = [torch.randn(*s, dtype=torch.float64) for s in ((8, 3), (8, 2), (8, 2), (8,))]
    leaves = [weight.requires_grad_() for weight in weights]

    def squares(*rows: Tensor) -> tuple[Tensor, ...]:
        first, second, hidden, bias = rows
        chunk = cudnn.one_chunk([first, second], hidden, bias, None, (0, 1, 3, 2))
        return tuple(part * part for part in chunk)

    assert torch.autograd.gradcheck(squares, leaves)
    assert torch.autograd.gradgradcheck(squares, leaves)
