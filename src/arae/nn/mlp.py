"""Multilayer perceptrons: the generator, critics and discriminators."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Literal

import torch
import torch.nn.functional as functional
from torch import Tensor, nn

# Which hidden layers are followed by batch normalisation.
Normalised = Literal["none", "all", "after_first"]


class SpectralLinear(nn.Linear):
    """Linear layer divided by its largest singular value, estimated by power iteration.

    One iteration per training step of its owner (as with `BatchNorm`, only while `tracking`).
    """

    tracking: bool = False
    left: Tensor

    def __init__(self, fan_in: int, fan_out: int) -> None:
        super().__init__(fan_in, fan_out)
        self.register_buffer("left", functional.normalize(torch.ones(fan_out), dim=0))

    def forward(self, values: Tensor) -> Tensor:
        """values·(W/σ(W))ᵀ + b."""
        with torch.no_grad():
            right = functional.normalize(self.weight.t() @ self.left, dim=0)
            left = functional.normalize(self.weight @ right, dim=0)
            if self.training and self.tracking:
                self.left.copy_(left)
        sigma = left @ self.weight @ right
        return functional.linear(values, self.weight / sigma, self.bias)


class BatchNorm(nn.BatchNorm1d):
    """Batch normalisation whose running statistics move only while its owner is being trained.

    A phase that merely uses the module normalises by the batch's own statistics and leaves the
    buffers alone: else training the critic would change the generator.
    """

    tracking: bool = False

    def forward(self, values: Tensor) -> Tensor:
        """Normalise [B, D] over the batch (training) or by the running statistics (evaluation)."""
        if self.training and not self.tracking:
            return functional.batch_norm(
                values, None, None, self.weight, self.bias, training=True, eps=self.eps
            )
        return super().forward(values)


def mlp(
    sizes: Sequence[int],
    activation: type[nn.Module],
    *,
    normalised: Normalised = "none",
    output: nn.Module | None = None,
    slope: float | None = None,
    linear: type[nn.Linear] = nn.Linear,
) -> nn.Sequential:
    """Linear layers `sizes[0] → … → sizes[-1]` with `activation` between them.

    `slope` is LeakyReLU's; `output` is put after the last layer; `linear` is the class of layers.
    """
    layers: list[nn.Module] = []
    for depth, (fan_in, fan_out) in enumerate(pairwise(sizes[:-1])):
        layers.append(linear(fan_in, fan_out))
        if normalised == "all" or (normalised == "after_first" and depth > 0):
            layers.append(BatchNorm(fan_out))
        layers.append(activation() if slope is None else activation(slope))
    layers.append(linear(sizes[-2], sizes[-1]))
    if output is not None:
        layers.append(output)
    return nn.Sequential(*layers)
