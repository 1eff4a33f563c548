"""Model selection during training, on validation text only (K2)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch

from arae.evaluation.ngram import KneserNey
from arae.evaluation.posterior import posterior_metrics
from arae.generation.decode import DecodingSettings
from arae.generation.sampling import evaluating, generate_text
from arae.nn.batch import TextStore
from arae.systems.system import System
from arae.text.encoded import EncodedText

LOSS_BATCH = 256


class Validation:
    """Judges a system at an epoch's end by what its selection settings ask for.

    `score` is what selection minimises.
    """

    def __init__(
        self, train: TextStore, valid: EncodedText, decoding: DecodingSettings, seed: int
    ) -> None:
        self._train, self._valid = train, valid
        self._store = TextStore(valid, train.device)
        self._decoding, self._seed = decoding, seed

    def __call__(self, system: System) -> dict[str, float]:
        """What the system's `selection.by` looks at, the "score" made of it, and what is asked beside."""
        selection = system.settings.selection
        found: dict[str, float] = {}
        for name in dict.fromkeys((*selection.beside, *system.judged_beside)):
            found |= JUDGES[name](self, system)
        return found | JUDGES[selection.by](self, system)

    def loss(self, system: System) -> dict[str, float]:
        """{"valid_loss" in nats per token, "score"}."""
        loss = held_out_loss(system, self._store)
        return {"valid_loss": loss, "score": loss}

    def reverse_ngram(self, system: System) -> dict[str, float]:
        """{"valid_loss", "valid_reverse_ppl_ngram", "valid_distinct", "score"}."""
        selection = system.settings.selection
        loss = held_out_loss(system, self._store)
        with evaluating(system):
            system.fit_prior(self._train)
        text = generate_text(system, selection.samples, self._decoding, self._seed)
        if len(text) == 0:
            return {"valid_loss": loss, "score": float("inf")}
        size = system.decoder.output.out_features
        reverse = KneserNey.train(text, size, selection.order).perplexity(self._valid)
        distinct = len({text[i].tobytes() for i in range(len(text))}) / selection.samples
        return {
            "valid_loss": loss,
            "valid_reverse_ppl_ngram": reverse,
            "valid_distinct": distinct,
            "score": reverse,
        }

    def accuracy(self, system: System) -> dict[str, float]:
        """{"valid_accuracy", …, "score"}: the system's own metrics of held-out text."""
        with evaluating(system), torch.no_grad():
            metrics = system.validation_metrics(self._store)
        found = {f"valid_{name}": value for name, value in metrics.items()}
        return {**found, "score": -metrics["accuracy"]}

    def posterior(self, system: System) -> dict[str, float]:
        """{"valid_kl", "valid_information", "valid_active"}; no score."""
        with evaluating(system):
            return posterior_metrics(system, self._store, self._seed)


JUDGES: dict[str, Callable[[Validation, System], dict[str, float]]] = {
    "valid_loss": Validation.loss,
    "reverse_ngram": Validation.reverse_ngram,
    "accuracy": Validation.accuracy,
    "posterior": Validation.posterior,
}


def held_out_loss(system: System, store: TextStore) -> float:
    """The system's deterministic loss on a text, nats per token."""
    with evaluating(system), torch.no_grad():
        total = 0.0
        for rows in np.array_split(np.arange(len(store)), max(1, len(store) // LOSS_BATCH)):
            total += system.loss_per_sentence(store.batch(rows)).double().sum().item()
    return total / store.tokens
