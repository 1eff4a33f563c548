"""Aggressive training of a VAE's encoder (He et al. 2019, Algorithm 1; M13), "lagging inference networks".

While the latch is on, each iteration has two steps of the VAE's loss L (`vae`):

(e) L [encoder], repeated on fresh minibatches until its mean over a window rises; the first update is on
    the iteration's own sentences
(d) L [decoder, prior], on the iteration's own sentences

After the first epoch in which the mutual information of codes and validation sentences (K11) falls, the latch
is off for ever, and (ed) L [encoder, decoder, prior] is all there is. Gradients are clipped by the norm over
encoder and decoder in (e) and (d) too, as in the authors' code.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from arae.foundation.settings import bounded, nested
from arae.nn.optimisers import build_optimiser
from arae.nn.weights import Linear, WeightSettings
from arae.systems.system import Loss, Moment, Phase, UntilRise
from arae.systems.vae import Settings as VariationalSettings
from arae.systems.vae import VariationalAutoencoder


@dataclass(frozen=True, kw_only=True)
class Settings(VariationalSettings):
    """The VAE's, and when a window of encoder updates ends."""

    system: str = "aggressive"
    weight: WeightSettings = nested(Linear, start=0.1)
    inner: UntilRise = nested(UntilRise)


DEFAULTS = {"images": {"latent": bounded(8, low=1)}}


class Latch(nn.Module):
    """1 until the mutual information of an epoch is below the one before (0 before the first)."""

    on: Tensor
    information: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("on", torch.ones(()))
        self.register_buffer("information", torch.zeros((), dtype=torch.float64))

    def see(self, information: float) -> None:
        """Told the mutual information after an epoch, in nats."""
        if information < self.information:
            self.on.zero_()
        self.information.fill_(information)


class AggressiveVAE(VariationalAutoencoder):
    """A VAE whose encoder is trained ahead of its decoder."""

    settings: Settings
    judged_beside = ("posterior",)

    def __init__(self, settings: Settings, size: int, seed: int) -> None:
        super().__init__(settings, size, seed)
        self.latch = Latch()
        self.schedules = (self.weight, self.latch)
        rest = (self.decoder, self.prior, self.weight)
        self._ahead = replace(
            self._elbo,
            name="encoder",
            modules=(self.encoder,),
            loss=self._watched_loss,
            optimiser=build_optimiser([self.encoder], settings.autoencoder),
            after_step=lambda: None,
            repeat=settings.inner,
            clipped_with=rest,
        )
        self._behind = replace(
            self._elbo,
            name="decoder",
            modules=rest,
            optimiser=build_optimiser(rest, settings.autoencoder),
            clipped_with=(self.encoder,),
        )

    def phases(self, epoch: int) -> Sequence[Phase]:
        """(e) and (d) while the latch is on, then (ed)."""
        return [self._ahead, self._behind] if self.latch.on else [self._elbo]

    def all_phases(self) -> Sequence[Phase]:
        """Either way."""
        return [self._ahead, self._behind, self._elbo]

    def end_epoch(self, epoch: int, metrics: Mapping[str, float]) -> None:
        """Turn the latch off where the mutual information fell."""
        self.latch.see(metrics["valid_information"])

    def _watched_loss(self, batch: object, moment: Moment) -> Loss:
        loss, metrics = self._loss(batch, moment)  # type: ignore[arg-type]
        return loss, {**metrics, "loss": loss.detach()}


def build(settings: Settings, size: int, seed: int) -> AggressiveVAE:
    """A new VAE to be trained so."""
    return AggressiveVAE(settings, size, seed)
