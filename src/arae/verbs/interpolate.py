"""Example:

  arae interpolate --model results/models/arae-scenes/seed-1 --steps 7 \\
      "a puppy climbs in a valley" "a man is waiting on a lawn"

Decodes the codes on the way from the first sentence's to the second's, both ends included. From a
file or standard input each line holds two sentences with a tab between them; an empty line follows
each pair's sentences.
"""

from __future__ import annotations

import argparse

from arae.stages.arguments import MOST_STEPS, add_number
from arae.verbs.session import Session, add_input_arguments, add_label_argument, add_model_arguments


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The verb's options."""
    parser.add_argument(
        "sentences", nargs="*", metavar="SENTENCE", help="two sentences (none: standard input)"
    )
    add_input_arguments(parser)
    add_model_arguments(parser)
    add_label_argument(parser)
    add_number(parser, "--steps", 7, 2, MOST_STEPS, "sentences on the way")
    parser.add_argument(
        "--along",
        choices=["linear", "spherical"],
        default="linear",
        help="a straight line (default) or a great arc",
    )


def run(arguments: argparse.Namespace) -> None:
    """Walk from one sentence to another."""
    from arae.foundation.errors import SettingsError
    from arae.usage.capabilities import ENCODING, require
    from arae.usage.tasks import interpolate

    if len(arguments.sentences) not in (0, 2):
        raise SettingsError(f"expected two sentences, got {len(arguments.sentences)}")
    session = Session(arguments)
    require(session.model.system, ENCODING)
    given = ["\t".join(arguments.sentences)] if arguments.sentences else []
    for group in session.asked_pairs(given):
        first, second = zip(*(pair for _, pair in group), strict=True)
        ways = interpolate(
            session.model, first, second, arguments.steps, arguments.along, arguments.label
        )
        for (line, _), way in zip(group, ways, strict=True):
            texts = [session.text(tokens) for tokens in way]
            last = "" if arguments.sentences else "\n"
            session.write("\n".join(texts) + last, {"line": line.number, "texts": texts})
        session.flush()
