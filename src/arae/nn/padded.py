"""Sentences padded to one of few widths, cut on the device from a text that lies there whole.

The shape of a minibatch is then (sentences, width, predictions) and nothing else: every operation of a
phase has the same shapes whenever that shape comes again, which is what replaying it as one graph needs
(`engine/graphs.py`). The losses are those of the packed layout (`batch.py`): recurrent layers run over
padding, too, but hardly any of it is projected to the vocabulary, and what is, is masked out.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from arae.nn.batch import Batch, TextStore
from arae.nn.store import Shareable, moved
from arae.text.encoded import EncodedText
from arae.text.vocabulary import BOS, EOS, PAD


class PaddedText(TextStore):
    """A whole encoded text on the device; widths are multiples of `multiple`."""

    def __init__(self, text: EncodedText, device: torch.device | str, multiple: int) -> None:
        super().__init__(text, device)
        self._multiple = multiple
        self._words = self._whole(self._ids.astype(np.int32))  # GPUs index by few unsigned types
        self.offsets = self._whole(self._offsets)
        self.classes = None if self.labels is None else self._whole(self.labels)

    def batch(self, indices: Tensor | np.ndarray) -> PaddedBatch:  # type: ignore[override]
        """The sentences `indices` [B], padded to the next width."""
        chosen = np.asarray(indices)
        lengths = self._offsets[chosen + 1] - self._offsets[chosen]
        order = np.argsort(-lengths, kind="stable")  # rows as the packed layout has them
        width = -(-(int(lengths[order[0]]) + 1) // self._multiple) * self._multiple
        predictions = -(-int(lengths.sum() + len(chosen)) // len(chosen)) * len(chosen)
        return PaddedBatch(self, chosen[order], order, width, predictions)

    def join(self, batches: Sequence[Batch]) -> PaddedBatch:  # type: ignore[override]
        """All sentences of some batches as one, requested in the order of their rows."""
        return self.batch(np.concatenate([batch.sentences for batch in batches]))

    def id_at(self, where: Tensor) -> Tensor:
        """Ids at places of the text; of places beside it, which padding asks for, any."""
        return self._words[where.clamp(0, len(self._words) - 1)].long()

    def _whole(self, array: np.ndarray) -> Tensor:
        return torch.from_numpy(np.array(array)).to(self.device)


def training_text(text: EncodedText, device: torch.device, buckets: int) -> TextStore:
    """A text to train on: packed, or padded to multiples of `buckets` positions."""
    return PaddedText(text, device, buckets) if buckets else TextStore(text, device)


class PaddedBatch(Shareable):
    """B sentences in T = `width` positions each: the fields of a `Batch`, with P = B·T inputs.

    Of the predictions only the real ones are made, and up to B − 1 more: K, a multiple of B. All of it
    follows on the device from `request`, when first asked for.
    """

    part = None
    places = None  # every position is embedded by itself

    def __init__(
        self,
        text: PaddedText,
        sentences: np.ndarray,
        places: np.ndarray,
        width: int,
        predictions: int,
    ) -> None:
        """Each row's sentence [B], and which of the requested ones it is [B]; T and K."""
        self._text, self.sentences, self._places = text, sentences, places
        self.width, self.predictions = width, predictions
        self.batch_sizes = torch.full((width,), len(sentences))

    @property
    def shape(self) -> tuple[int, ...]:
        """What all shapes of this batch's tensors follow from: (B, T, K)."""
        return self.size, self.width, self.predictions

    def like(self, request: Tensor) -> PaddedBatch:
        """A batch of the same shape with another request [2, B]."""
        other = PaddedBatch(self._text, self.sentences, self._places, self.width, self.predictions)
        other.request = request
        return other

    @property
    def size(self) -> int:
        """Number of sentences B."""
        return len(self.sentences)

    @cached_property
    def request(self) -> Tensor:
        """Each row's sentence, and which of the requested ones it is [2, B]; all else follows."""
        both = np.stack([self.sentences, self._places]).astype(np.int64)
        return moved(both, self._text.device)

    @property
    def order(self) -> Tensor:
        """Which of the requested sentences each row holds [B]."""
        return self.request[1]

    @cached_property
    def tokens(self) -> Tensor:
        """Number of predicted tokens, `<eos>` included: a scalar on the device."""
        return (self._lengths + 1).sum()

    @cached_property
    def predicted(self) -> Tensor:
        """The positions whose targets are predicted, real ones first and in order [K]."""
        padding = (self._times > self._lengths).flatten()
        return padding.byte().argsort(stable=True)[: self.predictions]

    @cached_property
    def real(self) -> Tensor:
        """1 for each prediction that counts, 0 for padding [K]."""
        places = torch.arange(self.predictions, device=self.request.device)
        return (places < self.tokens).float()

    @cached_property
    def words(self) -> Tensor:
        """Input ids `<bos> w_1 … w_n` [P]; `<pad>` afterwards."""
        before = self._text.id_at(self._starts + self._times - 1)
        inputs = torch.where(self._times == 0, BOS, before)
        return torch.where(self._times <= self._lengths, inputs, PAD).flatten()

    @property
    def inputs(self) -> Tensor:
        """The same as `words`."""
        return self.words

    @cached_property
    def targets(self) -> Tensor:
        """Ids `w_1 … w_n <eos>` [K]; `<eos>` afterwards, which nothing counts."""
        here = self._text.id_at(self._starts + self._times)
        targets = torch.where(self._times < self._lengths, here, EOS)
        return targets.flatten()[self.predicted]

    @cached_property
    def rows(self) -> Tensor:
        """The row of each position [P]."""
        return torch.arange(self.size, device=self.request.device).repeat(self.width)

    @cached_property
    def last(self) -> Tensor:
        """Position of each row's last time [B]."""
        return self._lengths * self.size + torch.arange(self.size, device=self.request.device)

    @cached_property
    def before(self) -> Tensor:
        """Position of the same row one time earlier, from time 1 on [P - B]."""
        return torch.arange(self.size * (self.width - 1), device=self.request.device)

    @cached_property
    def labels(self) -> Tensor | None:
        """The label of each row [B], if the text has labels."""
        classes = self._text.classes
        return None if classes is None else classes[self.request[0]]

    def restore(self, per_row: Tensor) -> Tensor:
        """A per-row result [B, …] in the order in which the sentences were requested."""
        return per_row.index_select(0, self.order.argsort())

    def sum_per_row(self, per_token: Tensor) -> Tensor:
        """Sum per-prediction values [K] over each sentence: [B], in row order."""
        rows = self.rows[self.predicted]
        return per_token.new_zeros(self.size).index_add_(0, rows, per_token)

    @cached_property
    def _starts(self) -> Tensor:
        return self._text.offsets[self.request[0]]

    @cached_property
    def _lengths(self) -> Tensor:
        return self._text.offsets[self.request[0] + 1] - self._starts

    @cached_property
    def _times(self) -> Tensor:
        times = torch.arange(self.width, device=self.request.device)
        return times.unsqueeze(1).expand(self.width, self.size)
