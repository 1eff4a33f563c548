"""A one-layer GRU over packed sequences, with an initial state, and one step at a time."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from arae.nn import cudnn
from arae.nn.differentiation import of_any_order


class PackedGRU(nn.Module):
    """GRU (Cho et al. 2014; the reset gate acts after the matrix product): gates r, u, n.

    r = σ(W_r x + V_r h + …), u likewise, n = tanh(W_n x + b_n + r ⊙ (V_n h + c_n)),
    h' = (1 − u) ⊙ n + u ⊙ h.
    """

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__()
        self.hidden_size = hidden_size
        self.weight_input = nn.Parameter(torch.empty(3 * hidden_size, input_size))
        self.weight_hidden = nn.Parameter(torch.empty(3 * hidden_size, hidden_size))
        self.bias = nn.Parameter(torch.empty(3 * hidden_size))
        self.hidden_bias = nn.Parameter(torch.empty(3 * hidden_size))

    def forward(self, inputs: Tensor, batch_sizes: Tensor, start: Tensor) -> tuple[Tensor, Tensor]:
        """Hidden states [P, H] of packed `inputs` [P, E] from `start` [B, H], and each row's last.

        `batch_sizes` [T], on the CPU: rows running at each time; rows by falling length.
        """
        if of_any_order():
            return self._plain(inputs, batch_sizes, start)
        hidden, bias, hidden_bias = self.weight_hidden, self.bias, self.hidden_bias
        weights: list[Tensor] = [self.weight_input, hidden, bias, hidden_bias]
        if inputs.device.type == cudnn.CUDNN_ON:
            weights = cudnn.one_chunk([self.weight_input], hidden, bias, hidden_bias, (0, 1, 2))
        states, last = torch.gru(
            inputs, batch_sizes, start.unsqueeze(0), weights, True, 1, 0.0, self.training, False
        )
        return states, last.squeeze(0)

    def _plain(self, inputs: Tensor, batch_sizes: Tensor, start: Tensor) -> tuple[Tensor, Tensor]:
        """The same, of operations that can be differentiated any number of times."""
        states: list[Tensor] = []
        ended: list[Tensor] = []  # last states, of the shortest rows first
        hidden = start
        for projected in self.project(inputs).split(batch_sizes.tolist()):
            ended.append(hidden[len(projected) :])
            hidden = self.step(projected, hidden[: len(projected)])
            states.append(hidden)
        return torch.cat(states), torch.cat([hidden, *reversed(ended)])

    def step(self, projected: Tensor, hidden: Tensor) -> Tensor:
        """One time step: inputs projected to gates (`project`) [B, 3H], states [B, H] → states."""
        recurrent = torch.addmm(self.hidden_bias, hidden, self.weight_hidden.t())
        reset, keep, new = projected.chunk(3, dim=1)
        old_reset, old_keep, old_new = recurrent.chunk(3, dim=1)
        update = torch.sigmoid(keep + old_keep)
        fresh = torch.tanh(new + torch.sigmoid(reset + old_reset) * old_new)
        return torch.lerp(fresh, hidden, update)

    def project(self, inputs: Tensor) -> Tensor:
        """Gates' share of inputs [B, E] → [B, 3H]."""
        return torch.addmm(self.bias, inputs, self.weight_input.t())
