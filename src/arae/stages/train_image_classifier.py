"""Example:

  arae train-image-classifier --images data/processed/digits/images --settings '{"epochs": 30}' \\
      --out results/image_classifiers/images-digits

The small classifier whose features FID and KID compare. Its accuracy and the hash of its weights are
printed and kept in recipe.json.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from arae.corpora.images import Images, image_files
from arae.corpora.source import SPLITS
from arae.foundation.console import say
from arae.foundation.settings import parse_settings, plain, read_settings
from arae.foundation.stage import stage_run
from arae.stages.arguments import add_compute_arguments


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The verb's options."""
    add = parser.add_argument
    add("--images", type=Path, required=True, help="folder of binarised splits")
    add("--settings", required=True, help="JSON text or FILE#section of a classifier")
    add("--out", type=Path, required=True, help="folder of the classifier")
    add_compute_arguments(parser)


def run(arguments: argparse.Namespace) -> None:
    """Train the classifier and measure its accuracy on validation and test images."""
    from arae.engine.device import describe_device, prepare_device
    from arae.evaluation.image_classifier import (
        FILES,
        ClassifierSettings,
        accuracy,
        save_classifier,
        train_classifier,
    )

    settings = parse_settings(ClassifierSettings, read_settings(arguments.settings), "classifier")
    device = prepare_device(arguments.device, arguments.threads)
    folder, files = arguments.out, arguments.images
    with stage_run(
        "train-image-classifier",
        sidecar=folder / "provenance.json",
        inputs=[path for split in SPLITS for path in image_files(files, split)],
        outputs=[folder / name for name in FILES],
        settings=plain(settings),
        seed=settings.seed,
    ) as stage:
        train, valid, test = (Images.open(files, split) for split in SPLITS)
        network = train_classifier(train, settings, device, stage.metrics)
        measured = {
            "valid_accuracy": accuracy(network, valid),
            "test_accuracy": accuracy(network, test),
        }
        digest = save_classifier(folder, network, settings, measured)
        stage.facts.update(describe_device(device), **measured)
    say(f"{folder}: test accuracy {measured['test_accuracy']:.4f}, weights sha256 {digest}")
