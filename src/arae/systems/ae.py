"""AE: deterministic autoencoder, sampled through a Gaussian fitted to its training codes (M1).

(1) L_rec(φ, ψ) = mean −log p_ψ(x | enc_φ(x̃) + η); after training z ~ N(m, C), full covariance, put
back on the sphere when codes live there. x̃ is x, or what `corruption` makes of it (denoising).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from arae.foundation.settings import nested
from arae.nn.optimisers import build_optimiser
from arae.nn.posteriors import PointSettings, SphereSettings
from arae.nn.priors import FittedGaussianSettings
from arae.nn.store import Observed
from arae.systems.autoencoder import (
    Autoencoder,
    CodeSettings,
    NoiseSettings,
)
from arae.systems.system import Loss, Moment, Phase


@dataclass(frozen=True, kw_only=True)
class Settings(CodeSettings):
    """Codes on the sphere or anywhere, noise on them, and the prior that they are sampled from."""

    system: str = "ae"
    posterior: SphereSettings | PointSettings = nested(SphereSettings)
    prior: FittedGaussianSettings = nested(FittedGaussianSettings)
    noise: NoiseSettings = nested(NoiseSettings)


class PlainAutoencoder(Autoencoder):
    """Reconstruction alone."""

    settings: Settings

    def __init__(self, settings: Settings, size: int, seed: int) -> None:
        super().__init__(settings, size, seed, settings.posterior)
        self.prior = settings.prior.build(settings.latent, seed, settings.posterior.place)
        parts = (self.encoder, self.decoder)
        optimiser = build_optimiser(parts, settings.autoencoder)
        self._reconstruct = Phase("reconstruction", parts, self._loss, optimiser, by_rows=True)

    def phases(self, epoch: int) -> Sequence[Phase]:
        """(1) only."""
        return [self._reconstruct]

    def _loss(self, batch: Observed, moment: Moment) -> Loss:
        code = self.posterior(batch, moment.draws).sample(moment.draws)
        noisy = self.settings.noise.add(code, moment)
        loss = self.reconstruction(batch, noisy, moment.draws)
        return loss, {"reconstruction": loss}


def build(settings: Settings, size: int, seed: int) -> PlainAutoencoder:
    """A new autoencoder."""
    return PlainAutoencoder(settings, size, seed)
