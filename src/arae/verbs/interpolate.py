"""Example:

  arae interpolate --model results/models/arae-scenes/seed-1 --steps 7 \\
      "a puppy climbs in a valley" "a man is waiting on a lawn"

Decodes the codes on the way from the first sentence's to the second's, both ends included. From a
file or standard input each line holds two sentences with a tab between them; an empty line follows
each pair's sentences.
"""

from __future__ import annotations

import argparse

from arae.verbs.lines import Line
from arae.verbs.session import Session, add_input_arguments, add_label_argument, add_model_arguments


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The verb's options."""
    parser.add_argument(
        "sentences", nargs="*", metavar="SENTENCE", help="two sentences (none: standard input)"
    )
    add_input_arguments(parser)
    add_model_arguments(parser)
    add_label_argument(parser)
    parser.add_argument("--steps", type=int, default=7, help="sentences on the way (default 7)")
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

    if arguments.steps < 2:
        raise SettingsError(f"--steps {arguments.steps}: a way has at least its 2 ends")
    if len(arguments.sentences) not in (0, 2):
        raise SettingsError(f"expected two sentences, got {len(arguments.sentences)}")
    session = Session(arguments)
    require(session.model.system, ENCODING)
    given = ["\t".join(arguments.sentences)] if arguments.sentences else []
    for lines in session.lines(given):
        pairs = [(line, pair) for line in lines if (pair := _ends(session, line)) is not None]
        session.tell_unknown(tokens for _, pair in pairs for tokens in pair)
        if pairs:
            first, second = zip(*(pair for _, pair in pairs), strict=True)
            ways = interpolate(
                session.model, first, second, arguments.steps, arguments.along, arguments.label
            )
            for (line, _), way in zip(pairs, ways, strict=True):
                texts = [" ".join(tokens) for tokens in way]
                last = "" if arguments.sentences else "\n"
                session.write("\n".join(texts) + last, {"line": line.number, "texts": texts})
        session.flush()


def _ends(session: Session, line: Line) -> tuple[list[str], list[str]] | None:
    """Both sentences of a line; None for a line that is left out."""
    from arae.foundation.errors import DataError

    parts = line.text.split("\t")
    if len(parts) != 2:
        raise DataError(f"{line.where}: expected two sentences with a tab between them")
    first, second = (
        session.read(Line(text, line.number, f"{line.where}, sentence {place}"))
        for place, text in enumerate(parts, 1)
    )
    return (first, second) if first and second else None
