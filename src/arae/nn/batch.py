"""Sentences packed without padding: the layout every recurrent layer here works on.

Rows are sorted by falling length; packed position p runs over time first, and at time t over the
first `batch_sizes[t]` rows, those still running. No layer ever sees a pad token.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from arae.nn.store import Share, Shareable, moved
from arae.text.encoded import EncodedText
from arae.text.vocabulary import BOS, EOS


@dataclass(frozen=True)
class Batch(Shareable):
    """B sentences of lengths n_r, packed; P = Σ(n_r + 1) positions over T = max(n_r) + 1 times."""

    words: Tensor  # [U] the distinct input ids, rising
    places: Tensor  # [P] where in `words` each input `<bos> w_1 … w_n` is
    targets: Tensor  # [P] ids `w_1 … w_n <eos>`
    rows: Tensor  # [P] the row of each packed position
    last: Tensor  # [B] packed position of each row's last time
    before: Tensor  # [P - B] packed position of the same row one time earlier, from time 1 on
    batch_sizes: Tensor  # [T] rows still running at each time, on the CPU
    order: Tensor  # [B] which of the requested sentences each row holds
    sentences: np.ndarray  # [B] the sentence of the text that each row holds
    labels: Tensor | None = None  # [B] the label of each row, if the text has labels
    host_labels: np.ndarray | None = None  # [B] the same, readable without asking the device
    part: Share | None = None  # of which minibatch this is a share, if it is one
    predicted: Tensor | None = None  # [K] which positions are predicted; None: all
    real: Tensor | None = None  # [K] 1 for predictions that count, 0 for padding; None: all count

    @property
    def inputs(self) -> Tensor:
        """Ids `<bos> w_1 … w_n` [P]."""
        return self.words[self.places]

    @property
    def size(self) -> int:
        """Number of sentences B."""
        return len(self.order)

    @property
    def tokens(self) -> int:
        """Number of predicted tokens P, `<eos>` included."""
        return len(self.targets)

    def restore(self, per_row: Tensor) -> Tensor:
        """A per-row result [B, …] in the order in which the sentences were requested."""
        return torch.empty_like(per_row).index_copy_(0, self.order, per_row)

    def sum_per_row(self, per_token: Tensor) -> Tensor:
        """Sum packed per-token values [P] over each sentence: [B], in row order."""
        return per_token.new_zeros(self.size).index_add_(0, self.rows, per_token)


class TextStore:
    """A whole encoded text, in memory or mapped into it, from which batches are cut by index operations."""

    def __init__(self, text: EncodedText, device: torch.device | str = "cpu") -> None:
        # Views of a memory map: what is never cut into a batch is never read.
        self._ids, self._offsets = np.asarray(text.ids), np.asarray(text.offsets)
        self.labels = None if text.labels is None else np.asarray(text.labels).astype(np.int64)
        self.device = torch.device(device)

    def __len__(self) -> int:
        return len(self._offsets) - 1

    @property
    def tokens(self) -> int:
        """Number of predicted tokens of the whole text, one `<eos>` per sentence included."""
        return len(self._ids) + len(self)

    def batch(self, indices: Tensor | np.ndarray) -> Batch:
        """Pack the sentences `indices` [B]."""
        chosen = np.asarray(indices)
        starts = self._offsets[chosen]
        lengths = self._offsets[chosen + 1] - starts
        order = np.argsort(-lengths, kind="stable")
        sentences, starts, lengths = chosen[order], starts[order], lengths[order]
        # Row-major mask over [T, B] enumerates positions in packed (time-major) order.
        times, rows = np.nonzero(np.arange(lengths[0] + 1)[:, None] <= lengths[None, :])
        sizes = np.bincount(times)
        where = starts[rows] + times
        word = self._ids[np.minimum(where, len(self._ids) - 1)].astype(np.int64)
        targets = np.where(times == lengths[rows], EOS, word)
        inputs = np.where(times == 0, BOS, self._ids[where - 1].astype(np.int64))
        words, places = np.unique(inputs, return_inverse=True)
        labels = None if self.labels is None else self.labels[sentences]
        firsts = np.concatenate(([0], np.cumsum(sizes)[:-1]))
        last = firsts[lengths] + np.arange(len(chosen))
        before = np.arange(len(rows))[len(chosen) :] - np.repeat(sizes[:-1], sizes[1:])
        return Batch(
            words=self._move(words),
            places=self._move(places),
            targets=self._move(targets),
            rows=self._move(rows),
            last=self._move(last),
            before=self._move(before),
            batch_sizes=torch.from_numpy(sizes),
            order=self._move(order),
            sentences=sentences,
            labels=None if labels is None else self._move(labels),
            host_labels=labels,
        )

    def join(self, batches: Sequence[Batch]) -> Batch:
        """All sentences of some batches as one, requested in the order of their rows."""
        return self.batch(np.concatenate([batch.sentences for batch in batches]))

    def share(self, whole: Batch, place: int, count: int) -> Batch:
        """Every `count`-th row of a batch, from row `place` on: shares of like lengths."""
        mine = self.batch(whole.sentences[place::count])
        rows = place + count * torch.arange(mine.size)
        # Both have their rows by falling length, so a share's time t is the whole's time t.
        firsts = whole.batch_sizes.cumsum(0) - whole.batch_sizes
        starts = firsts[: len(mine.batch_sizes)].repeat_interleave(mine.batch_sizes)
        rows = rows.to(self.device)
        positions = starts.to(self.device) + rows[mine.rows]
        return replace(mine, part=Share(rows, positions, whole.size, whole.tokens))

    def _move(self, array: np.ndarray) -> Tensor:
        return moved(array, self.device)
