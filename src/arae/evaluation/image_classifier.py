"""Training, saving and use of the classifier whose features FID and KID compare (K19)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as functional
from torch import Tensor

from arae.corpora.images import CLASSES, Images
from arae.engine.checkpoint import load_weights, save_tensors
from arae.foundation.console import progress
from arae.foundation.errors import DataError, IntegrityError, SettingsError
from arae.foundation.files import read_json, sha256_file, write_json
from arae.foundation.settings import bounded, nested, parse_settings, plain
from arae.nn.convnet import Convnet, ConvnetSettings
from arae.nn.images import ImageStore
from arae.nn.optimisers import OptimiserSettings, build_optimiser
from arae.nn.randomness import Draws

FILES = ("model.safetensors", "recipe.json")
BATCH = 500
BAD_FILES = (OSError, KeyError, TypeError, ValueError, RuntimeError)


@dataclass(frozen=True, kw_only=True)
class ClassifierSettings:
    """One seed for all systems: the classifier is an instrument, not a result."""

    seed: int = bounded(1, low=0)
    epochs: int = bounded(3, low=1)
    batch_size: int = bounded(50, low=1)
    network: ConvnetSettings = nested(ConvnetSettings)
    optimiser: OptimiserSettings = nested(OptimiserSettings, kind="adam", lr=2e-3, final_share=0.0)


def train_classifier(
    train: Images,
    settings: ClassifierSettings,
    device: torch.device | str = "cpu",
    report: Callable[[int, dict[str, float]], None] = lambda step, values: None,
) -> Convnet:
    """A classifier of the training images, trained by cross-entropy.

    `report` is called at each epoch's end with the iteration and the mean loss.
    """
    network = Convnet(train.shape, CLASSES, settings.network, settings.seed).to(device)
    optimiser = build_optimiser([network], settings.optimiser)
    store, labels = ImageStore(train.pixels, device), _labels(train, device)
    size = min(settings.batch_size, len(store))
    steps = len(store) // size
    parameters = list(network.parameters())
    with progress("classifier", settings.epochs * steps, "iterations") as bar:
        for epoch in range(settings.epochs):
            order = Draws(settings.seed, "order", epoch).permutation(len(store))
            total = torch.zeros((), device=device)
            for step, rows in enumerate(order[: steps * size].split(size)):
                logits = network(store.batch(rows).pixels)
                loss = functional.cross_entropy(logits, labels[rows.to(labels.device)])
                done = (epoch * steps + step) / (settings.epochs * steps)
                optimiser.step(torch.autograd.grad(loss, parameters), done)
                total += loss.detach()
                bar.advance()
            report((epoch + 1) * steps, {"loss": total.item() / steps})
    features, _ = look(network, train.pixels.reshape(len(train), -1))
    network.scale.fill_(float(np.sqrt((features**2).mean())))
    return network.eval()


@torch.no_grad()
def accuracy(network: Convnet, images: Images) -> float:
    """Share of images whose label the classifier finds."""
    _, probabilities = look(network, images.pixels.reshape(len(images), -1))
    return float((probabilities.argmax(axis=1) == images.labels).mean())


@torch.no_grad()
def look(network: Convnet, pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Features [N, F] in units of `scale` and class probabilities [N, classes] of images [N, P]."""
    device = network.output.weight.device
    features, probabilities = [], []
    for start in range(0, len(pixels), BATCH):
        part = torch.from_numpy(np.array(pixels[start : start + BATCH])).to(device)
        seen = network.features(part.float())
        features.append((seen.double() / network.scale).cpu().numpy())
        probabilities.append(network.output(seen).double().softmax(dim=1).cpu().numpy())
    return np.concatenate(features), np.concatenate(probabilities)


def save_classifier(
    folder: Path, network: Convnet, settings: ClassifierSettings, measured: dict[str, float]
) -> str:
    """Write weights and recipe.json with `measured` numbers; returns the hash of the weights."""
    weights, recipe = (folder / name for name in FILES)
    save_tensors(weights, network.state_dict())
    digest = sha256_file(weights)
    content = {
        "settings": plain(settings),
        "shape": list(network.shape),
        "weights": {"sha256": digest},
        **measured,
    }
    write_json(recipe, content)
    return digest


def load_classifier(
    folder: Path, device: torch.device | str = "cpu"
) -> tuple[Convnet, dict[str, Any]]:
    """The classifier and its recipe; `IntegrityError` if its files are not those that were saved."""
    weights, path = (folder / name for name in FILES)
    try:
        recipe = read_json(path)
        settings = parse_settings(ClassifierSettings, recipe["settings"], str(path))
        height, width = recipe["shape"]
        if sha256_file(weights) != recipe["weights"]["sha256"]:
            raise DataError(f"{weights}: its bytes are not those that were saved")
        network = Convnet((height, width), CLASSES, settings.network, settings.seed)
        load_weights(network, weights)
    except (*BAD_FILES, DataError, SettingsError) as error:
        raise IntegrityError(
            f"{folder}: not a usable classifier: {error}; train it again"
        ) from error
    return network.to(device).eval(), recipe


def _labels(images: Images, device: torch.device | str) -> Tensor:
    return torch.from_numpy(np.asarray(images.labels).astype(np.int64)).to(device)
