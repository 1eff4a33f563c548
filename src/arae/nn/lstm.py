"""A one-layer LSTM over packed batches, with a constant context fed at every time step.

Same mathematics as `torch.nn.LSTM` on inputs [x_t; z] (tested against it), arranged for speed: the
context is projected once per sentence, weight gradients are one matrix product each over all
times, and the gates live in one buffer that the backward pass reuses.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from arae.nn.batch import Batch


class PackedLSTM(nn.Module):
    """LSTM: `input_size` → `hidden_size`, plus an optional per-sentence context of `context_size`.

    Gate order i, f, o, g (three sigmoids side by side, then the tanh).
    """

    def __init__(self, input_size: int, hidden_size: int, context_size: int = 0) -> None:
        super().__init__()
        self.hidden_size = hidden_size
        self.weight_input = nn.Parameter(torch.empty(4 * hidden_size, input_size))
        self.weight_hidden = nn.Parameter(torch.empty(4 * hidden_size, hidden_size))
        self.weight_context = (
            nn.Parameter(torch.empty(4 * hidden_size, context_size)) if context_size else None
        )
        self.bias = nn.Parameter(torch.empty(4 * hidden_size))

    @torch.no_grad()
    def open_forget_gates_(self, bias: float) -> None:
        """Set the forget gates' bias: a positive one lets gradients reach early words sooner."""
        self.bias[self.hidden_size : 2 * self.hidden_size] = bias

    def forward(self, inputs: Tensor, batch: Batch, context: Tensor | None = None) -> Tensor:
        """Hidden states [P, H] for packed `inputs` [P, E] and `context` [B, d] (row order)."""
        if inputs.is_cuda:
            return self._cudnn(inputs, batch, context)
        gates = torch.addmm(self.bias, inputs, self.weight_input.t())
        if context is not None and self.weight_context is not None:
            gates = gates + (context @ self.weight_context.t())[batch.rows]
        return _Recurrence.apply(gates, self.weight_hidden, batch.batch_sizes)  # type: ignore[no-untyped-call]

    def step(self, projected: Tensor, hidden: Tensor, cell: Tensor) -> tuple[Tensor, Tensor]:
        """One time step for generation: projected gates [B, 4H], states [B, H] → new states."""
        gates = torch.addmm(projected, hidden, self.weight_hidden.t())
        size = self.hidden_size
        gates[:, : 3 * size].sigmoid_()
        gates[:, 3 * size :].tanh_()
        keep_in, forget, out, new = gates.split(size, dim=1)
        cell = forget * cell + keep_in * new
        return out * torch.tanh(cell), cell

    def _cudnn(self, inputs: Tensor, batch: Batch, context: Tensor | None) -> Tensor:
        # cuDNN wants the gate order i, f, g, o and one input matrix.
        size = self.hidden_size
        order = torch.cat(
            [
                torch.arange(2 * size),
                torch.arange(3 * size, 4 * size),
                torch.arange(2 * size, 3 * size),
            ]
        )
        weight = self.weight_input
        if context is not None and self.weight_context is not None:
            inputs = torch.cat([inputs, context[batch.rows]], dim=1)
            weight = torch.cat([weight, self.weight_context], dim=1)
        order = order.to(inputs.device)
        start = inputs.new_zeros(1, batch.size, size)
        bias = self.bias[order]
        weights = [weight[order], self.weight_hidden[order], bias, torch.zeros_like(bias)]
        states, _, _ = torch.lstm(
            inputs, batch.batch_sizes, (start, start), weights, True, 1, 0.0, self.training, False
        )
        return states


class _Recurrence(torch.autograd.Function):
    """Hidden states from projected gates [P, 4H], which it overwrites (nobody else may need them)."""

    @staticmethod
    def forward(ctx: Any, gates: Tensor, weight: Tensor, batch_sizes: Tensor) -> Tensor:
        sizes = batch_sizes.tolist()
        width = weight.shape[1]
        transposed = weight.t()
        states = gates.new_empty(gates.shape[0], width)
        cells = torch.empty_like(states)
        squashed = torch.empty_like(states)
        before = torch.zeros_like(states)  # h_{t-1} at each packed position
        cells_before = torch.zeros_like(states)
        start = 0
        for time, size in enumerate(sizes):
            now = slice(start, start + size)
            gate = gates[now]
            if time:
                previous = slice(start - sizes[time - 1], start - sizes[time - 1] + size)
                before[now] = states[previous]
                cells_before[now] = cells[previous]
                gate.addmm_(before[now], transposed)
            gate[:, : 3 * width].sigmoid_()
            gate[:, 3 * width :].tanh_()
            cell = cells[now]
            torch.mul(gate[:, :width], gate[:, 3 * width :], out=cell)
            if time:
                cell.addcmul_(gate[:, width : 2 * width], cells_before[now])
            torch.tanh(cell, out=squashed[now])
            torch.mul(gate[:, 2 * width : 3 * width], squashed[now], out=states[now])
            start += size
        ctx.sizes = sizes
        ctx.save_for_backward(gates, weight, squashed, before, cells_before)
        return states

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad_states: Tensor) -> tuple[Tensor | None, ...]:
        gates, weight, squashed, before, cells_before = ctx.saved_tensors
        width = weight.shape[1]
        sizes = ctx.sizes
        keep_in, forget, out, new = gates.split(width, dim=1)
        # Elementwise factors for all times at once; only the recurrences stay in the loop.
        cell_from_state = out * (1 - squashed * squashed)
        into_out = squashed * out * (1 - out)
        into_in = new * keep_in * (1 - keep_in)
        into_forget = cells_before * forget * (1 - forget)
        into_new = keep_in * (1 - new * new)
        grad_gates = torch.empty_like(gates)
        grad_state = grad_states.new_zeros(sizes[0], width)
        grad_cell = grad_states.new_zeros(sizes[0], width)
        start = grad_states.shape[0]
        for time in range(len(sizes) - 1, -1, -1):
            size = sizes[time]
            start -= size
            now = slice(start, start + size)
            state, cell = grad_state[:size], grad_cell[:size]
            state += grad_states[now]
            cell.addcmul_(state, cell_from_state[now])
            gate = grad_gates[now]
            torch.mul(cell, into_in[now], out=gate[:, :width])
            torch.mul(cell, into_forget[now], out=gate[:, width : 2 * width])
            torch.mul(state, into_out[now], out=gate[:, 2 * width : 3 * width])
            torch.mul(cell, into_new[now], out=gate[:, 3 * width :])
            if time:
                torch.mm(gate, weight, out=state)
                cell.mul_(forget[now])
        grad_weight = grad_gates.t() @ before if ctx.needs_input_grad[1] else None
        return grad_gates, grad_weight, None
