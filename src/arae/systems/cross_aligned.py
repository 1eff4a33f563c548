"""Cross-aligned autoencoder (Shen et al. 2017; M5): the baseline of the transfer tables.

One encoder z = E(x, y) and one decoder G(z, y) for two styles. A discriminator per style compares
sequences of the decoder's hidden states: teacher-forced on real sentences x of style y, and
free-running (soft words by Gumbel-softmax) while it writes the other style's codes in style y. Each
loss is minimised by the parts in brackets only:

(D)  Σ_y BCE(D_y(real → y), 1) + BCE(D_y(soft other → y), 0)                 [discriminators]
(AE) L_rec + ρ · Σ_y BCE(D_y(soft other → y), 1), L_rec per sentence         [encoder, decoder]

While any discriminator's loss is at least `gate`, (AE) is L_rec alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as functional
from torch import Tensor, nn

from arae.foundation.errors import SettingsError
from arae.foundation.settings import bounded, nested
from arae.nn.batch import Batch
from arae.nn.initialisation import uniform_
from arae.nn.optimisers import OptimiserSettings, build_optimiser
from arae.nn.parts import host_labels_of, labels_of
from arae.nn.posteriors import Point, Posterior
from arae.nn.randomness import Draws
from arae.nn.store import moved
from arae.nn.style_gru import StyleDecoder, StyleEncoder
from arae.nn.text_cnn import TextCNN
from arae.systems.system import Loss, Moment, Phase, System, TextSelectionSettings, TrainingSettings

STYLES = 2


@dataclass(frozen=True, kw_only=True)
class DiscriminatorSettings:
    """Convolutions over hidden states; D_y of every style alike."""

    widths: tuple[int, ...] = (1, 2, 3, 4, 5)
    filters: int = bounded(128, low=1)
    dropout: float = bounded(0.5, low=0.0, high=0.95)
    optimiser: OptimiserSettings = nested(OptimiserSettings, kind="adam", lr=5e-4, beta1=0.5)


@dataclass(frozen=True, kw_only=True)
class Settings(TrainingSettings):
    """Defaults are Shen et al.'s code; `style` + `latent` is the GRUs' size.

    `shuffle`: words of the encoder's input move by at most so many places while training;
    `temperature` of the Gumbel-softmax; `weight` is ρ.
    """

    system: str = "cross_aligned"
    embedding: int = bounded(100, low=1)
    style: int = bounded(200, low=1)
    latent: int = bounded(500, low=1)
    dropout: float = bounded(0.5, low=0.0, high=0.95)
    shuffle: int = bounded(3, low=0)
    temperature: float = bounded(0.1, low=1e-4)
    weight: float = bounded(1.0, low=0.0)
    gate: float = bounded(1.2, low=0.0)
    discriminator: DiscriminatorSettings = nested(DiscriminatorSettings)
    autoencoder: OptimiserSettings = nested(
        OptimiserSettings, kind="adam", lr=5e-4, beta1=0.5, clip_norm=30.0
    )
    init_bound: float = bounded(0.1, low=0.0)
    selection: TextSelectionSettings = nested(TextSelectionSettings, by="valid_loss")

    def check(self) -> None:
        """Raise `ValueError` for a selection that needs samples."""
        if self.selection.by != "valid_loss":
            raise ValueError("selection.by: this system has no prior to sample; use valid_loss")


class CrossAligned(System):
    """Autoencoder whose transferred and real hidden states cannot be told apart."""

    settings: Settings
    decoder: StyleDecoder
    has_codes = True

    def __init__(self, settings: Settings, vocabulary_size: int, seed: int, labels: int) -> None:
        super().__init__()
        if labels != STYLES:
            raise SettingsError(
                f"recipe.system: 'cross_aligned' is for two styles, and '{settings.corpus}' has "
                f"{labels} labels; use arae_transfer"
            )
        self.settings, self.labels = settings, labels
        sizes = settings.style, settings.latent
        self.encoder = StyleEncoder(labels, settings.embedding, *sizes)
        self.decoder = StyleDecoder(
            vocabulary_size, labels, settings.embedding, *sizes, dropout=settings.dropout
        )
        critic = settings.discriminator
        self.discriminators = nn.ModuleList(
            TextCNN(
                sum(sizes), 1, widths=critic.widths, filters=critic.filters, dropout=critic.dropout
            )
            for _ in range(labels)
        )
        parts = self.encoder, self.decoder
        uniform_([*parts, self.discriminators], settings.init_bound, Draws(seed, "init"))
        self._phases = [
            Phase(
                "discriminators",
                (self.discriminators,),
                self._discriminator_loss,
                build_optimiser([self.discriminators], critic.optimiser),
            ),
            Phase("autoencoder", parts, self._loss, build_optimiser(parts, settings.autoencoder)),
        ]

    def phases(self, epoch: int) -> Sequence[Phase]:
        """(D), then (AE), on the same sentences; without (D) when ρ = 0."""
        return self._phases if self.settings.weight else self._phases[1:]

    def posterior(self, batch: Batch, draws: Draws | None = None) -> Posterior:
        """The code of each sentence, in row order; needs the sentences' labels."""
        return Point(self.encoder(batch, self.decoder.embedding))

    def loss_per_sentence(self, batch: Batch) -> Tensor:
        """−log p(x | z, y) [B], no noise."""
        return batch.sum_per_row(self.decoder.nll(batch, self.encode(batch)))

    def sample_latents(self, count: int, draws: Draws) -> Tensor:
        """Refused: this model has no prior."""
        raise SettingsError(
            "a cross-aligned autoencoder has no prior to sample from; transfer only"
        )

    def _noisy_code(self, batch: Batch, draws: Draws) -> Tensor:
        code: Tensor = self.encoder(batch, self.decoder.embedding, self.settings.shuffle, draws)
        return code

    def _soft_other(self, batch: Batch, code: Tensor, draws: Draws) -> Tensor:
        """Hidden states of the codes written in the other style [T + 1, B, H]."""
        start = self.decoder.start(code, 1 - labels_of(batch))
        times = len(batch.batch_sizes)
        return self.decoder.soft_states(start, times, self.settings.temperature, draws)

    def _discriminator_loss(self, batch: Batch, moment: Moment) -> Loss:
        with torch.no_grad():  # encoder and decoder are not owned
            code = self._noisy_code(batch, moment.draws)
            real = self.decoder.states(batch, self.decoder.start(code, labels_of(batch)))
            soft = self._soft_other(batch, code, moment.draws)
        losses, _ = self._compare(batch, real, soft, moment.draws)
        return losses.sum(), {"discriminator": losses.mean()}

    def _loss(self, batch: Batch, moment: Moment) -> Loss:
        settings, draws = self.settings, moment.draws
        code = self._noisy_code(batch, draws)
        real = self.decoder.states(batch, self.decoder.start(code, labels_of(batch)))
        reconstruction = self.decoder.nll_of(batch, real, draws).sum() / batch.size
        if not settings.weight:
            return reconstruction, {"reconstruction": reconstruction}
        soft = self._soft_other(batch, code, draws)
        losses, fooling = self._compare(batch, real.detach(), soft, draws)
        is_open = gate_is_open(losses.detach(), settings.gate)
        loss = reconstruction + settings.weight * is_open * fooling.sum()
        metrics = {"adversarial": fooling.mean(), "gate_open": is_open}
        return loss, {"reconstruction": reconstruction, **metrics}

    def _compare(
        self, batch: Batch, real: Tensor, soft: Tensor, draws: Draws
    ) -> tuple[Tensor, Tensor]:
        """(loss of each D_y [K], loss of its opponent [K]) on states [T + 1, B, H]."""
        of_row = host_labels_of(batch)  # which rows each discriminator reads
        losses, fooling = [], []
        for style, discriminator in enumerate(self.discriminators):
            own = moved(np.flatnonzero(of_row == style), real.device)
            other = moved(np.flatnonzero(of_row != style), real.device)
            on_real = discriminator(real[:, own].transpose(0, 1), draws)
            on_soft = discriminator(soft[:, other].transpose(0, 1), draws)
            losses.append(_mean_cross_entropy(on_real, 1.0) + _mean_cross_entropy(on_soft, 0.0))
            fooling.append(_mean_cross_entropy(on_soft, 1.0))
        return torch.stack(losses), torch.stack(fooling)


def gate_is_open(losses: Tensor, gate: float) -> Tensor:
    """1 if every discriminator's loss [K] is below `gate`, else 0."""
    return (losses < gate).all().to(losses.dtype)


def _mean_cross_entropy(scores: Tensor, wanted: float) -> Tensor:
    """BCE of scores [B, 1] against one answer; 0 where a batch has no sentence of the style."""
    targets = torch.full_like(scores, wanted)
    total = functional.binary_cross_entropy_with_logits(scores, targets, reduction="sum")
    return total / max(len(scores), 1)


def build(settings: Settings, vocabulary_size: int, seed: int, labels: int) -> CrossAligned:
    """A new cross-aligned autoencoder for a corpus of two styles."""
    return CrossAligned(settings, vocabulary_size, seed, labels)
