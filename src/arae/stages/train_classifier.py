"""Example:

  arae train-classifier --tokens data/processed/reviews/tokens \\
      --settings '{"kind": "bag_of_words"}' --seed 1 \\
      --out results/classifiers/transfer-reviews/bag_of_words/seed-1

Kinds: bag_of_words (fastText's model and defaults in our own code), text_cnn (Shen et al. 2017),
fasttext (the package, if installed). Learns from train.txt and train.labels.txt; classifier.json
tells the accuracy on the validation and test sentences.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from arae.corpora.source import SPLITS
from arae.foundation.console import say
from arae.foundation.settings import plain, read_settings
from arae.foundation.stage import stage_run
from arae.stages.arguments import add_common_arguments, add_compute_arguments


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The verb's options."""
    parser.add_argument(
        "--tokens", type=Path, required=True, help="folder of tokenised splits with labels"
    )
    parser.add_argument("--out", type=Path, required=True, help="folder for the classifier")
    add_common_arguments(parser, '{"kind": "bag_of_words"}')
    add_compute_arguments(parser)


def run(arguments: argparse.Namespace) -> None:
    """Train a classifier and measure it on held-out text."""
    from arae.evaluation.classifiers import (
        FILES,
        accuracy,
        parse_classifier,
        save_classifier,
        train_classifier,
    )
    from arae.evaluation.labelled import (
        labelled_files,
        read_labelled,
        require_classes,
        require_known,
    )

    settings = parse_classifier(read_settings(arguments.settings))
    inputs = [path for split in SPLITS for path in labelled_files(arguments.tokens, split)]
    texts = {split: read_labelled(arguments.tokens, split) for split in SPLITS}
    marks = {split: labelled_files(arguments.tokens, split)[1] for split in SPLITS}
    require_classes(texts["train"], marks["train"])
    for split in SPLITS:
        require_known(texts[split].labels, texts["train"].classes, marks[split])
    with stage_run(
        "train-classifier",
        sidecar=arguments.out / "provenance.json",
        inputs=inputs,
        outputs=[arguments.out / name for name in FILES],
        settings=plain(settings),
        seed=arguments.seed,
    ) as stage:
        device = _device(settings.kind, arguments)
        trained, vocabulary = train_classifier(
            texts["train"], texts["valid"], settings, arguments.seed, device
        )
        held_out = {split: accuracy(trained, texts[split]) for split in ("valid", "test")}
        save_classifier(arguments.out, trained, vocabulary, settings, arguments.seed, held_out)
        stage.metrics(0, {f"{split}_accuracy": held_out[split]["accuracy"] for split in held_out})
    for split, found in held_out.items():
        say(f"{split}: accuracy {found['accuracy']:.2%} on {found['sentences']} sentences")


def _device(kind: str, arguments: argparse.Namespace) -> str:
    """Where to train; only the convolutional classifier has a choice, and needs torch for it."""
    if kind != "text_cnn":
        return "cpu"
    from arae.engine.device import prepare_device

    return str(prepare_device(arguments.device, arguments.threads))
