"""Example:

  arae generate --model results/models/arae-scenes/seed-1 --count 5 --seed 1

A system with codes takes the likeliest words of each drawn code, a language model draws its words;
--temperature T draws them at T. The same options give the same sentences.
"""

from __future__ import annotations

import argparse

from arae.stages.arguments import MOST_SEED, add_number
from arae.verbs.session import Session, add_label_argument, add_model_arguments


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The verb's options."""
    add_model_arguments(parser)
    add_label_argument(parser)
    add_number(parser, "--count", 10, 0, 10**9, "how many sentences")
    add_number(parser, "--seed", 1, 0, MOST_SEED, "random seed")
    add_number(
        parser, "--temperature", None, 1e-3, 1e3, "draw words at this temperature", whole=False
    )
    add_number(parser, "--top-k", 0, 0, 10**9, "… among so many of the likeliest; 0: all")


def run(arguments: argparse.Namespace) -> None:
    """Generate sentences."""
    from arae.foundation.settings import parse_settings
    from arae.generation.decode import DecodingSettings
    from arae.generation.sampling import BATCH
    from arae.usage.tasks import generate, writer_of

    decoding = None
    if arguments.temperature is not None or arguments.top_k:
        temperature = 1.0 if arguments.temperature is None else arguments.temperature
        values = {"decoding": "sample", "temperature": temperature, "top_k": arguments.top_k}
        decoding = parse_settings(DecodingSettings, values, "generate")
    session = Session(arguments)
    if arguments.label is not None:
        writer_of(session.model, arguments.label)
    sentences = generate(session.model, arguments.count, arguments.seed, decoding, arguments.label)
    for number, tokens in enumerate(sentences, 1):
        text = session.text(tokens)
        session.write(text, {"number": number, "text": text})
        if number % BATCH == 0:
            session.flush()
    session.flush()
