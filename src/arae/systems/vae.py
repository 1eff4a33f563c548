"""VAE for text (Bowman et al. 2016; M10).

L(φ, ψ) = mean −log p_ψ(x | z) + w(t) · mean KL(q_φ(z | x) ‖ N(0, I)), z ~ q_φ(z | x) reparameterised;
w rises linearly from `kl_start` to `kl_end` over `kl_epochs`. Held-out loss has weight 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from torch import Tensor

from arae.foundation.settings import bounded
from arae.nn.optimisers import build_optimiser
from arae.nn.posteriors import DiagonalGaussian
from arae.nn.randomness import Draws
from arae.nn.store import Observed
from arae.systems.autoencoder import Autoencoder, AutoencoderSettings, CodeSettings
from arae.systems.system import Loss, Moment, Phase


@dataclass(frozen=True, kw_only=True)
class ObjectiveSettings(CodeSettings):
    """The KL weight's schedule; reduction per sentence, as in the VAE literature."""

    reduction: Literal["token_mean", "sentence_sum"] = "sentence_sum"
    kl_start: float = bounded(0.0, low=0.0)
    kl_end: float = bounded(1.0, low=0.0)
    kl_epochs: float = bounded(10.0, low=0.0)

    def kl_weight(self, epoch: float) -> float:
        """w(t) after `epoch` epochs."""
        share = 1.0 if self.kl_epochs == 0 else min(1.0, epoch / self.kl_epochs)
        return self.kl_start + (self.kl_end - self.kl_start) * share


@dataclass(frozen=True, kw_only=True)
class Settings(ObjectiveSettings, AutoencoderSettings):
    """The same for text."""

    system: str = "vae"


class VariationalAutoencoder(Autoencoder):
    """Diagonal Gaussian posterior, standard normal prior."""

    settings: ObjectiveSettings
    likelihood = "ELBO at the posterior mean"

    def __init__(self, settings: ObjectiveSettings, size: int, seed: int) -> None:
        super().__init__(settings, size, seed, gaussian=True, sphere=False)
        parts = (self.encoder, self.decoder)
        optimiser = build_optimiser(parts, settings.autoencoder)
        self._elbo = Phase("elbo", parts, self._loss, optimiser, by_rows=True)

    def phases(self, epoch: int) -> Sequence[Phase]:
        """The evidence lower bound."""
        return [self._elbo]

    def _loss(self, batch: Observed, moment: Moment) -> Loss:
        posterior: DiagonalGaussian = self.encoder(batch)
        reconstruction = self.reconstruction(batch, posterior.sample(moment.draws), moment.draws)
        token_mean = self.settings.reduction == "token_mean"
        per = batch.whole_tokens if token_mean else batch.whole_size
        kl = posterior.kl_to_standard_normal().sum() / per
        weight = moment.number(lambda now: self.settings.kl_weight(now.epoch))
        return reconstruction + weight * kl, {"reconstruction": reconstruction, "kl": kl}

    def loss_per_sentence(self, batch: Observed) -> Tensor:
        """−log p(x | E[z | x]) + KL [B]: the negative ELBO at the posterior mean."""
        posterior: DiagonalGaussian = self.encoder(batch)
        nll = batch.sum_per_row(self.decoder.nll(batch, posterior.mean()))
        return nll + posterior.kl_to_standard_normal()

    def sample_latents(self, count: int, draws: Draws) -> Tensor:
        """z ~ N(0, I) [count, d]."""
        return draws.normal(count, self.settings.latent)


def build(settings: Settings, vocabulary_size: int, seed: int) -> VariationalAutoencoder:
    """A new VAE."""
    return VariationalAutoencoder(settings, vocabulary_size, seed)
