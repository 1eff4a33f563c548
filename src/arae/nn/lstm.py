"""A one-layer LSTM over packed batches, with a constant context fed at every time step.

Same mathematics as `torch.nn.LSTM` on inputs [x_t; z] (tested against it), arranged for speed: the
context is projected once per sentence and each distinct word once per batch, weight gradients are
one matrix product each over all times, and only the recurrence itself loops over time.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from arae.nn import cudnn
from arae.nn.batch import Batch
from arae.nn.differentiation import expect_first_order, of_any_order


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

    def forward(
        self,
        inputs: Tensor,
        batch: Batch,
        context: Tensor | None = None,
        places: Tensor | None = None,
    ) -> Tensor:
        """Hidden states [P, H] for packed `inputs` [P, E] and `context` [B, d] (row order).

        With `places` [P], the packed inputs are `inputs[places]`: each of a batch's distinct words
        is then projected once.
        """
        if inputs.device.type == cudnn.CUDNN_ON and not of_any_order():
            return self._cudnn(inputs if places is None else inputs[places], batch, context)
        gates = torch.addmm(self.bias, inputs, self.weight_input.t())
        if places is not None:
            gates = gates.index_select(0, places)
        if context is not None and self.weight_context is not None:
            gates += (context @ self.weight_context.t()).index_select(0, batch.rows)
        if of_any_order():
            return self._plain(gates, batch.batch_sizes)
        return _Recurrence.apply(gates, self.weight_hidden, batch.batch_sizes, batch.before)  # type: ignore[no-untyped-call]

    def step(self, projected: Tensor, hidden: Tensor, cell: Tensor) -> tuple[Tensor, Tensor]:
        """One time step for generation: projected gates [B, 4H], states [B, H] → new states."""
        gates = torch.addmm(projected, hidden, self.weight_hidden.t())
        size = self.hidden_size
        gates[:, : 3 * size].sigmoid_()
        gates[:, 3 * size :].tanh_()
        keep_in, forget, out, new = gates.split(size, dim=1)
        cell = forget * cell + keep_in * new
        return out * torch.tanh(cell), cell

    def _plain(self, gates: Tensor, batch_sizes: Tensor) -> Tensor:
        """The same as `_Recurrence`, of operations that can be differentiated any number of times."""
        states: list[Tensor] = []
        cell: Tensor | None = None
        for gate in gates.split(batch_sizes.tolist()):
            if cell is not None:
                gate = gate + states[-1][: len(gate)] @ self.weight_hidden.t()
            sigmoids, new = gate.split([3 * self.hidden_size, self.hidden_size], dim=1)
            keep_in, forget, out = sigmoids.sigmoid().chunk(3, dim=1)
            kept = 0.0 if cell is None else forget * cell[: len(gate)]
            cell = kept + keep_in * new.tanh()
            states.append(out * cell.tanh())
        return torch.cat(states)

    def _cudnn(self, inputs: Tensor, batch: Batch, context: Tensor | None) -> Tensor:
        weights = [self.weight_input]
        if context is not None and self.weight_context is not None:
            inputs = torch.cat([inputs, context[batch.rows]], dim=1)
            weights.append(self.weight_context)
        start = inputs.new_zeros(1, batch.size, self.hidden_size)
        chunk = cudnn.one_chunk(weights, self.weight_hidden, self.bias, None, gates=(0, 1, 3, 2))
        options = (chunk, True, 1, 0.0, self.training, False)
        if batch.real is not None:  # padded: all rows run to the end
            padded = inputs.view(-1, batch.size, inputs.shape[1])
            return torch.lstm(padded, (start, start), *options, False)[0].flatten(0, 1)
        return torch.lstm(inputs, batch.batch_sizes, (start, start), *options)[0]


class _Recurrence(torch.autograd.Function):
    """Hidden states from projected gates [P, 4H], which it overwrites (nobody else may need them)."""

    @staticmethod
    def forward(
        ctx: Any, gates: Tensor, weight: Tensor, batch_sizes: Tensor, before: Tensor
    ) -> Tensor:
        sizes = batch_sizes.tolist()
        width = weight.shape[1]
        transposed = weight.t()
        states = gates.new_empty(gates.shape[0], width)
        cells, squashed = torch.empty_like(states), torch.empty_like(states)
        # One call makes the views of all times.
        gate, state, cell, tanh = (x.split(sizes) for x in (gates, states, cells, squashed))
        sigmoids = gates[:, : 3 * width].split(sizes)
        keep_in, forget, out, new = (x.split(sizes) for x in gates.split(width, dim=1))
        for time, size in enumerate(sizes):
            if time:
                gate[time].addmm_(state[time - 1][:size], transposed)
            sigmoids[time].sigmoid_()
            new[time].tanh_()
            torch.mul(keep_in[time], new[time], out=cell[time])
            if time:
                cell[time].addcmul_(forget[time], cell[time - 1][:size])
            torch.tanh(cell[time], out=tanh[time])
            torch.mul(out[time], tanh[time], out=state[time])
        ctx.sizes = sizes
        ctx.save_for_backward(gates, weight, squashed, cells, states, before)
        return states

    @staticmethod
    def backward(ctx: Any, grad_states: Tensor) -> tuple[Tensor | None, ...]:
        expect_first_order("LSTM")
        gates, weight, squashed, cells, states, before = ctx.saved_tensors
        width, sizes = weight.shape[1], ctx.sizes
        keep_in, forget, out, new = gates.split(width, dim=1)
        # What turns ∂h (for the output gate) or ∂c (for the others) into the gates' gradients, and
        # ∂h into ∂c, for all times at once; only the recurrence stays in the loop.
        slopes = torch.empty_like(gates)
        sigmoids = gates[:, : 3 * width]
        torch.addcmul(sigmoids, sigmoids, sigmoids, value=-1, out=slopes[:, : 3 * width])
        into_in, into_forget, into_out, into_new = slopes.split(width, dim=1)
        into_in *= new
        into_forget[: sizes[0]] = 0
        into_forget[sizes[0] :] *= cells.index_select(0, before)
        into_out *= squashed
        torch.addcmul(keep_in, keep_in * new, new, value=-1, out=into_new)
        into_cell = torch.addcmul(out, out * squashed, squashed, value=-1)
        grad_gates = torch.empty_like(gates)
        grad_state = grad_states.new_zeros(sizes[0], width)
        grad_cell = torch.zeros_like(grad_state)
        gate, slope = (x.view(-1, 4, width).split(sizes) for x in (grad_gates, slopes))
        output, output_slope = (
            grad_gates.view(-1, 4, width)[:, 2].split(sizes),
            into_out.split(sizes),
        )
        flat = grad_gates.split(sizes)
        pull, cell_slope, kept = (
            grad_states.split(sizes),
            into_cell.split(sizes),
            forget.split(sizes),
        )
        for time in range(len(sizes) - 1, -1, -1):
            state, cell = grad_state[: sizes[time]], grad_cell[: sizes[time]]
            state += pull[time]
            cell.addcmul_(state, cell_slope[time])
            torch.mul(cell.unsqueeze(1), slope[time], out=gate[time])
            torch.mul(state, output_slope[time], out=output[time])
            if time:
                torch.mm(flat[time], weight, out=state)
                cell.mul_(kept[time])
        grad_weight = None
        if ctx.needs_input_grad[1]:
            grad_weight = grad_gates[sizes[0] :].t() @ states.index_select(0, before)
        return grad_gates, grad_weight, None, None
