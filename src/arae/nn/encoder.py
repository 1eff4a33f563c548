"""Text encoder: a sentence becomes one feature vector, the last hidden state of an LSTM."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn

from arae.foundation.settings import bounded
from arae.nn.batch import Batch
from arae.nn.corruption import CorruptionSettings, Shown
from arae.nn.embedding import Embedding
from arae.nn.lstm import PackedLSTM
from arae.nn.posteriors import Posterior
from arae.nn.randomness import Draws


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

    def forward(self, batch: Batch, shown: Shown | None = None) -> Tensor:
        """Features [B, H] of what is `shown`, by default the batch, in the batch's row order."""
        shown = shown or batch
        states: Tensor = self.lstm(self.embedding(shown.words), batch, places=shown.places)
        return states.index_select(0, shown.last)


class Encoder(nn.Module):
    """Text encoder with a posterior head: sentences → q(z | x)."""

    def __init__(self, text: TextEncoder, head: nn.Module, corruption: CorruptionSettings) -> None:
        super().__init__()
        self.text, self.head, self._corruption = text, head, corruption

    def forward(self, batch: Batch, draws: Draws | None = None) -> Posterior:
        """Posterior over codes, in row order; with `draws` of corrupted sentences (training)."""
        shown = None if draws is None else self._corruption.apply(batch, draws)
        posterior: Posterior = self.head(self.text(batch, shown))
        return posterior
