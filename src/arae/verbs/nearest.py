"""Example:

  arae nearest --model results/models/arae-scenes/seed-1 \\
      --among data/processed/scenes/tokens/test.txt "a puppy climbs in a valley" --count 3

Columns: the cosine between the codes, and a sentence of the collection; an empty line follows the
neighbours of each sentence. Sentences that the collection holds twice count once.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from arae.stages.arguments import add_number
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
    parser.add_argument(
        "--among", type=Path, required=True, help="text file to search, plain, gz or xz"
    )
    add_number(parser, "--count", 5, 1, 10**6, "how many neighbours")


def run(arguments: argparse.Namespace) -> None:
    """Find the sentences of a file that are nearest by their codes."""
    from arae.usage.capabilities import ENCODING, require
    from arae.usage.neighbours import Collection

    session = Session(arguments)
    require(session.model.system, ENCODING)
    collection = Collection(session.model, session.collection(arguments.among), arguments.label)
    for group in session.asked(arguments.sentences):
        found = collection.nearest([asked.tokens for asked in group], arguments.count)
        for asked, near in zip(group, found, strict=True):
            rows = [{"cosine": one.cosine, "text": session.text_read(one.tokens)} for one in near]
            lines = "".join(f"{row['cosine']:.4f}\t{row['text']}\n" for row in rows)
            session.write(lines, {**asked.as_json(), "neighbours": rows})
        session.flush()
