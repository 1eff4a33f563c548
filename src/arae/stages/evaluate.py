"""Example:
arae evaluate --samples results/samples/coverage-scenes/arae-scenes/seed-1.txt --sentences none \\
    --reverse-lm results/language_models/coverage-scenes/arae-scenes/seed-1 \\
    --forward-lm results/language_models/coverage-scenes/forward/seed-1 \\
    --tokens data/processed/scenes/tokens --vocabulary data/processed/scenes/vocabulary.txt \\
    --settings '{"ngram": {"order": 5}}' --oracle params.yaml#corpora.scenes.source \\
    --out results/scores/coverage-scenes/arae-scenes/seed-1.json
"""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import Any

from arae.evaluation.oracle import source_of
from arae.evaluation.scoring import ScoreSettings, Sheet, Texts, score
from arae.evaluation.sentences import read_sentences
from arae.foundation.belonging import require_made_from, require_relatives
from arae.foundation.errors import IntegrityError, SettingsError
from arae.foundation.files import canonical_json, read_json, sha256_file, write_json
from arae.foundation.provenance import sidecar_of
from arae.foundation.settings import parse_settings, plain, read_settings
from arae.foundation.stage import stage_run
from arae.stages.arguments import add_compute_arguments, add_number
from arae.systems.names import system_module
from arae.text.vocabulary import Vocabulary

FORMAT = 1
EXAMPLES = 20
REAL = "real"
MODEL_FILES = ("model.safetensors", "recipe.json", "vocabulary.txt")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command line of `arae evaluate`."""
    add = parser.add_argument
    add("--samples", type=Path, required=True, help="token file, one sentence a line")
    add_number(
        parser,
        "--sentences",
        None,
        1,
        10**9,
        "use the first N samples only; none: all",
        others=("none",),
    )
    add("--forward-text", type=Path, help="text of forward perplexity (default: the samples)")
    add("--reverse-lm", type=Path, required=True, help="language model trained on the samples")
    add("--forward-lm", type=Path, required=True, help="language model trained on real text")
    add("--tokens", type=Path, required=True, help="folder with the real train.txt and test.txt")
    add("--vocabulary", type=Path, required=True, help="vocabulary file of the corpus")
    add("--settings", required=True, help="JSON or FILE#pointer: {ngram: {order}}")
    add("--oracle", required=True, help="JSON or FILE#pointer: the corpus's source")
    add("--out", type=Path, required=True, help="…/{text}/seed-{seed}.json")
    add_compute_arguments(parser)


def run(arguments: argparse.Namespace) -> None:
    """Score one text with one seed."""
    from arae.engine.device import describe_device, prepare_device

    device = prepare_device(arguments.device, arguments.threads)
    settings = parse_settings(ScoreSettings, read_settings(arguments.settings), "evaluate")
    oracle = read_settings(arguments.oracle)
    text, seed = identity(arguments.out)
    for folder in (arguments.reverse_lm, arguments.forward_lm):
        require_vocabulary(folder, arguments.vocabulary)
    train = arguments.tokens / "train.txt"
    require_made_from(arguments.reverse_lm / MODEL_FILES[0], arguments.samples)
    require_made_from(arguments.forward_lm / MODEL_FILES[0], train)
    for read in {arguments.samples, arguments.forward_text or arguments.samples}:
        require_relatives(read, arguments.vocabulary)
    with stage_run(
        "evaluate",
        sidecar=arguments.out.with_name(arguments.out.name + ".provenance.json"),
        inputs=_inputs(arguments),
        outputs=[arguments.out],
        settings={
            **plain(settings),
            "oracle": oracle,
            "sentences": arguments.sentences,
            "forward_text": str(arguments.forward_text or arguments.samples),
        },
        seed=seed,
        modules=[system_module("lm")],
    ) as stage:
        vocabulary = Vocabulary.load(arguments.vocabulary)
        texts = _read(arguments, vocabulary)
        sheet = _measure(arguments, texts, len(vocabulary), settings, oracle, device)
        write_json(
            arguments.out,
            {
                "format": FORMAT,
                "text": text,
                "system": system_of(arguments.samples),
                "seed": seed,
                "sentences": texts.samples.count,
                "settings": canonical_json(stage.settings),
                **sheet.as_json(),
                "examples": [" ".join(tokens) for tokens in texts.samples.tokens[:EXAMPLES]],
            },
        )
        stage.metrics(0, sheet.metrics)
        stage.facts.update(describe_device(device))


def _measure(
    arguments: argparse.Namespace,
    texts: Texts,
    vocabulary_size: int,
    settings: ScoreSettings,
    oracle: dict[str, Any],
    device: Any,
) -> Sheet:
    from arae.evaluation.perplexity import sentence_nll

    return score(
        texts,
        vocabulary_size=vocabulary_size,
        settings=settings,
        source=source_of(oracle),
        reverse_nll=sentence_nll(arguments.reverse_lm, texts.test.encoded, device),
        forward_nll=sentence_nll(arguments.forward_lm, texts.forward.encoded, device),
    )


def _read(arguments: argparse.Namespace, vocabulary: Vocabulary) -> Texts:
    samples = read_sentences(arguments.samples, vocabulary, arguments.sentences)
    forward = arguments.forward_text
    same = forward in (None, arguments.samples) and arguments.sentences is None
    return Texts(
        samples=samples,
        forward=samples if same else read_sentences(forward or arguments.samples, vocabulary),
        train=read_sentences(arguments.tokens / "train.txt", vocabulary),
        test=read_sentences(arguments.tokens / "test.txt", vocabulary),
    )


def _inputs(arguments: argparse.Namespace) -> list[Path]:
    models = [
        folder / name
        for folder in (arguments.reverse_lm, arguments.forward_lm)
        for name in MODEL_FILES
    ]
    real = [arguments.tokens / "train.txt", arguments.tokens / "test.txt", arguments.vocabulary]
    forward = [arguments.forward_text] if arguments.forward_text else []
    return sorted({arguments.samples, *forward, *models, *real})


def require_vocabulary(model: Path, vocabulary: Path) -> None:
    own = model / "vocabulary.txt"
    if sha256_file(own) != sha256_file(vocabulary):
        raise IntegrityError(
            f"{own}: differs from {vocabulary}; perplexities compare only over one vocabulary, so "
            "train the language model again with it"
        )


def identity(out: Path) -> tuple[str, int]:
    """(text, seed) of a score file, by its place."""
    found = re.fullmatch(r"seed-(\d+)\.json", out.name)
    if not found:
        raise SettingsError(f"--out {out}: expected a path ending in TEXT/seed-NUMBER.json")
    return out.parent.name, int(found[1])


def system_of(samples: Path) -> str:
    """Name of the system that made the samples, by their provenance; `real` if no model did."""
    sidecar = sidecar_of(samples)
    if not sidecar.is_file():
        raise IntegrityError(f"{samples}: has no provenance sidecar; make it with `arae sample`")
    recipes = [path for path in read_json(sidecar)["inputs"] if Path(path).name == "recipe.json"]
    return str(read_json(recipes[0])["settings"]["system"]) if recipes else REAL
