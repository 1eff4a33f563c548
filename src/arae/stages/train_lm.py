"""Example:

  arae train-lm --text samples.txt --ids data/processed/scenes/ids \\
      --vocabulary data/processed/scenes/vocabulary.txt \\
      --settings params.yaml#evaluation.scenes.language_model --out lm

The language model reads `--text` (one sentence of tokens a line) through the corpus's own
vocabulary, the same for every system, and stops early on the corpus's real validation sentences.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from arae.foundation.belonging import require_relatives
from arae.foundation.settings import plain, read_settings
from arae.stages.arguments import add_training_arguments
from arae.stages.train import id_files, train_model


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The verb's options."""
    add_training_arguments(
        parser, "language model, e.g. params.yaml#evaluation.scenes.language_model"
    )
    parser.add_argument(
        "--text", type=Path, required=True, help="sentences to learn, tokens by spaces"
    )


def run(arguments: argparse.Namespace) -> None:
    """Train the evaluation language model on a text."""
    from arae.foundation.errors import DataError
    from arae.systems.registry import parse_recipe
    from arae.text.encoded import EncodedText
    from arae.text.vocabulary import Vocabulary

    values = {"system": "lm", **read_settings(arguments.settings)}
    limit = values.pop("sentences", None)
    values["selection"] = {"by": "valid_loss", **values.get("selection", {})}
    settings = parse_recipe(values, "language_model")
    text = EncodedText.from_file(arguments.text, Vocabulary.load(arguments.vocabulary), limit)
    if len(text) < settings.batch_size:
        raise DataError(
            f"{arguments.text}: {len(text)} non-empty sentences, fewer than one batch of "
            f"{settings.batch_size}; generate more or lower batch_size"
        )
    require_relatives(arguments.text, arguments.ids / "valid.npy")
    train_model(
        "train-lm",
        arguments,
        settings,
        text,
        inputs=[arguments.text, *id_files(arguments.ids, ("valid",))],
        recorded={**plain(settings), "sentences": limit},
    )
