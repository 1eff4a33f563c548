"""LM: an LSTM language model without a code (M25); also the evaluation language model of K1.

L = −(1/N) Σ log p(x_t | x_<t), mean over tokens.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor

from arae.foundation.settings import bounded, nested
from arae.nn.batch import Batch
from arae.nn.decoder import DecoderSettings, TextDecoder
from arae.nn.initialisation import uniform_
from arae.nn.optimisers import OptimiserSettings, build_optimiser
from arae.nn.randomness import Draws
from arae.systems.system import Loss, Moment, Phase, System, TrainingSettings


@dataclass(frozen=True, kw_only=True)
class Settings(TrainingSettings):
    """Sizes and optimiser; defaults are the authors' evaluation language model."""

    system: str = "lm"
    decoder: DecoderSettings = nested(DecoderSettings, dropout=0.2)
    optimiser: OptimiserSettings = nested(OptimiserSettings, lr=1.0, clip_norm=5.0)
    init_bound: float = bounded(0.1, low=0.0)


class LanguageModel(System):
    """A decoder that sees no code."""

    def __init__(self, settings: Settings, vocabulary_size: int, seed: int) -> None:
        super().__init__()
        self.settings = settings
        self.decoder = TextDecoder(vocabulary_size, 0, settings.decoder)
        uniform_([self.decoder], settings.init_bound, Draws(seed, "init"))
        optimiser = build_optimiser([self.decoder], settings.optimiser)
        self._language_model = Phase(
            "language_model", (self.decoder,), self._loss, optimiser, by_rows=True
        )

    def phases(self, epoch: int) -> Sequence[Phase]:
        """Maximum likelihood, nothing else."""
        return [self._language_model]

    def loss_per_sentence(self, batch: Batch) -> Tensor:
        """−log p(x) [B]."""
        return batch.sum_per_row(self.decoder.nll(batch, None))

    def _loss(self, batch: Batch, moment: Moment) -> Loss:
        loss = self.decoder.nll(batch, None, moment.draws).sum() / batch.whole_tokens
        return loss, {"nll": loss}


def build(settings: Settings, vocabulary_size: int, seed: int) -> LanguageModel:
    """A new language model."""
    return LanguageModel(settings, vocabulary_size, seed)
