"""Binary images as what a system is trained on: the settings that make an autoencoder one of images (M28).

Encoder and decoder are multilayer perceptrons, p(x | z) is a product of Bernoullis; the losses are a
system's own, a pixel standing where a token stands.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from arae.corpora.source import IMAGES
from arae.foundation.settings import bounded, nested
from arae.nn.images import (
    BernoulliDecoder,
    ImageDecoderSettings,
    ImageEncoder,
    ImageEncoderSettings,
)
from arae.nn.initialisation import fan_in_
from arae.nn.optimisers import OptimiserSettings
from arae.nn.posteriors import PosteriorSettings
from arae.nn.randomness import Draws
from arae.systems.system import SelectionSettings


@dataclass(frozen=True, kw_only=True)
class ImageSelectionSettings(SelectionSettings):
    """How the best epoch is chosen, on validation images only.

    `kid_pixels`: distance of `samples` generated images from the validation images, without a
    classifier; `valid_loss`: the system's own loss on validation images.
    """

    by: Literal["kid_pixels", "valid_loss"] = "kid_pixels"
    beside: tuple[Literal["posterior"], ...] = ()
    samples: int = bounded(2000, low=2)


@dataclass(frozen=True, kw_only=True)
class ImageSettings:
    """Sizes (the authors' for MNIST) and optimiser; `token_mean` is the mean over pixels.

    To be laid over a system's settings, as the first base class.
    """

    domain: ClassVar[str] = IMAGES
    encoder: ImageEncoderSettings = nested(ImageEncoderSettings)
    decoder: ImageDecoderSettings = nested(ImageDecoderSettings)
    latent: int = bounded(100, low=1)
    batch_size: int = bounded(100, low=2)
    autoencoder: OptimiserSettings = nested(OptimiserSettings, kind="adam", lr=5e-4)
    selection: ImageSelectionSettings = nested(ImageSelectionSettings)

    def build_parts(
        self, size: int, seed: int, posterior: PosteriorSettings, labels: int = 0
    ) -> tuple[ImageEncoder, BernoulliDecoder]:
        """Encoder and decoder of images of `size` pixels; `labels` are not used."""
        encoder = ImageEncoder(size, self.latent, self.encoder, posterior)
        decoder = BernoulliDecoder(size, self.latent, self.decoder)
        fan_in_([encoder, decoder], Draws(seed, "init"))
        return encoder, decoder
