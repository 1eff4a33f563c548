"""Settings: the `vocabulary` of a corpus in params.yaml, for example '{"size": 11000}'. The file
has one type a line, the four specials first; a type's line number, from 0, is its id."""

from __future__ import annotations

import argparse
from pathlib import Path

from arae.foundation.console import say
from arae.foundation.files import require_file
from arae.foundation.settings import parse_settings, plain, read_settings
from arae.foundation.stage import stage_run
from arae.text.vocabulary import SPECIALS, Vocabulary, VocabularySettings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    parser.add_argument("--input", required=True, type=Path, help="tokenised training text")
    parser.add_argument("--settings", required=True, help="JSON text or FILE#section of vocabulary")
    parser.add_argument("--out", required=True, type=Path, help="vocabulary.txt to write")


def run(arguments: argparse.Namespace) -> None:
    """Write the most frequent types of the training text."""
    settings = parse_settings(VocabularySettings, read_settings(arguments.settings))
    out: Path = arguments.out
    require_file(arguments.input, "make it with `arae tokenize`")
    with stage_run(
        "vocabulary",
        sidecar=out.with_name(out.name + ".provenance.json"),
        inputs=[arguments.input],
        outputs=[out],
        settings=plain(settings),
    ):
        vocabulary = Vocabulary.of_text(arguments.input, settings.size)
        vocabulary.save(out)
    say(f"{out}: {len(vocabulary) - len(SPECIALS)} types and {len(SPECIALS)} specials")
