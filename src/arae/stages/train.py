"""Example:

  arae train --ids data/processed/scenes/ids --vocabulary data/processed/scenes/vocabulary.txt \\
      --settings params.yaml#recipes.arae-scenes --seed 1 --out results/models/arae-scenes/seed-1

With `--processes 2` two processes (each with a GPU of its own, if there are) share out every minibatch.
Stopped by Ctrl-C, SIGTERM or a crash, the same command goes on from its last checkpoint (kept in
work/train until the model is whole) and ends with the same bytes.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from arae.foundation.belonging import require_made_from
from arae.foundation.doubts import Doubt
from arae.foundation.settings import parse_settings, plain, read_settings
from arae.foundation.stage import stage_run
from arae.stages.arguments import add_training_arguments
from arae.systems.names import system_module
from arae.text.labels import label_files


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The verb's options."""
    add_training_arguments(parser, "recipe, e.g. params.yaml#recipes.arae-scenes")
    parser.add_argument(
        "--start", type=Path, help="model directory that the recipe's `start` takes weights from"
    )


def run(arguments: argparse.Namespace) -> None:
    """Train one recipe with one seed."""
    from arae.systems.registry import parse_recipe
    from arae.text.encoded import EncodedText
    from arae.text.tokenizer import TokenSettings

    values = read_settings(arguments.settings)
    values.pop("sampling", None)  # belongs to `sample`; training selects its epoch greedily
    tokens = values.pop("tokens", None)  # only kept in the model directory
    if tokens is not None:
        tokens = plain(parse_settings(TokenSettings, tokens, "tokens"))
    settings: Any = parse_recipe(values)
    train_model(
        "train",
        arguments,
        settings,
        EncodedText.open(arguments.ids, "train"),
        inputs=[
            *id_files(arguments.ids, ("train", "valid")),
            *start_files(settings.start, arguments.start),
        ],
        recorded={**plain(settings), "tokens": tokens},
        tokens=tokens,
        start=arguments.start,
    )


def start_files(start: Any, folder: Path | None) -> list[Path]:
    """What training reads of the model that it starts from; `SettingsError` unless both name one."""
    from arae.engine.modeldir import FILES
    from arae.foundation.errors import SettingsError

    if start is None and folder is None:
        return []
    if folder is None:
        raise SettingsError(
            f"start: the recipe starts from a model of '{start.recipe}'; name its directory with --start"
        )
    if start is None:
        raise SettingsError(
            "--start: the recipe does not say which parts to take; add `start: {recipe: NAME, parts: [encoder]}`"
        )
    return [folder / name for name in FILES[:3]]


def train_model(
    stage: str,
    arguments: argparse.Namespace,
    settings: Any,
    text: Any,
    *,
    inputs: Sequence[Path],
    recorded: Any,
    tokens: dict[str, Any] | None = None,
    start: Path | None = None,
) -> None:
    """Train `settings` on `text` and write the model directory `arguments.out`.

    `tokens`: how the text was tokenised; kept in the directory for the model's users. `start`: the
    model directory whose weights the recipe starts with.
    """
    from arae.engine.checkpoint import discard_checkpoints
    from arae.engine.device import describe_device, prepare_device, where
    from arae.engine.graphs import buckets_for
    from arae.engine.launch import run_together
    from arae.engine.modeldir import FILES, save_model, start_from
    from arae.engine.signals import stop_on_signals
    from arae.engine.trainer import Trainer
    from arae.engine.world import joined_world
    from arae.evaluation.latent import observer
    from arae.evaluation.selection import Validation
    from arae.foundation.console import say
    from arae.generation.decode import DecodingSettings
    from arae.nn.padded import training_text
    from arae.systems.registry import build_system
    from arae.text.encoded import EncodedText
    from arae.text.vocabulary import Vocabulary

    if arguments.processes != 1 and "WORLD_SIZE" not in os.environ:
        raise SystemExit(run_together(arguments.processes, arguments.words))
    device = prepare_device(arguments.device, arguments.threads // arguments.processes)
    folder: Path = arguments.out
    vocabulary = Vocabulary.load(arguments.vocabulary)
    require_made_from(arguments.ids / "valid.npy", arguments.vocabulary)
    require_within(text, vocabulary, arguments.ids, arguments.vocabulary)
    with (
        stop_on_signals() as stop,
        joined_world(device) as world,
        stage_run(
            stage,
            sidecar=folder / "provenance.json",
            inputs=[*inputs, arguments.vocabulary],
            outputs=[folder / name for name in FILES],
            settings=recorded,
            seed=arguments.seed,
            modules=[system_module(settings.system)],
        )
        if world.leads
        else nullcontext() as run,
    ):
        if run and tokens is not None:
            run.doubt(*_cut(text.lengths, settings.max_length, folder.parent.name))
        work = Path(world.agree(str(run.work) if run else None))
        labels = text.label_names
        system = build_system(settings, len(vocabulary), arguments.seed, len(labels))
        started = start_from(system, start, arguments.vocabulary) if start else None
        system = system.to(device)
        buckets = buckets_for(system, device, world)
        store = training_text(text, device, buckets)
        valid = EncodedText.open(arguments.ids, "valid")
        validate = Validation(store, valid, DecodingSettings(), arguments.seed)
        trainer = Trainer(
            system,
            store,
            arguments.seed,
            validate,
            work,
            stop,
            on_record=journal_of(run.metrics) if run else lambda record: None,
            observe=observer(system, text, store, arguments.seed),
            observe_every=settings.observe.every,
            world=world,
            where=where(device, world.count),
            buckets=buckets,
        )
        trainer.fit()
        if run is None:
            return
        system.eval()
        system.fit_prior(store)
        save_model(
            folder,
            system,
            arguments.seed,
            arguments.vocabulary,
            trainer.history,
            trainer.best_record,
            labels,
            tokens,
        )
        run.facts.update(
            describe_device(device),
            processes=world.count,
            resumed_from=trainer.resumed_from,
            ran_on=trainer.ran_on,
            buckets=buckets,
            **({"start": started} if started else {}),
        )
    discard_checkpoints(work)
    say(f"{folder}: best epoch {trainer.best['epoch']}: {json.dumps(trainer.history[-1])}")


def require_within(text: Any, vocabulary: Any, ids: Path, words: Path) -> None:
    """Every id must be a word's: `DataError` for arrays that were made with a larger vocabulary."""
    from arae.foundation.errors import DataError

    largest = int(text.ids.max())
    if largest >= len(vocabulary):
        raise DataError(
            f"{ids} and {words} do not belong together: the first holds the id {largest}, the "
            f"second {len(vocabulary)} words; encode the text with this vocabulary"
        )


def _cut(lengths: Any, longest: int, recipe: str) -> list[Doubt]:
    """The doubt about a system that cannot write sentences as long as those that it learns from."""
    share = float((lengths > longest).mean())
    message = (
        f"writes at most {longest} words (max_length), and {share:.1%} of the sentences that it is "
        "trained on are longer"
    )
    return [Doubt(message=message, text=recipe)] if share else []


def journal_of(metrics: Any) -> Any:
    """A function that sends a record of the history to a stage's journal."""

    def report(record: dict[str, Any]) -> None:
        values = {name: v for name, v in record.items() if name != "step"}
        metrics(record["step"], values)

    return report


def id_files(folder: Path, splits: Sequence[str]) -> list[Path]:
    """Files of encoded splits, with their labels where there are any."""
    arrays = [folder / f"{split}{end}" for split in splits for end in (".npy", ".offsets.npy")]
    return arrays + label_files(folder, splits)
