"""Model selection of image systems during training, on validation images only."""

from __future__ import annotations

import numpy as np
import torch

from arae.corpora.images import Images
from arae.evaluation.image_distance import kernel_distance
from arae.evaluation.posterior import posterior_metrics
from arae.generation.images import reconstruct_images, sample_images
from arae.generation.sampling import evaluating
from arae.nn.images import ImageStore
from arae.systems.autoencoder import Autoencoder

LOSS_BATCH = 1000
# Images that the distance looks at, at most: it costs their number squared.
COMPARED = 2000


class ImageValidation:
    """Judges a system at an epoch's end: held-out loss, pixel error, distance of samples.

    `score` is what selection minimises.
    """

    def __init__(self, train: ImageStore, valid: Images, seed: int) -> None:
        self._train, self._seed = train, seed
        self._store = ImageStore(valid.pixels, train.device)
        self._pixels = valid.pixels.reshape(len(valid), -1)

    def __call__(self, system: Autoencoder) -> dict[str, float]:
        """{"valid_loss" in nats per pixel, "valid_pixel_error", "valid_kid_pixels", "score"}."""
        selection = system.settings.selection
        with evaluating(system):
            system.fit_prior(self._train)
        samples = sample_images(system, selection.samples, self._seed)
        metrics = {
            "valid_loss": held_out_loss(system, self._store),
            "valid_pixel_error": float(
                (reconstruct_images(system, self._store) != self._pixels).mean()
            ),
            "valid_kid_pixels": kernel_distance(
                signs(samples[:COMPARED]), signs(self._pixels[:COMPARED])
            ),
        }
        if "posterior" in (*selection.beside, *system.judged_beside):
            with evaluating(system):
                metrics |= posterior_metrics(system, self._store, self._seed)
        scores = {"kid_pixels": "valid_kid_pixels", "valid_loss": "valid_loss"}
        return {**metrics, "score": metrics[scores[selection.by]]}


def signs(pixels: np.ndarray) -> np.ndarray:
    """Pixels 0 and 1 as −1 and +1."""
    return 2.0 * pixels - 1.0


def held_out_loss(system: Autoencoder, store: ImageStore) -> float:
    """The system's deterministic loss on images, nats per pixel."""
    with evaluating(system), torch.no_grad():
        total = 0.0
        for rows in torch.arange(len(store)).split(LOSS_BATCH):
            total += system.loss_per_sentence(store.batch(rows)).double().sum().item()
    return total / store.tokens
