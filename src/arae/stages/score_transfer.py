"""Example:

  arae score-transfer --samples results/samples/transfer-reviews/arae-reviews/seed-1.txt \\
      --reverse-lm results/language_models/transfer-reviews/arae-reviews/seed-1 \\
      --forward-lm results/language_models/transfer-reviews/forward/seed-1 \\
      --classifiers results/classifiers/transfer-reviews/bag_of_words/seed-1 \\
      --tokens data/processed/reviews/tokens --vocabulary data/processed/reviews/vocabulary.txt \\
      --source params.yaml#corpora.reviews.source \\
      --out results/scores/transfer-reviews/arae-reviews/seed-1.json

`--samples` is what `arae transfer-split` wrote.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from arae.corpora.sources import parse_source
from arae.corpora.styled_source import style_oracle_of
from arae.evaluation import transfers
from arae.evaluation.classifiers import FILES as CLASSIFIER_FILES
from arae.evaluation.scoring import Sheet
from arae.evaluation.sentences import Sentences, encode, read_sentences
from arae.evaluation.transfers import Transfers
from arae.foundation.belonging import require_made_from
from arae.foundation.console import say
from arae.foundation.errors import DataError, SettingsError
from arae.foundation.files import canonical_json, parse_json, write_json
from arae.foundation.settings import read_settings, suggest
from arae.foundation.stage import stage_run
from arae.stages.arguments import add_compute_arguments
from arae.stages.evaluate import FORMAT, MODEL_FILES, REAL, identity, require_vocabulary, system_of
from arae.systems.names import system_module
from arae.text.vocabulary import Vocabulary

EXAMPLES = 20
BLOCKS = 2  # sentences a label, shown with all their transfers


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The verb's options."""
    add = parser.add_argument
    add("--samples", type=Path, required=True, help="transferred text, its .jsonl beside it")
    add("--reverse-lm", type=Path, required=True, help="language model trained on the transfers")
    add("--forward-lm", type=Path, required=True, help="language model trained on real text")
    add("--classifiers", type=Path, nargs="+", required=True, help="classifiers: …/KIND/seed-N")
    add("--tokens", type=Path, required=True, help="folder with the real valid.txt and test.txt")
    add("--split", default="test", choices=("train", "valid", "test"), help="what was transferred")
    add("--vocabulary", type=Path, required=True, help="vocabulary file of the corpus")
    add("--source", required=True, help="JSON or FILE#pointer: the corpus's source")
    add("--out", type=Path, required=True, help="…/{text}/seed-{seed}.json")
    add_compute_arguments(parser)


def run(arguments: argparse.Namespace) -> None:
    """Score one system's transfers with one seed."""
    from arae.engine.device import describe_device, prepare_device
    from arae.evaluation.classifiers import load_classifier

    device = prepare_device(arguments.device, arguments.threads)
    source = read_settings(arguments.source)
    text, seed = identity(arguments.out)
    for folder in (arguments.reverse_lm, arguments.forward_lm):
        require_vocabulary(folder, arguments.vocabulary)
    train = arguments.tokens / "train.txt"
    require_made_from(arguments.samples, arguments.tokens / f"{arguments.split}.txt")
    require_made_from(arguments.reverse_lm / MODEL_FILES[0], arguments.samples)
    for folder in (arguments.forward_lm, *arguments.classifiers):
        require_made_from(folder / MODEL_FILES[0], train)
    with stage_run(
        "score-transfer",
        sidecar=arguments.out.with_name(arguments.out.name + ".provenance.json"),
        inputs=_inputs(arguments),
        outputs=[arguments.out],
        settings={"source": source, "split": arguments.split},
        seed=seed,
        modules=[system_module("lm")],
    ) as stage:
        found = read_transfers(
            arguments.samples.with_suffix(".jsonl"), arguments.tokens / f"{arguments.split}.txt"
        )
        classifiers = {_kind(path): load_classifier(path) for path in arguments.classifiers}
        oracle = style_oracle_of(parse_source(source, "--source"))
        sheet, directions = transfers.measure(found, classifiers, oracle)
        if text == REAL:
            sheet.add(transfers.source_accuracy(found, classifiers), transfers.DEFINITIONS)
        _perplexities(arguments, sheet, found, device)
        write_json(
            arguments.out,
            {
                "format": FORMAT,
                "text": text,
                "system": system_of(arguments.samples),
                "seed": seed,
                "sentences": len(found),
                "settings": canonical_json(stage.settings),
                **sheet.as_json(),
                "examples": [_example(found, place) for place in _first(found)],
                "details": {"directions": directions, "blocks": _blocks(found)},
            },
        )
        stage.metrics(0, sheet.metrics)
        stage.facts.update(describe_device(device))
    say(f"{arguments.out}: {len(found)} transfers")


def _kind(folder: Path) -> str:
    """The kind of a classifier, by its place."""
    name = folder.parent.name
    if name not in transfers.TRANSFER:
        raise SettingsError(
            f"--classifiers {folder}: expected a path ending in KIND/seed-NUMBER"
            f"{suggest(name, transfers.TRANSFER)}"
        )
    return name


def read_transfers(path: Path, sources: Path) -> Transfers:
    """What `transfer-split` wrote, with the sources' tokens; a `DataError` names a wrong line."""
    sentences = [line.split() for line in sources.read_text(encoding="utf-8").splitlines()]
    rows = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            row = parse_json(line)
            rows.append(
                (
                    sentences[row["sentence"]],
                    str(row["source"]),
                    str(row["target"]),
                    row["output"].split(),
                )
            )
        except (ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
            raise DataError(
                f"{path}:{number}: not a transferred sentence of {sources} ({error!r}); make it "
                "again with `arae transfer-split`"
            ) from error
    if not rows:
        raise DataError(f"{path}: holds no transferred sentence")
    columns: list[Any] = [list(column) for column in zip(*rows, strict=True)]
    return Transfers(sources=columns[0], labels=columns[1], targets=columns[2], outputs=columns[3])


def _perplexities(
    arguments: argparse.Namespace, sheet: Sheet, found: Transfers, device: Any
) -> None:
    from arae.evaluation.perplexity import sentence_nll

    vocabulary = Vocabulary.load(arguments.vocabulary)
    written = [output for output in found.outputs if output]
    if written:
        texts = {
            "forward_ppl": (arguments.forward_lm, encode(written, vocabulary)),
            "reverse_ppl": (arguments.reverse_lm, _valid(arguments, vocabulary).encoded),
        }
        for name, (model, text) in texts.items():
            nll = sentence_nll(model, text, device)
            sheet.perplexity(name, transfers.DEFINITIONS[name], nll, text)


def _valid(arguments: argparse.Namespace, vocabulary: Vocabulary) -> Sentences:
    return read_sentences(arguments.tokens / "valid.txt", vocabulary)


def _first(found: Transfers) -> list[int]:
    """Places of the first transfers of each direction, by turns: nothing is picked."""
    pairs = list(zip(found.labels, found.targets, strict=True))
    by_direction = [
        [place for place, pair in enumerate(pairs) if pair == direction][:EXAMPLES]
        for direction in found.directions
    ]
    turns = [
        places[turn] for turn in range(EXAMPLES) for places in by_direction if turn < len(places)
    ]
    return turns[:EXAMPLES]


def _blocks(found: Transfers) -> list[dict[str, Any]]:
    """The first sentences of each label with all that was made of them."""
    outputs: dict[tuple[str, str], dict[str, str]] = {}
    rows = zip(found.labels, found.sources, found.targets, found.outputs, strict=True)
    for label, source, target, output in rows:
        outputs.setdefault((label, " ".join(source)), {})[target] = " ".join(output)
    return [
        {"source": label, "sentence": sentence, "outputs": outputs[label, sentence]}
        for each in sorted(set(found.labels))
        for label, sentence in [key for key in outputs if key[0] == each][:BLOCKS]
    ]


def _example(found: Transfers, place: int) -> str:
    source, output = " ".join(found.sources[place]), " ".join(found.outputs[place])
    return f"{found.labels[place]}: {source} → {found.targets[place]}: {output}"


def _inputs(arguments: argparse.Namespace) -> list[Path]:
    models = [
        folder / name
        for folder in (arguments.reverse_lm, arguments.forward_lm)
        for name in MODEL_FILES
    ]
    real = [arguments.tokens / f"{split}.txt" for split in sorted({"valid", arguments.split})]
    classifiers = [folder / name for folder in arguments.classifiers for name in CLASSIFIER_FILES]
    samples = [arguments.samples, arguments.samples.with_suffix(".jsonl")]
    return [*samples, *models, *classifiers, *real, arguments.vocabulary]
