"""Example:

  arae score --model results/models/lm-scenes/seed-1 "a puppy climbs in a valley"

Columns: a quantity in nats, the perplexity that it means per word and sentence end, and the sentence as
read. The first line names the quantity: log p(x) of a language model; log p(x | z(x)) of an autoencoder;
log p(x | E[z | x]) − KL of a VAE. Only the first is a likelihood. The others are no bounds of it: the
study kind `posterior` has the ELBO and a tighter bound.
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
    """Say how likely the model finds sentences."""
    from arae.usage.tasks import score

    session = Session(arguments)
    if not arguments.json:
        session.write(f"{session.model.system.likelihood}\tperplexity\tsentence", {})
    for group in session.asked(arguments.sentences):
        found = score(session.model, [asked.tokens for asked in group], arguments.label)
        for asked, likelihood in zip(group, found, strict=True):
            value, perplexity = likelihood.log_value, likelihood.perplexity
            session.write(
                f"{value:.3f}\t{perplexity:.3f}\t{asked.text}",
                {
                    **asked.as_json(),
                    "quantity": likelihood.quantity,
                    "value": value,
                    "perplexity": perplexity,
                },
            )
        session.flush()
