"""A small convolutional classifier of binary images (LeNet-like): the eye of FID and KID (K19)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from arae.foundation.settings import bounded
from arae.nn.initialisation import fan_in_
from arae.nn.randomness import Draws

WINDOW = 3


@dataclass(frozen=True, kw_only=True)
class ConvnetSettings:
    """Filters of the two convolutions, and size of the features before the last layer."""

    filters: tuple[int, ...] = (16, 32)
    features: int = bounded(128, low=1)

    def check(self) -> None:
        """There are two convolutions."""
        if len(self.filters) != 2 or min(self.filters) < 1:
            raise ValueError(f"filters: expected two positive numbers, got {list(self.filters)}")


class Convnet(nn.Module):
    """(3×3 convolution, ReLU, 2×2 maximum) twice → features (ReLU) → logits of the classes.

    `scale` is the root mean square of the features of the training images: distances are measured
    in that unit, so that they do not depend on the size that training happened to give them.
    """

    scale: Tensor

    def __init__(
        self, shape: tuple[int, int], classes: int, settings: ConvnetSettings, seed: int
    ) -> None:
        super().__init__()
        self.shape = shape
        first, second = settings.filters
        self.convolutions = nn.Sequential(
            nn.Conv2d(1, first, WINDOW, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(first, second, WINDOW, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),
        )
        cells = second * (shape[0] // 4) * (shape[1] // 4)
        self.penultimate = nn.Linear(cells, settings.features)
        self.output = nn.Linear(settings.features, classes)
        self.register_buffer("scale", torch.ones(()))
        fan_in_([self], Draws(seed, "init", "classifier"))

    def features(self, pixels: Tensor) -> Tensor:
        """Features [B, F] of images [B, H·W] of 0 and 1."""
        images = (2 * pixels - 1).reshape(len(pixels), 1, *self.shape)
        return torch.relu(self.penultimate(self.convolutions(images).flatten(1)))

    def forward(self, pixels: Tensor) -> Tensor:
        """Logits [B, classes] of images [B, H·W]."""
        logits: Tensor = self.output(self.features(pixels))
        return logits
