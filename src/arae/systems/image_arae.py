"""Image ARAE: Algorithm 1 (M3, `arae.py`) with the encoder and decoder of M28 (Figure 2).

The defaults are those of the authors' code for binarised MNIST (Appendix F): (1) once, then ten
times (2) and (3a) on the same images, then (3b); weights of the critic clipped to ±0.05, noise 0.4 on
the codes, × 0.99 every 100 iterations, λ(1) = 0.2, (3a) by the autoencoder's Adam.
"""

from __future__ import annotations

from dataclasses import dataclass

from arae.foundation.settings import nested
from arae.nn.constraints import ConstraintSettings
from arae.nn.optimisers import OptimiserSettings
from arae.systems.arae import (
    AdversariallyRegularized,
    CriticSettings,
    GeneratorSettings,
    NormMatched,
    ObjectiveSettings,
    Raw,
)
from arae.systems.autoencoder import NoiseSettings
from arae.systems.images import ImageSettings


@dataclass(frozen=True, kw_only=True)
class Settings(ImageSettings, ObjectiveSettings):
    """The authors' settings for binarised MNIST."""

    system: str = "image_arae"
    noise: NoiseSettings = nested(NoiseSettings, std=0.4, decay=0.99)
    generator: GeneratorSettings = nested(
        GeneratorSettings,
        noise=32,
        hidden=(64, 100, 150),
        optimiser=OptimiserSettings(kind="adam", lr=5e-4),
    )
    critic: CriticSettings = nested(
        CriticSettings,
        hidden=(100, 60, 20),
        batch_norm="after_first",
        constraint=ConstraintSettings(kind="weight_clip", bound=0.05),
        steps=10,
        optimiser=OptimiserSettings(kind="adam", lr=5e-5),
    )
    encoder_gradient: Raw | NormMatched = nested(
        Raw,
        weight=0.2,
        every_critic_step=True,
        shares_autoencoder=True,
    )


def build(settings: Settings, pixels: int, seed: int) -> AdversariallyRegularized:
    """A new ARAE of images of `pixels` pixels."""
    return AdversariallyRegularized(settings, pixels, seed)
