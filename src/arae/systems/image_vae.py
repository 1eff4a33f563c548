"""Image VAE: the variational autoencoder (M10, `vae.py`) with the encoder and decoder of M28."""

from __future__ import annotations

from dataclasses import dataclass

from arae.foundation.settings import bounded, nested
from arae.nn.weights import Constant, WeightSettings
from arae.systems.images import ImageSettings
from arae.systems.vae import ObjectiveSettings, VariationalAutoencoder


@dataclass(frozen=True, kw_only=True)
class Settings(ImageSettings, ObjectiveSettings):
    """Bernoulli nll summed over pixels, KL weight 1 from the start, 8 dimensions (M28)."""

    system: str = "image_vae"
    latent: int = bounded(8, low=1)
    weight: WeightSettings = nested(Constant)


def build(settings: Settings, pixels: int, seed: int) -> VariationalAutoencoder:
    """A new VAE of images of `pixels` pixels."""
    return VariationalAutoencoder(settings, pixels, seed)
