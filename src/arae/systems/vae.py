"""VAE (Bowman et al. 2016; M10) and what differs from it by a recipe alone.

L(φ, ψ, θ) = mean −log p_ψ(x | z) + w(t) · mean F(k), z ~ q_φ(z | x) reparameterised, where k is the gap
between q_φ(z | x) and the prior p_θ(z) (KL in closed form or sampled), F its floor and w(t) its weight.
β-VAE: `weight: {kind: constant}`; annealing: `linear`, `logistic`, `cyclical`; ControlVAE: `pi`; free
bits: `floor`; a mixture as prior: `prior: {kind: mixture}`. Held-out loss has weight 1 and no floor.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from torch import Tensor

from arae.foundation.settings import bounded, nested
from arae.nn.gaps import ClosedKL, FloorSettings, GapSettings, NoFloor
from arae.nn.optimisers import build_optimiser
from arae.nn.posteriors import GaussianSettings, PosteriorSettings
from arae.nn.priors import MixtureSettings, Prior, StandardNormalSettings
from arae.nn.store import Observed
from arae.nn.weights import Constant, Linear, WeightSettings
from arae.systems.autoencoder import Autoencoder, CodeSettings
from arae.systems.system import Loss, Moment, Phase


@dataclass(frozen=True, kw_only=True)
class Settings(CodeSettings):
    """What a code looks like; reduction per sentence, as in the VAE literature."""

    system: str = "vae"
    reduction: Literal["token_mean", "sentence_sum"] = "sentence_sum"
    posterior: PosteriorSettings = nested(GaussianSettings)
    prior: StandardNormalSettings | MixtureSettings = nested(StandardNormalSettings)
    gap: GapSettings = nested(ClosedKL)
    floor: FloorSettings = nested(NoFloor)
    weight: WeightSettings = nested(Linear)

    def check(self) -> None:
        """Raise `ValueError` for parts that cannot be trained together."""
        if misfit := self.gap.misfit(self.posterior, self.prior):
            raise ValueError(f"gap.kind: {self.gap.kind}: {misfit}")
        if self.floor.by_dimension and not self.gap.by_dimension:
            raise ValueError(
                f"floor.kind: {self.floor.kind}: gap.kind: {self.gap.kind} is one number, not one a "
                "dimension; use floor: {kind: whole} or gap: {kind: kl}"
            )


# Of images: weight 1 from the start, few dimensions (M28).
DEFAULTS = {"images": {"latent": bounded(8, low=1), "weight": nested(Constant)}}


class VariationalAutoencoder(Autoencoder):
    """Reconstruction and a weighted gap between posterior and prior."""

    settings: Settings
    prior: Prior
    likelihood = "log p(x | E[z | x]) − KL, which is no bound of log p(x)"

    def __init__(self, settings: Settings, size: int, seed: int) -> None:
        super().__init__(settings, size, seed, settings.posterior)
        self.prior = settings.prior.build(settings.latent, seed, settings.posterior.place)
        self.weight = settings.weight.build()
        self.schedules = (self.weight,)
        parts = (self.encoder, self.decoder, self.prior, self.weight)
        optimiser = build_optimiser(parts, settings.autoencoder)
        self._elbo = Phase(
            "elbo",
            parts,
            self._loss,
            optimiser,
            by_rows=True,
            after_step=self.weight.after_step,
        )

    def phases(self, epoch: int) -> Sequence[Phase]:
        """The weighted evidence lower bound."""
        return [self._elbo]

    def _loss(self, batch: Observed, moment: Moment) -> Loss:
        posterior = self.posterior(batch, moment.draws)
        code = posterior.sample(moment.draws)
        reconstruction = self.reconstruction(batch, code, moment.draws)
        gap = self.settings.gap(posterior, code, self.prior, moment.draws)
        kl = gap.sum(dim=1)
        weight = self.weight(moment, moment.mean(kl.detach().mean()))
        costs = self.settings.floor(gap).sum() / self.divisor(batch)
        share = batch.size / batch.whole_size  # what several processes note is added up
        notes = {name: share * value for name, value in self.weight.notes().items()}
        metrics = {"reconstruction": reconstruction, "kl": kl.sum() / self.divisor(batch), **notes}
        return reconstruction + weight * costs, metrics

    def loss_per_sentence(self, batch: Observed) -> Tensor:
        """−log p(x | E[z | x]) + KL [B]: at the posterior's mean alone, so no bound of −log p(x)."""
        posterior = self.posterior(batch)
        nll = batch.sum_per_row(self.decoder.nll(batch, posterior.mean()))
        return nll + self.settings.gap.held_out(posterior, self.prior)


def build(settings: Settings, size: int, seed: int) -> VariationalAutoencoder:
    """A new VAE."""
    return VariationalAutoencoder(settings, size, seed)
