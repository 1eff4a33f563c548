"""AE: deterministic autoencoder, sampled through a Gaussian fitted to its training codes (M1).

(1) L_rec(φ, ψ) = mean −log p_ψ(x | enc_φ(x) + η); after training z ~ N(m, C), full covariance, put
back on the sphere when codes live there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as functional
from torch import Tensor

from arae.foundation.settings import bounded, nested
from arae.nn.optimisers import build_optimiser
from arae.nn.randomness import Draws
from arae.nn.store import Observed, Store
from arae.systems.autoencoder import (
    Autoencoder,
    AutoencoderSettings,
    CodeSettings,
    NoiseSettings,
)
from arae.systems.system import Loss, Moment, Phase

ENCODE_BATCH = 512


@dataclass(frozen=True, kw_only=True)
class ObjectiveSettings(CodeSettings):
    """`sphere` normalises codes; `ridge` is added to the covariance as ridge·tr(C)/d."""

    sphere: bool = True
    noise: NoiseSettings = nested(NoiseSettings)
    ridge: float = bounded(1e-5, low=0.0)


@dataclass(frozen=True, kw_only=True)
class Settings(ObjectiveSettings, AutoencoderSettings):
    """The same for text."""

    system: str = "ae"


class PlainAutoencoder(Autoencoder):
    """Reconstruction alone."""

    settings: ObjectiveSettings
    code_mean: Tensor
    code_factor: Tensor

    def __init__(self, settings: ObjectiveSettings, size: int, seed: int) -> None:
        super().__init__(settings, size, seed, gaussian=False, sphere=settings.sphere)
        self.register_buffer("code_mean", torch.zeros(settings.latent))
        self.register_buffer("code_factor", torch.eye(settings.latent))
        parts = (self.encoder, self.decoder)
        optimiser = build_optimiser(parts, settings.autoencoder)
        self._reconstruct = Phase("reconstruction", parts, self._loss, optimiser, by_rows=True)

    def phases(self, epoch: int) -> Sequence[Phase]:
        """(1) only."""
        return [self._reconstruct]

    def _loss(self, batch: Observed, moment: Moment) -> Loss:
        code = self.settings.noise.add(self.encode(batch), moment)
        loss = self.reconstruction(batch, code, moment.draws)
        return loss, {"reconstruction": loss}

    @torch.no_grad()
    def fit_prior(self, store: Store) -> None:
        """Mean and Cholesky factor of the training codes' covariance, in float64."""
        parts = [
            self.encode(store.batch(rows)) for rows in torch.arange(len(store)).split(ENCODE_BATCH)
        ]
        codes = torch.cat(parts).double()
        centred = codes - codes.mean(dim=0)
        covariance = centred.t() @ centred / max(len(codes) - 1, 1)
        ridge = self.settings.ridge * covariance.diagonal().mean() + 1e-12
        covariance.diagonal().add_(ridge)
        self.code_mean.copy_(codes.mean(dim=0))
        self.code_factor.copy_(torch.linalg.cholesky(covariance))

    def sample_latents(self, count: int, draws: Draws) -> Tensor:
        """z ~ N(m, C) [count, d]."""
        code = self.code_mean + draws.normal(count, self.settings.latent) @ self.code_factor.t()
        return self.from_noise(code)

    def from_noise(self, noise: Tensor) -> Tensor:
        """Points of the code space [count, d], put back on the sphere when codes live there."""
        return functional.normalize(noise, dim=1) if self.settings.sphere else noise


def build(settings: Settings, vocabulary_size: int, seed: int) -> PlainAutoencoder:
    """A new autoencoder."""
    return PlainAutoencoder(settings, vocabulary_size, seed)
