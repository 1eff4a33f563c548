"""Binary images for the same systems as text: batches, encoder and Bernoulli decoder.

An image is a row of P pixels in {0, 1}; a pixel is to an image what a token is to a sentence, so
that a system's losses serve both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
import torch.nn.functional as functional
from torch import Tensor, nn

from arae.nn.mlp import BatchNorm, Normalised, mlp
from arae.nn.posteriors import Posterior, PosteriorSettings
from arae.nn.randomness import Draws
from arae.nn.store import Share, Shareable, moved


@dataclass(frozen=True)
class ImageBatch(Shareable):
    """B images, in the order in which they were requested."""

    pixels: Tensor  # [B, P] float, 0 or 1
    chosen: np.ndarray  # [B] which image of the store each row holds
    part: Share | None = None  # of which minibatch this is a share, if it is one

    @property
    def request(self) -> Tensor:
        """What alone differs between minibatches of one shape: the pixels."""
        return self.pixels

    @property
    def shape(self) -> tuple[int, ...]:
        """(images, pixels)."""
        return tuple(self.pixels.shape)

    def like(self, request: Tensor) -> ImageBatch:
        """A minibatch of the same shape with other pixels [B, P]."""
        return replace(self, pixels=request)

    @property
    def size(self) -> int:
        """Number of images B."""
        return len(self.pixels)

    @property
    def tokens(self) -> int:
        """Number of predicted pixels B·P."""
        return self.pixels.numel()

    def restore(self, per_row: Tensor) -> Tensor:
        """A per-row result [B, …] in the order in which the images were requested: as it is."""
        return per_row

    def sum_per_row(self, per_pixel: Tensor) -> Tensor:
        """Sum per-pixel values [B, P] over each image: [B]."""
        return per_pixel.sum(dim=1)


class ImageStore:
    """All images of a split on the device, from which batches are cut by index operations."""

    def __init__(self, pixels: np.ndarray, device: torch.device | str = "cpu") -> None:
        """`pixels` [N, H, W], 0 or 1."""
        self.device = torch.device(device)
        flat = np.array(pixels, np.uint8).reshape(len(pixels), -1)
        self._pixels = torch.from_numpy(flat).to(self.device)

    def __len__(self) -> int:
        return len(self._pixels)

    @property
    def tokens(self) -> int:
        """Number of pixels of all images."""
        return self._pixels.numel()

    def batch(self, indices: Tensor | np.ndarray) -> ImageBatch:
        """The images `indices` [B]."""
        chosen = np.asarray(indices)
        rows = moved(chosen, self.device)
        return ImageBatch(self._pixels[rows].to(torch.get_default_dtype()), chosen)

    def join(self, batches: Sequence[ImageBatch]) -> ImageBatch:
        """All images of some batches as one, in their order."""
        return self.batch(np.concatenate([batch.chosen for batch in batches]))

    def share(self, whole: ImageBatch, place: int, count: int) -> ImageBatch:
        """Every `count`-th image of a batch, from `place` on."""
        mine = self.batch(whole.chosen[place::count])
        rows = place + count * torch.arange(mine.size, device=self.device)
        return replace(mine, part=Share(rows, rows, whole.size, whole.tokens))


@dataclass(frozen=True, kw_only=True)
class ImageEncoderSettings:
    """Hidden layers between pixels and code (paper: 800 and 400), with batch normalisation."""

    hidden: tuple[int, ...] = (800, 400)
    batch_norm: Normalised = "all"


@dataclass(frozen=True, kw_only=True)
class ImageDecoderSettings:
    """Hidden layers between code and pixels (paper: 400, 800 and 1000), with batch normalisation."""

    hidden: tuple[int, ...] = (400, 800, 1000)
    batch_norm: Normalised = "all"


class ImageEncoder(nn.Module):
    """Pixels as −1 and +1 → hidden layers → posterior over codes."""

    def __init__(
        self,
        pixels: int,
        latent: int,
        settings: ImageEncoderSettings,
        posterior: PosteriorSettings,
    ) -> None:
        super().__init__()
        self.features = _hidden([pixels, *settings.hidden], settings.batch_norm)
        width = settings.hidden[-1] if settings.hidden else pixels
        self.head = posterior.build(width, latent)

    def forward(self, batch: ImageBatch, draws: Draws | None = None) -> Posterior:
        """Posterior over codes [B, d]; pixels are not corrupted."""
        posterior: Posterior = self.head(self.features(2 * batch.pixels - 1))
        return posterior


class BernoulliDecoder(nn.Module):
    """Code → hidden layers → one logit a pixel; given the code, pixels are independent."""

    def __init__(self, pixels: int, latent: int, settings: ImageDecoderSettings) -> None:
        super().__init__()
        self.hidden = _hidden([latent, *settings.hidden], settings.batch_norm)
        self.output = nn.Linear([latent, *settings.hidden][-1], pixels)

    def forward(self, latent: Tensor) -> Tensor:
        """Logits [B, P] of codes [B, d]."""
        logits: Tensor = self.output(self.hidden(latent))
        return logits

    def nll(self, batch: ImageBatch, latent: Tensor, draws: Draws | None = None) -> Tensor:
        """−log p(x | z) of every pixel, in nats: [B, P]."""
        return functional.binary_cross_entropy_with_logits(
            self(latent), batch.pixels, reduction="none"
        )

    @torch.no_grad()
    def likeliest(self, latent: Tensor) -> Tensor:
        """The likeliest image of each code, as uint8 0 or 1: [B, P]."""
        return (self(latent) > 0).to(torch.uint8)


def _hidden(sizes: Sequence[int], normalised: Normalised) -> nn.Sequential:
    """ReLU layers `sizes[0] → … → sizes[-1]`, the last one normalised and bent like the others."""
    if len(sizes) == 1:
        return nn.Sequential()
    end: list[nn.Module] = (
        [nn.ReLU()] if normalised == "none" else [BatchNorm(sizes[-1]), nn.ReLU()]
    )
    return mlp(sizes, nn.ReLU, normalised=normalised, output=nn.Sequential(*end))
