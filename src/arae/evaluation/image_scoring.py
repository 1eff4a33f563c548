"""All metrics of generated images: FID, KID, classes, novelty, interpolation, reconstruction."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from arae.corpora.images import Images
from arae.evaluation.image_classifier import ClassifierSettings, look
from arae.evaluation.image_distance import Moments, frechet, kernel_distance
from arae.foundation.settings import bounded, nested
from arae.nn.convnet import Convnet

BLOCK = 500


@dataclass(frozen=True, kw_only=True)
class ImageScoreSettings:
    """How many samples are judged and how many rows and points of interpolation are shown.

    `neighbours`: of how many samples the nearest training image is looked up.
    """

    samples: int = bounded(10_000, low=100)
    grid: int = bounded(10, low=1, high=20)
    rows: int = bounded(200, low=1)
    points: int = bounded(10, low=3, high=20)
    neighbours: int = bounded(500, low=1)
    classifier: ClassifierSettings = nested(ClassifierSettings)


DEFINITIONS = {
    "fid": "Fréchet distance between the features of the samples and of the test images, by a small "
    "convolutional classifier of the training images (FID-LeNet), features in units of their root "
    "mean square. Only orders compare with FIDs by other networks. The row of real data is the floor: "
    "as many training images",
    "kid": "unbiased squared MMD of the same features under the kernel (x·y/d + 1)³; may fall below "
    "zero by chance",
    "confidence": "mean probability that the classifier gives to its favoured class",
    "classes": "exp of the entropy of the favoured classes: 10 if all digits are equally frequent",
    "distinct": "share of different images among the samples",
    "copies": "share of samples that equal a training image",
    "nearest": "mean share of pixels in which a sample differs from its nearest training image; the "
    "row of real data looks at test images",
    "reconstruction_error": "share of pixels of the test images that the likeliest reconstruction "
    "from the mean code gets wrong",
    "step": "interpolation: mean share of pixels that change from one point to the next",
    "onward": "interpolation: share of steps that do not come nearer to the image where the row began",
    "images_a_row": "interpolation: mean number of different images in a row of {points}",
    "confidence_between": "interpolation: as confidence, of the inner points of the rows",
}


def judge_samples(
    samples: np.ndarray,
    seen: np.ndarray,
    train: Images,
    test: Images,
    network: Convnet,
    neighbours: int,
) -> tuple[dict[str, float], int]:
    """Metrics of samples [N, P], and how many eigenvalues of the Fréchet distance were clipped.

    `seen` [M, P]: the images whose nearest training image is looked up, the first `neighbours`.
    """
    features, probabilities = look(network, samples)
    reference, _ = look(network, flat(test))
    distance = frechet(Moments.of(features), Moments.of(reference))
    known = {image.tobytes() for image in np.packbits(flat(train), axis=1)}
    packed = [image.tobytes() for image in np.packbits(samples, axis=1)]
    metrics = {
        "fid": distance.distance,
        "kid": kernel_distance(features, reference),
        "confidence": float(probabilities.max(axis=1).mean()),
        "classes": effective_classes(probabilities),
        "distinct": len(set(packed)) / len(packed),
        "copies": sum(image in known for image in packed) / len(packed),
        "nearest": float(nearest(seen[:neighbours], flat(train)).mean()),
    }
    return metrics, distance.clipped


def judge_interpolation(rows: np.ndarray, network: Convnet) -> dict[str, float]:
    """Metrics of rows of interpolated images [R, T, P] (K18)."""
    pixels = rows.shape[2]
    changed = (rows[:, 1:] != rows[:, :-1]).mean(axis=2)
    away = (rows != rows[:, :1]).sum(axis=2)
    inner = rows[:, 1:-1].reshape(-1, pixels)
    _, probabilities = look(network, inner)
    different = [len({image.tobytes() for image in row}) for row in rows]
    return {
        "step": float(changed.mean()),
        "onward": float((np.diff(away, axis=1) >= 0).mean()),
        "images_a_row": sum(different) / len(rows),
        "confidence_between": float(probabilities.max(axis=1).mean()),
    }


def effective_classes(probabilities: np.ndarray) -> float:
    """exp of the entropy of the favoured classes of [N, classes]."""
    shares = np.bincount(probabilities.argmax(axis=1)) / len(probabilities)
    return math.exp(-sum(share * math.log(share) for share in shares if share > 0))


def nearest(images: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Share of pixels in which each image [N, P] differs from the nearest of `known` [M, P]: [N]."""
    pixels = images.shape[1]
    ink = known.sum(axis=1, dtype=np.float32)
    least = []
    for start in range(0, len(images), BLOCK):
        part = images[start : start + BLOCK].astype(np.float32)
        both = part @ known.T.astype(np.float32)  # exact: counts below 2²⁴
        least.append((part.sum(axis=1)[:, None] + ink - 2 * both).min(axis=1))
    return np.concatenate(least) / pixels


def flat(images: Images) -> np.ndarray:
    """All images as rows of pixels [N, P]."""
    return np.asarray(images.pixels).reshape(len(images), -1)
