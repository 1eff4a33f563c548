"""Image AAE: the adversarial autoencoder (M6, `aae.py`) with the encoder and decoder of M28."""

from __future__ import annotations

from dataclasses import dataclass

from arae.foundation.settings import bounded
from arae.systems.aae import AdversarialAutoencoder, ObjectiveSettings
from arae.systems.images import ImageSettings


@dataclass(frozen=True, kw_only=True)
class Settings(ImageSettings, ObjectiveSettings):
    """Bernoulli nll summed over pixels, 8 dimensions (M28)."""

    system: str = "image_aae"
    latent: int = bounded(8, low=1)


def build(settings: Settings, pixels: int, seed: int) -> AdversarialAutoencoder:
    """A new AAE of images of `pixels` pixels."""
    return AdversarialAutoencoder(settings, pixels, seed)
