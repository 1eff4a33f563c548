"""Example:

  arae sample --model results/models/arae-scenes/seed-1 --settings '{"count": 10}' --out ten.txt

Decoding: {"decoding": "greedy"} takes the likeliest word; {"decoding": "sample", "temperature": 0.8,
"top_k": 50} draws. One sentence a line; an empty line is an empty sentence.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from arae.foundation.files import atomic_write
from arae.foundation.settings import parse_settings, plain, read_settings
from arae.foundation.stage import stage_run
from arae.stages.arguments import add_common_arguments, add_compute_arguments
from arae.systems.names import system_module


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The verb's options."""
    parser.add_argument("--model", type=Path, required=True, help="model directory")
    parser.add_argument("--out", type=Path, required=True, help="text file to write")
    add_common_arguments(parser, '{"count": 100000, "decoding": "greedy"}')
    add_compute_arguments(parser)


def run(arguments: argparse.Namespace) -> None:
    """Generate sentences from a trained model."""
    from arae.engine.device import describe_device, prepare_device
    from arae.engine.modeldir import FILES, load_model
    from arae.foundation.console import say
    from arae.generation.sampling import SampleSettings, generate

    settings = parse_settings(SampleSettings, read_settings(arguments.settings))
    device = prepare_device(arguments.device, arguments.threads)
    model = load_model(arguments.model, device)
    with stage_run(
        "sample",
        sidecar=arguments.out.with_name(arguments.out.name + ".provenance.json"),
        inputs=[arguments.model / name for name in FILES if name != "history.jsonl"],
        outputs=[arguments.out],
        settings=plain(settings),
        seed=arguments.seed,
        modules=[system_module(model.recipe["settings"]["system"])],
    ) as run:
        words = model.vocabulary
        with atomic_write(arguments.out) as handle:
            for ids, lengths in generate(
                model.system, settings.count, settings, arguments.seed, label="sampling"
            ):
                for row, length in zip(ids, lengths, strict=True):
                    handle.write(" ".join(words.decode(row[:length])) + "\n")
        run.facts.update(describe_device(device))
    say(f"{arguments.out}: {settings.count} sentences")
