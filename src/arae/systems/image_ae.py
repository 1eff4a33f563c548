"""Image AE: the deterministic autoencoder (M1, `ae.py`) with the image encoder and decoder of M28."""

from __future__ import annotations

from dataclasses import dataclass

from arae.systems.ae import ObjectiveSettings, PlainAutoencoder
from arae.systems.images import ImageSettings


@dataclass(frozen=True, kw_only=True)
class Settings(ImageSettings, ObjectiveSettings):
    """As for text, with the authors' image sizes."""

    system: str = "image_ae"


def build(settings: Settings, pixels: int, seed: int) -> PlainAutoencoder:
    """A new autoencoder of images of `pixels` pixels."""
    return PlainAutoencoder(settings, pixels, seed)
