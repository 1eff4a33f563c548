"""AAE: adversarial autoencoder with a fixed prior, by default N(0, I) (Makhzani et al. 2015; M6).

(D)  L_D(w) = mean softplus(−D(z_p)) + mean softplus(D(z_q)), z_p ~ p(z), z_q ~ q_φ(z | x)
(AE) L(φ, ψ) = L_rec + λ · mean softplus(−D(z_q))   (non-saturating)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch
import torch.nn.functional as functional
from torch import nn

from arae.foundation.settings import bounded, nested
from arae.nn.batch import Batch
from arae.nn.initialisation import normal_
from arae.nn.mlp import mlp
from arae.nn.optimisers import OptimiserSettings, build_optimiser
from arae.nn.posteriors import PointSettings, PosteriorSettings
from arae.nn.priors import Prior, StandardNormalSettings
from arae.nn.randomness import Draws
from arae.systems.autoencoder import Autoencoder, CodeSettings
from arae.systems.system import Loss, Moment, Phase


@dataclass(frozen=True, kw_only=True)
class Settings(CodeSettings):
    """The discriminator tells the prior's samples from codes; `adversarial_weight` is λ."""

    system: str = "aae"
    posterior: PosteriorSettings = nested(PointSettings)
    prior: StandardNormalSettings = nested(StandardNormalSettings)
    reduction: Literal["token_mean", "sentence_sum"] = "sentence_sum"
    discriminator: tuple[int, ...] = (512,)
    discriminator_std: float = bounded(0.02, low=0.0)
    discriminator_optimiser: OptimiserSettings = nested(
        OptimiserSettings, kind="adam", lr=5e-4, beta1=0.5
    )
    adversarial_weight: float = bounded(10.0, low=0.0)


DEFAULTS = {"images": {"latent": bounded(8, low=1)}}


class AdversarialAutoencoder(Autoencoder):
    """A discriminator tells prior samples (high) from codes (low); the encoder fools it."""

    settings: Settings
    prior: Prior

    def __init__(self, settings: Settings, size: int, seed: int) -> None:
        super().__init__(settings, size, seed, settings.posterior)
        self.prior = settings.prior.build(settings.latent, seed, settings.posterior.place)
        self.discriminator = mlp([settings.latent, *settings.discriminator, 1], nn.ReLU)
        normal_(
            [self.discriminator], settings.discriminator_std, Draws(seed, "init", "discriminator")
        )
        parts = (self.encoder, self.decoder)
        discriminate = build_optimiser([self.discriminator], settings.discriminator_optimiser)
        reconstruct = build_optimiser(parts, settings.autoencoder)
        self._phases = (
            Phase("discriminator", (self.discriminator,), self._discriminator_loss, discriminate),
            Phase("autoencoder", parts, self._autoencoder_loss, reconstruct, by_rows=True),
        )

    def phases(self, epoch: int) -> Sequence[Phase]:
        """(D), then (AE), on the same sentences."""
        return self._phases

    def _discriminator_loss(self, batch: Batch, moment: Moment) -> Loss:
        with torch.no_grad():  # encoder and prior are not owned
            code = self.posterior(batch).sample(moment.draws)
            drawn = self.prior.sample(batch.size, moment.draws)
        on_prior, on_codes = self.discriminator(drawn), self.discriminator(code)
        loss = functional.softplus(-on_prior).mean() + functional.softplus(on_codes).mean()
        accuracy = ((on_prior > 0).float().mean() + (on_codes < 0).float().mean()) / 2
        return loss, {"discriminator": loss, "discriminator_accuracy": accuracy}

    def _autoencoder_loss(self, batch: Batch, moment: Moment) -> Loss:
        code = self.posterior(batch, moment.draws).sample(moment.draws)
        reconstruction = self.reconstruction(batch, code, moment.draws)
        fooling = functional.softplus(-self.discriminator(code)).sum() / batch.whole_size
        loss = reconstruction + self.settings.adversarial_weight * fooling
        return loss, {"reconstruction": reconstruction, "adversarial": fooling}


def build(settings: Settings, size: int, seed: int) -> AdversarialAutoencoder:
    """A new AAE."""
    return AdversarialAutoencoder(settings, size, seed)
