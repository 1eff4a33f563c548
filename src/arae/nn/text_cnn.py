"""Convolutions over time, the greatest response of each filter, one linear layer (Kim 2014)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as functional
from torch import Tensor, nn

from arae.nn.randomness import Draws


class TextCNN(nn.Module):
    """Sequences [B, T, E] → scores [B, outputs]; filters of several widths, LeakyReLU."""

    def __init__(
        self,
        input_size: int,
        outputs: int,
        *,
        widths: Sequence[int] = (1, 2, 3, 4, 5),
        filters: int = 128,
        dropout: float = 0.5,
        slope: float = 0.01,
    ) -> None:
        super().__init__()
        self.convolutions = nn.ModuleList(
            nn.Linear(width * input_size, filters) for width in widths
        )
        self.output = nn.Linear(len(self.convolutions) * filters, outputs)
        self._widths, self._dropout, self._slope = tuple(widths), dropout, slope

    def forward(self, sequences: Tensor, draws: Draws | None = None) -> Tensor:
        """Scores [B, outputs]; short sequences are filled up with zeros to the widest filter.

        `draws` turns dropout on.
        """
        short = max(self._widths) - sequences.shape[1]
        if short > 0:
            sequences = functional.pad(sequences, (0, 0, 0, short))
        found = [
            convolution(_windows(sequences, width)).amax(dim=1)
            for width, convolution in zip(self._widths, self.convolutions, strict=True)
        ]  # the greatest of a rising function is the function of the greatest
        features = functional.leaky_relu(torch.cat(found, dim=1), self._slope)
        if draws is not None:
            features = draws.dropout(features, self._dropout)
        scores: Tensor = self.output(features)
        return scores


def _windows(sequences: Tensor, width: int) -> Tensor:
    """Every run of `width` vectors side by side: [B, T − width + 1, width·E]."""
    runs = sequences.unfold(1, width, 1).transpose(2, 3)
    return runs.flatten(start_dim=2)
