"""Example:

  arae train-images --images data/processed/digits/images \\
      --settings params.yaml#recipes.arae-digits --seed 1 --out results/models/arae-digits/seed-1

The same training as of text: stopped, the same command goes on from its last checkpoint.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from arae.corpora.images import Images, image_files
from arae.corpora.source import IMAGES
from arae.foundation.console import say
from arae.foundation.settings import plain, read_settings
from arae.foundation.stage import stage_run
from arae.stages.arguments import add_common_arguments, add_compute_arguments
from arae.stages.train import journal_of
from arae.systems.names import modules_of


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The verb's options."""
    add = parser.add_argument
    add("--images", type=Path, required=True, help="folder of binarised splits")
    add("--out", type=Path, required=True, help="model directory to write")
    add_common_arguments(parser, "recipe, e.g. params.yaml#recipes.arae-digits")
    add_compute_arguments(parser)


def run(arguments: argparse.Namespace) -> None:
    """Train one image recipe with one seed."""
    from arae.engine.checkpoint import discard_checkpoints
    from arae.engine.device import describe_device, prepare_device, where
    from arae.engine.graphs import buckets_for
    from arae.engine.modeldir import IMAGE_FILES, save_image_model
    from arae.engine.signals import stop_on_signals
    from arae.engine.trainer import Trainer
    from arae.engine.world import World
    from arae.evaluation.image_selection import ImageValidation
    from arae.nn.images import ImageStore
    from arae.systems.autoencoder import Autoencoder
    from arae.systems.registry import build_system, parse_recipe

    settings = parse_recipe(read_settings(arguments.settings), domain=IMAGES)
    folder, files = arguments.out, arguments.images
    device = prepare_device(arguments.device, arguments.threads)
    with (
        stop_on_signals() as stop,
        stage_run(
            "train-images",
            sidecar=folder / "provenance.json",
            inputs=[path for split in ("train", "valid") for path in image_files(files, split)],
            outputs=[folder / name for name in IMAGE_FILES],
            settings=plain(settings),
            seed=arguments.seed,
            modules=modules_of(settings.system, IMAGES),
        ) as run,
    ):
        train, valid = (Images.open(files, split) for split in ("train", "valid"))
        height, width = train.shape
        system = build_system(settings, height * width, arguments.seed).to(device)
        assert isinstance(system, Autoencoder)
        store = ImageStore(train.pixels, device)
        validate = ImageValidation(store, valid, arguments.seed)
        trainer = Trainer(
            system,
            store,
            arguments.seed,
            validate,
            run.work,
            stop,
            on_record=journal_of(run.metrics),
            where=where(device),
            buckets=(buckets := buckets_for(system, device, World())),
        )
        trainer.fit()
        system.eval()
        system.fit_prior(store)
        save_image_model(
            folder, system, arguments.seed, train.shape, trainer.history, trainer.best_record
        )
        run.facts.update(
            describe_device(device),
            resumed_from=trainer.resumed_from,
            ran_on=trainer.ran_on,
            buckets=buckets,
        )
    discard_checkpoints(run.work)
    say(f"{folder}: best epoch {trainer.best['epoch']}: {json.dumps(trainer.history[-1])}")
