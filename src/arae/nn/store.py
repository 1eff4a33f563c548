"""What the engine and the losses need of data, be it sentences or images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor


@dataclass(frozen=True)
class Share:
    """Which part of a minibatch a batch is, when several processes each hold one (`World`)."""

    rows: Tensor  # [B] the row of the whole minibatch that each row is
    positions: Tensor  # [P] likewise of each prediction
    size: int  # things in the whole minibatch
    tokens: int  # predictions in it


class Shareable:
    """Counts of the whole minibatch for what may be a share of it."""

    size: Any
    tokens: Any
    part: Share | None  # of which minibatch this is a share, if it is one

    @property
    def whole_size(self) -> int:
        """Number of things in the whole minibatch."""
        return int(self.part.size if self.part else self.size)

    @property
    def whole_tokens(self) -> int | Tensor:
        """Number of predictions in the whole minibatch; of a padded one a scalar on the device."""
        count: int | Tensor = self.part.tokens if self.part else self.tokens
        return count


def moved(array: np.ndarray, device: torch.device) -> Tensor:
    """An array of the host on a device, without waiting for the device."""
    tensor = torch.from_numpy(np.ascontiguousarray(array))
    if device.type == "cuda":
        return tensor.pin_memory().to(device, non_blocking=True)
    return tensor.to(device)


class Observed(Protocol):
    """A minibatch of B things that an encoder reads and a decoder predicts."""

    @property
    def size(self) -> int:
        """Number of things B."""

    @property
    def tokens(self) -> Any:
        """Number of predictions (words and `<eos>`, or pixels) in all of them."""

    @property
    def whole_size(self) -> int:
        """Number of things in the whole minibatch, of which this may be a share: a loss's divisor."""

    @property
    def whole_tokens(self) -> int | Tensor:
        """Number of predictions in the whole minibatch; of a padded one a scalar on the device."""

    def restore(self, per_row: Tensor) -> Tensor:
        """A per-row result [B, …] in the order in which the things were requested."""

    def sum_per_row(self, per_token: Tensor) -> Tensor:
        """Sum per-prediction values over each thing: [B], in row order."""


class Store(Protocol):
    """All things of a split, from which minibatches are cut."""

    device: torch.device

    def __len__(self) -> int:
        """Number of things."""

    def batch(self, indices: Tensor | np.ndarray) -> Any:
        """The things `indices` [B] as an `Observed`."""

    def join(self, batches: Sequence[Any]) -> Any:
        """All things of some minibatches as one, requested in the order of their rows."""

    def share(self, whole: Any, place: int, count: int) -> Any:
        """Every `count`-th row of a minibatch, from row `place` on, with its `Share`."""
