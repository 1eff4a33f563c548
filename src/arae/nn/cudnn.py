"""A recurrent layer's weights as cuDNN wants them: one chunk of memory, its order of gates.

Given anything else it copies them at every call, and warns. The chunk is made anew for each pass, so
that it is never stale; parameters stay as the layers hold and save them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

CUDNN_ON = "cuda"


def one_chunk(
    inputs: Sequence[Tensor],
    hidden: Tensor,
    bias: Tensor,
    hidden_bias: Tensor | None,
    gates: Sequence[int],
) -> list[Tensor]:
    """[input weight, hidden weight, bias, hidden bias] as views of one chunk.

    `inputs`: weights [G·H, E_i] that lie side by side in the input weight; `hidden` [G·H, H]; biases
    [G·H], the second 0 if None. `gates`: which of ours is cuDNN's first, second, … gate.
    """
    weights = [*inputs, hidden, bias, *([] if hidden_bias is None else [hidden_bias])]
    return list(_Chunk.apply(len(inputs), tuple(gates), *weights))  # type: ignore[no-untyped-call]


class _Chunk(torch.autograd.Function):
    """Its gradients lie as the parameters do, whatever part of cuDNN's they are."""

    @staticmethod
    def forward(
        ctx: Any, count: int, gates: tuple[int, ...], *weights: Tensor
    ) -> tuple[Tensor, ...]:
        inputs, (hidden, bias, *rest) = weights[:count], weights[count:]
        ctx.widths, ctx.gates, ctx.biases = [w.shape[1] for w in inputs], gates, 1 + len(rest)
        wide = inputs[0] if count == 1 else torch.cat(inputs, dim=1)
        last = rest[0] if rest else torch.zeros_like(bias)
        parts = [wide, hidden, bias, last]
        pieces = [piece.flatten() for part in parts for piece in _blocks(part, gates)]
        chunk = torch.cat(pieces).split([part.numel() for part in parts])
        return tuple(piece.view_as(part) for piece, part in zip(chunk, parts, strict=True))

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        wide, hidden, *biases = gradients
        back = [ctx.gates.index(gate) for gate in range(len(ctx.gates))]
        parts = [*wide.split(ctx.widths, dim=1), hidden, *biases[: ctx.biases]]
        return None, None, *(torch.cat(_blocks(part, back)) for part in parts)


def _blocks(rows: Tensor, gates: Sequence[int]) -> list[Tensor]:
    """The gates' rows in an order; neighbours that stay neighbours in one piece."""
    size = len(rows) // len(gates)
    starts = [
        place for place, gate in enumerate(gates) if not place or gate != gates[place - 1] + 1
    ]
    ends = [*starts[1:], len(gates)]
    return [
        rows[gates[start] * size : (gates[end - 1] + 1) * size]
        for start, end in zip(starts, ends, strict=True)
    ]
