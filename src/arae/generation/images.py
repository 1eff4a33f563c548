"""Images out of trained image systems: samples, interpolations, reconstructions."""

from __future__ import annotations

from typing import cast

import numpy as np
import torch
from torch import Tensor

from arae.generation.paths import path
from arae.generation.sampling import evaluating
from arae.nn.images import BernoulliDecoder, ImageStore
from arae.nn.randomness import Draws
from arae.systems.autoencoder import Autoencoder

BATCH = 1000


def sample_images(system: Autoencoder, count: int, seed: int) -> np.ndarray:
    """`count` images from the prior, each the likeliest of its code: uint8 0 or 1 [count, P]."""
    parts = []
    with evaluating(system), torch.no_grad():
        for start in range(0, count, BATCH):
            draws = Draws(seed, "sample", start, device=system.device)
            codes = system.sample_latents(min(BATCH, count - start), draws)
            parts.append(draw(system, cast(Tensor, codes)))
    return np.concatenate(parts)


def interpolate_images(system: Autoencoder, rows: int, points: int, seed: int) -> np.ndarray:
    """`points` images on the way between two random points of the prior: uint8 [rows, points, P].

    The way is a straight line in the space that the prior is simple in: s for ARAE (Figure 2,
    bottom), z for a fixed or fitted prior.
    """
    with evaluating(system), torch.no_grad():
        draws = Draws(seed, "interpolate", device=system.device)
        start, end = (cast(Tensor, system.prior_noise(rows, draws)) for _ in range(2))
        codes = system.from_noise(path(start, end, points).flatten(0, 1))
        return draw(system, codes).reshape(rows, points, -1)


def reconstruct_images(system: Autoencoder, store: ImageStore) -> np.ndarray:
    """Every image's reconstruction from its mean code: uint8 [N, P]."""
    with evaluating(system), torch.no_grad():
        parts = torch.arange(len(store)).split(BATCH)
        return np.concatenate([draw(system, system.encode(store.batch(p))) for p in parts])


def draw(system: Autoencoder, codes: Tensor) -> np.ndarray:
    """The likeliest image of each code [B, d]: uint8 0 or 1 [B, P]."""
    decoder: BernoulliDecoder = system.decoder
    return decoder.likeliest(codes).cpu().numpy()
