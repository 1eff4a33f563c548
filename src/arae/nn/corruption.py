"""What an encoder is shown in the place of a sentence while training (denoising autoencoders).

Corrupted sentences keep the rows of their minibatch, so nothing waits for the device: a shorter
sentence is followed by padding, which its encoder's last state does not see.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

import torch
from torch import Tensor

from arae.foundation.settings import bounded
from arae.nn.batch import Batch
from arae.nn.randomness import Draws
from arae.text.vocabulary import PAD, UNK


class Shown(Protocol):
    """The input of an encoder."""

    @property
    def words(self) -> Tensor:
        """Ids [U]: the distinct ones, or those of all P positions if there are no `places`."""

    @property
    def places(self) -> Tensor | None:
        """Where in `words` the input of each position is [P]."""

    @property
    def last(self) -> Tensor:
        """The position of each row's last input [B]."""


@dataclass(frozen=True)
class Corrupted:
    """Sentences with changed words: see `Shown`."""

    words: Tensor
    last: Tensor
    places: Tensor | None = None


@dataclass(frozen=True, kw_only=True)
class Intact:
    """The sentence as it is."""

    kind: Literal["none"] = "none"

    def apply(self, batch: Batch, draws: Draws) -> Shown:
        """The batch itself."""
        return batch


@dataclass(frozen=True, kw_only=True)
class Drop:
    """Each word is left out with probability `rate`, and the next one follows (Shen et al. 2020)."""

    kind: Literal["drop"] = "drop"
    rate: float = bounded(0.3, low=0.0, high=1.0)

    def apply(self, batch: Batch, draws: Draws) -> Shown:
        """Sentences of the words that are left, each after its <bos>."""
        kept = draws.uniform(len(batch.rows)) >= self.rate
        kept[: batch.size] = True  # the first B positions hold <bos>
        return compacted(batch, kept)


@dataclass(frozen=True, kw_only=True)
class Blank:
    """Each word becomes <unk> with probability `rate`."""

    kind: Literal["blank"] = "blank"
    rate: float = bounded(0.3, low=0.0, high=1.0)

    def apply(self, batch: Batch, draws: Draws) -> Shown:
        """Sentences of the same lengths."""
        blank = draws.uniform(len(batch.rows)) < self.rate
        blank[: batch.size] = False
        return Corrupted(torch.where(blank, UNK, batch.inputs), batch.last)


CorruptionSettings = Intact | Drop | Blank


def compacted(batch: Batch, kept: Tensor) -> Corrupted:
    """The inputs that are `kept` [P], moved up in their rows; the first of each row must be kept."""
    by_row = torch.argsort(
        batch.rows, stable=True
    )  # positions sentence by sentence, in time's order
    rows = batch.rows[by_row]
    keeps = kept[by_row] & (by_row <= batch.last[rows])  # padding is never kept
    ones, left = torch.ones_like(rows), keeps.long()
    sizes, lengths = (ones.new_zeros(batch.size).index_add_(0, rows, n) for n in (ones, left))
    firsts = sizes.cumsum(0) - sizes
    before = left.cumsum(0) - left  # how many were kept before each, over all rows
    target = firsts[rows] + before - before[firsts][rows]
    moved = torch.full((len(rows) + 1,), PAD, device=rows.device, dtype=batch.inputs.dtype)
    moved[torch.where(keeps, target, len(rows))] = batch.inputs[by_row]  # the rest beyond the end
    words = torch.empty_like(batch.inputs).index_copy_(0, by_row, moved[:-1])
    return Corrupted(words, by_row[firsts + lengths - 1])
