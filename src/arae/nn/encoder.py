"""Text encoder: a sentence becomes one feature vector, the last hidden state of an LSTM."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn

from arae.foundation.settings import bounded
from arae.nn.batch import Batch
from arae.nn.embedding import Embedding
from arae.nn.lstm import PackedLSTM


@dataclass(frozen=True, kw_only=True)
class EncoderSettings:
    """Sizes of the encoder (paper: 300 and 300)."""

    embedding: int = bounded(300, low=1)
    hidden: int = bounded(300, low=1)


class TextEncoder(nn.Module):
    """Embedding → LSTM → last hidden state [B, H]."""

    def __init__(self, vocabulary_size: int, settings: EncoderSettings) -> None:
        super().__init__()
        self.feature_size = settings.hidden
        self.embedding = Embedding(vocabulary_size, settings.embedding)
        self.lstm = PackedLSTM(settings.embedding, settings.hidden)

    def forward(self, batch: Batch) -> Tensor:
        """Features [B, H], in the batch's row order."""
        states: Tensor = self.lstm(self.embedding(batch.words), batch, places=batch.places)
        return states.index_select(0, batch.last)
