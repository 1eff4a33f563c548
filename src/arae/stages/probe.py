"""Example:

  arae probe --probe robustness --model results/models/arae-scenes/seed-1 \\
      --ids data/processed/scenes/ids --tokens data/processed/scenes/tokens \\
      --source params.yaml#corpora.scenes.source --settings '{}' \\
      --out results/scores/robustness-scenes/arae-scenes/seed-1.json

A probe measures something on one trained model: see the files of arae/probes.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from arae.corpora.source import SPLITS
from arae.corpora.sources import parse_source
from arae.foundation.belonging import require_made_from
from arae.foundation.errors import DataError
from arae.foundation.files import canonical_json, parse_json, read_json, write_json
from arae.foundation.settings import plain, read_settings
from arae.foundation.stage import stage_run
from arae.stages.arguments import add_common_arguments, add_compute_arguments
from arae.systems.names import system_module
from arae.text.labels import label_files

FORMAT = 1
MODEL_FILES = ("model.safetensors", "recipe.json", "vocabulary.txt", "history.jsonl")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The verb's options."""
    add = parser.add_argument
    add("--probe", required=True, help="what is asked: the name of a file of arae/probes")
    add("--model", type=Path, required=True, help="model directory: …/RECIPE/seed-NUMBER")
    add("--ids", type=Path, required=True, help="folder of encoded splits")
    add("--tokens", type=Path, required=True, help="folder of tokenised splits")
    add("--source", required=True, help="JSON or FILE#pointer: the corpus's source")
    add("--out", type=Path, required=True, help="score file to write")
    add_common_arguments(parser, "the study's `probe`")
    add_compute_arguments(parser)


def run(arguments: argparse.Namespace) -> None:
    """Ask one probe of one model."""
    from arae.engine.device import describe_device, prepare_device
    from arae.engine.modeldir import load_model
    from arae.probes.probe import Subject, find_probe, parse_probe

    probe = find_probe(arguments.probe, "--probe")
    settings = parse_probe(arguments.probe, read_settings(arguments.settings), "probe")
    source = read_settings(arguments.source)
    device = prepare_device(arguments.device, arguments.threads)
    texts = [arguments.tokens / f"{split}.txt" for split in SPLITS]
    require_made_from(arguments.ids / "test.npy", arguments.model / "vocabulary.txt", *texts)
    with stage_run(
        "probe",
        sidecar=arguments.out.with_name(arguments.out.name + ".provenance.json"),
        inputs=_inputs(arguments),
        outputs=[arguments.out],
        settings={"probe": arguments.probe, **plain(settings), "source": source},
        seed=arguments.seed,
        modules=[_system_module(arguments.model), f"arae.probes.{arguments.probe}"],
    ) as stage:
        model = load_model(arguments.model, device)
        found = probe.measure(
            Subject(
                model=model,
                history=_history(arguments.model / "history.jsonl"),
                ids=arguments.ids,
                tokens=arguments.tokens,
                source=parse_source(source, "--source"),
                seed=arguments.seed,
                device=device,
            ),
            settings,
        )
        write_json(
            arguments.out,
            {
                "format": FORMAT,
                "text": arguments.model.resolve().parent.name,
                "system": model.recipe["settings"]["system"],
                "seed": arguments.seed,
                "settings": canonical_json(stage.settings),
                "metrics": found.metrics,
                "definitions": found.definitions,
                "examples": found.examples,
                "details": found.details,
            },
        )
        stage.metrics(0, found.metrics)
        stage.facts.update(describe_device(device))


def _system_module(model: Path) -> str:
    return system_module(str(read_json(model / "recipe.json")["settings"]["system"]))


def _inputs(arguments: argparse.Namespace) -> list[Path]:
    arrays = [
        arguments.ids / f"{split}{end}" for split in SPLITS for end in (".npy", ".offsets.npy")
    ]
    model = [arguments.model / name for name in MODEL_FILES]
    texts = [arguments.tokens / f"{split}.txt" for split in SPLITS]
    return [*model, *arrays, *label_files(arguments.ids, SPLITS), *texts]


def _history(path: Path) -> list[dict[str, Any]]:
    try:
        return [parse_json(line) for line in path.read_text(encoding="utf-8").splitlines()]
    except (OSError, ValueError) as error:
        raise DataError(
            f"{path}: not a training history ({error}); train the model again"
        ) from None
