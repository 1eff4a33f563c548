"""Example:

  arae reconstruct --model results/models/arae-scenes/seed-1 "a puppy climbs in a valley"
  arae reconstruct --model results/models/arae-scenes/seed-1 --input captions.txt --json

One line out for each line in.
"""

from __future__ import annotations

import argparse

from arae.verbs.session import (
    Session,
    add_label_argument,
    add_model_arguments,
    add_sentence_arguments,
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The verb's options."""
    add_sentence_arguments(parser)
    add_model_arguments(parser)
    add_label_argument(parser)


def run(arguments: argparse.Namespace) -> None:
    """Encode and decode sentences."""
    from arae.usage.capabilities import ENCODING, require
    from arae.usage.tasks import reconstruct, writer_of

    session = Session(arguments)
    require(session.model.system, ENCODING)
    writer_of(session.model, arguments.label)
    for group in session.asked(arguments.sentences):
        found = reconstruct(session.model, [asked.tokens for asked in group], arguments.label)
        for asked, tokens in zip(group, found, strict=True):
            text = session.text(tokens)
            session.write(text, {**asked.as_json(), "text": text})
        session.flush()
