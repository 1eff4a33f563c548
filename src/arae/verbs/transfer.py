"""Example:

  arae transfer --model results/models/arae-reviews-a/seed-1 --to positive \\
      "the terrace was not comfortable at all"

Keeps what a sentence says and changes its label (the sentiment, the topic). For a system trained
with labels. One line out for each line in.
"""

from __future__ import annotations

import argparse

from arae.verbs.session import Session, add_model_arguments, add_sentence_arguments


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The verb's options."""
    add_sentence_arguments(parser)
    add_model_arguments(parser)
    parser.add_argument("--to", required=True, metavar="LABEL", help="the label to write in")


def run(arguments: argparse.Namespace) -> None:
    """Transfer sentences to a label."""
    from arae.usage.tasks import transfer, writer_of

    session = Session(arguments)
    writer_of(session.model, arguments.to)  # a label that is not there is told before any reading
    for group in session.asked(arguments.sentences):
        found = transfer(session.model, [asked.tokens for asked in group], arguments.to)
        for asked, tokens in zip(group, found, strict=True):
            text = session.text(tokens)
            session.write(text, {**asked.as_json(), "to": arguments.to, "text": text})
        session.flush()
