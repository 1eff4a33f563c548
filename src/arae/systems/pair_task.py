"""Learning the labels of sentence pairs with an autoencoder's encoder (Table 5; M27).

(c)  L_pairs(φ, c) = mean −log p_c(label | enc_φ(premise), enc_φ(hypothesis))   [encoder, classifier]

Sentence 2i of the text is a premise, 2i + 1 its hypothesis, both with the pair's label. Only a
fraction of the pairs shows its label; the text of all of them serves the autoencoder.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as functional
from torch import Tensor, nn

from arae.foundation.errors import DataError
from arae.foundation.settings import bounded, nested
from arae.nn.batch import Batch, TextStore
from arae.nn.optimisers import Grouped, OptimiserSettings, build_optimiser
from arae.nn.pair_classifier import PairClassifier
from arae.nn.randomness import Draws
from arae.systems.autoencoder import Autoencoder
from arae.systems.system import Loss, Moment, Phase

EVALUATION_PAIRS = 256


@dataclass(frozen=True, kw_only=True)
class PairSettings:
    """`fraction` of the training pairs has labels; the phases of the autoencoder come before or beside.

    `pretrain_epochs`: epochs of the autoencoder's phases alone, before any label is seen (Dai & Le
    2015). `joint`: whether those phases go on beside the labelled one. Neither (0 and false): a
    supervised classifier.
    """

    fraction: float = bounded(1.0, low=0.0, high=1.0)
    pretrain_epochs: int = bounded(0, low=0)
    joint: bool = False
    hidden: tuple[int, ...] = (300, 300)
    dropout: float = bounded(0.2, low=0.0, high=0.99)
    classifier: OptimiserSettings = nested(OptimiserSettings, kind="adam", lr=1e-3)
    encoder: OptimiserSettings = nested(OptimiserSettings, kind="adam", lr=1e-4)

    def check(self) -> None:
        """Some pair must have a label."""
        if self.fraction == 0:
            raise ValueError("fraction: must be above 0")


class PairTask(nn.Module):
    """The classifier of an autoencoder's codes, its phase and its accuracy."""

    def __init__(self, model: Autoencoder, settings: PairSettings, labels: int, seed: int) -> None:
        super().__init__()
        self.settings = settings
        self._encode = model.encode
        self.classifier = PairClassifier(
            model.settings.latent,
            settings.hidden,
            labels,
            settings.dropout,
            Draws(seed, "init", "pairs"),
        )
        optimiser = Grouped(
            [
                build_optimiser([model.encoder], settings.encoder),
                build_optimiser([self.classifier], settings.classifier),
            ]
        )
        self._classify = Phase(
            "pairs",
            (model.encoder, self.classifier),
            self._loss,
            optimiser,
            stream="random",
            choose=self._choose,
        )

    def phases(self, epoch: int, own: Callable[[int], Sequence[Phase]]) -> list[Phase]:
        """The phases of an epoch (0-based); `own` gives the autoencoder's."""
        pretraining = epoch < self.settings.pretrain_epochs
        unlabelled = own(epoch) if pretraining or self.settings.joint else []
        return [*unlabelled] if pretraining else [*unlabelled, self._classify]

    def logits(self, batch: Batch, draws: Draws | None = None) -> Tensor:
        """Logits [B/2, K] of a batch of whole pairs, in the order in which they were requested."""
        codes = batch.restore(self._encode(batch))
        logits: Tensor = self.classifier(codes[0::2], codes[1::2], draws)
        return logits

    @torch.no_grad()
    def predict(self, store: TextStore) -> np.ndarray:
        """The likeliest label of every pair of a text [N/2], in evaluation mode."""
        pairs = np.arange(len(store)).reshape(-1, 2)
        parts = np.array_split(pairs, max(1, len(pairs) // EVALUATION_PAIRS))
        chosen = [self.logits(store.batch(part.ravel())).argmax(dim=1) for part in parts]
        predicted: np.ndarray = torch.cat(chosen).cpu().numpy()
        return predicted

    def accuracy(self, store: TextStore) -> float:
        """Share of pairs with the right label, in evaluation mode."""
        return float(np.mean(self.predict(store) == pair_labels(store)))

    def _choose(self, store: TextStore, draws: Draws, size: int) -> np.ndarray:
        labelled = labelled_pairs(len(store) // 2, self.settings.fraction)
        drawn = labelled[draws.integers(len(labelled), max(1, size // 2)).numpy()]
        return np.stack([2 * drawn, 2 * drawn + 1], axis=1).ravel()

    def _loss(self, batch: Batch, moment: Moment) -> Loss:
        assert batch.labels is not None
        labels = batch.restore(batch.labels)[0::2]
        logits = self.logits(batch, moment.draws)
        loss = functional.cross_entropy(logits, labels)
        accuracy = (logits.argmax(dim=1) == labels).float().mean()
        return loss, {"pair_loss": loss, "pair_accuracy": accuracy}


@functools.lru_cache(maxsize=4)
def labelled_pairs(pairs: int, fraction: float) -> np.ndarray:
    """Which of a text's pairs have labels: the first ones of an order that depends on their number alone.

    So subsets are nested, and the same for every system and seed.
    """
    order = Draws(0, "labelled pairs").permutation(pairs).numpy()
    return order[: max(1, round(fraction * pairs))]


def pair_labels(store: TextStore) -> np.ndarray:
    """The label of every pair of a text [N/2]."""
    if store.labels is None:
        raise DataError("the text has no labels; give the corpus a source that has them")
    return np.asarray(store.labels)[0::2]


def require_labelled_epoch(epochs: int, settings: PairSettings) -> None:
    """`ValueError` unless some epoch is left for labels."""
    if settings.pretrain_epochs >= epochs:
        raise ValueError(
            f"pairs.pretrain_epochs: {settings.pretrain_epochs} of {epochs} epochs leave none for "
            "labels"
        )
