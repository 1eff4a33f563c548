"""Example:

  arae transfer-split --model results/models/arae-reviews/seed-1 --ids data/processed/reviews/ids \\
      --tokens data/processed/reviews/tokens --settings '{"count": 2000}' --out out/seed-1.txt

Each of the chosen sentences (evenly spaced over the split, in order) is encoded and greedily decoded
as each other label. The text file has one line for each (sentence, target), empty outputs as empty
lines; the JSON-lines file beside it says which: {"sentence", "source", "target", "output"}.
Without a model the sentences are copied: the scores of those are what changing nothing is worth.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from arae.foundation.belonging import require_made_from
from arae.foundation.errors import DataError
from arae.foundation.files import atomic_write
from arae.foundation.settings import parse_settings, plain, read_settings
from arae.foundation.stage import stage_run
from arae.stages.arguments import add_common_arguments, add_compute_arguments
from arae.systems.names import system_module


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The verb's options."""
    add = parser.add_argument
    add("--model", type=Path, help="model directory (none: copy the sentences)")
    add("--ids", type=Path, required=True, help="folder of encoded splits, with labels")
    add("--tokens", type=Path, required=True, help="folder of the same splits as tokens")
    add("--split", default="test", choices=("train", "valid", "test"), help="default: test")
    add("--out", type=Path, required=True, help="…/seed-NUMBER.txt; the .jsonl goes beside it")
    add_common_arguments(parser, '{"count": 2000, "decoding": "greedy"}')
    add_compute_arguments(parser)


def run(arguments: argparse.Namespace) -> None:
    """Transfer a labelled split."""
    from arae.foundation.console import say
    from arae.generation.transfer import TransferSettings, spread
    from arae.stages.train import id_files
    from arae.text.encoded import EncodedText

    settings = parse_settings(TransferSettings, read_settings(arguments.settings))
    text = EncodedText.open(arguments.ids, arguments.split)
    names = text.label_names
    if text.labels is None or len(names) < 2:
        raise DataError(
            f"{arguments.ids}: has no labels to transfer between; name files by label in the "
            "corpus's source"
        )
    wanted = settings.count // (len(names) - 1)
    if not 0 < wanted <= len(text):
        raise DataError(
            f"{arguments.ids}: {arguments.split} has {len(text)} sentences for {len(names)} labels, "
            f"which make {len(text) * (len(names) - 1)} transfers; {settings.count} are asked for"
        )
    lines = arguments.out.with_suffix(".jsonl")
    model = arguments.model
    sources = [arguments.tokens / f"{arguments.split}.txt"]
    sources += [model / "vocabulary.txt"] if model else []
    require_made_from(arguments.ids / f"{arguments.split}.npy", *sources)
    with stage_run(
        "transfer-split",
        sidecar=arguments.out.with_name(arguments.out.name + ".provenance.json"),
        inputs=[
            *id_files(arguments.ids, [arguments.split]),
            arguments.tokens / f"{arguments.split}.txt",
            *([model / name for name in LOADED] if model else []),
        ],
        outputs=[arguments.out, lines],
        settings={**plain(settings), "split": arguments.split},
        seed=arguments.seed,
        modules=_system_modules(model),
    ) as stage:
        rows = spread(len(text), wanted)
        made = (
            _written(arguments, text, rows, settings) if model else _copied(arguments, text, rows)
        )
        with atomic_write(arguments.out) as plain_text, atomic_write(lines) as records:
            for record in made:
                plain_text.write(record["output"] + "\n")
                records.write(json.dumps(record, ensure_ascii=False, sort_keys=True) + "\n")
        stage.facts["transfers"] = wanted * (len(names) - 1)
    say(f"{arguments.out}: {wanted} sentences, {wanted * (len(names) - 1)} transfers")


LOADED = ("model.safetensors", "recipe.json", "vocabulary.txt")


def _system_modules(model: Path | None) -> list[str]:
    from arae.foundation.files import read_json

    return [system_module(read_json(model / "recipe.json")["settings"]["system"])] if model else []


def _written(
    arguments: argparse.Namespace, text: Any, rows: Any, settings: Any
) -> Iterator[dict[str, Any]]:
    from arae.engine.device import prepare_device
    from arae.engine.modeldir import load_model
    from arae.generation.transfer import transfer_all
    from arae.nn.batch import TextStore

    device = prepare_device(arguments.device, arguments.threads)
    model = load_model(arguments.model, device)
    if model.labels != text.label_names:
        raise DataError(
            f"{arguments.model} and {arguments.ids} do not belong together: the first knows the "
            f"labels {', '.join(model.labels) or 'none'}, the second {', '.join(text.label_names)}"
        )
    store = TextStore(text, device)
    for result in transfer_all(model.system, store, rows, settings, arguments.seed):
        output = " ".join(model.vocabulary.decode(result.words))
        yield _record(text, result.sentence, result.target, output)


def _copied(arguments: argparse.Namespace, text: Any, rows: Any) -> Iterator[dict[str, Any]]:
    from arae.corpora.lines import read_lines

    sentences = list(read_lines(arguments.tokens / f"{arguments.split}.txt"))
    for row in rows.tolist():
        for target in range(len(text.label_names)):
            if target != text.labels[row]:
                yield _record(text, row, target, sentences[row])


def _record(text: Any, sentence: int, target: int, output: str) -> dict[str, Any]:
    return {
        "sentence": sentence,
        "source": text.label_names[text.labels[sentence]],
        "target": text.label_names[target],
        "output": output,
    }
