"""ARAE for unaligned transfer: codes without the attribute, one decoder per attribute (Zhao et al.
2018, Algorithm 2; M4).

Adds to the losses of `arae` an attribute classifier p_u(y | z), K ≥ 2 attributes; decoder y
reconstructs the sentences of attribute y. Each loss is minimised by the parts in brackets only:

(1)  L_rec(φ, ψ)  = mean −log p_ψ(x | z + η, y)                        [encoder, decoders]
(2b) L_cls(u)     = −mean log p_u(y | z)                               [classifier]
(3b) L_anti(φ)    = −λ(2) · mean log p_u(y' | z), y' ≠ y               [encoder]
(2), (3) of `arae`, with λ(1)                                          [critic, encoder, generator]

For two attributes y' = 1 − y; for more, y' is uniform over the others. Transfer decodes z = enc(x)
with the decoder of the wanted attribute. With λ(1) = 0 no prior is learned, and with λ(2) = 0 no
classifier: with both 0 this is the paper's AE.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch.nn.functional as functional
from torch import Tensor, nn

from arae.foundation.settings import bounded, nested
from arae.nn.batch import Batch
from arae.nn.initialisation import normal_
from arae.nn.mlp import Normalised, mlp
from arae.nn.optimisers import OptimiserSettings, build_optimiser
from arae.nn.parts import labels_of
from arae.nn.randomness import Draws
from arae.systems import arae
from arae.systems.autoencoder import TextSettings
from arae.systems.system import Loss, Moment, Phase


@dataclass(frozen=True, kw_only=True)
class ClassifierSettings:
    """p_u: code → attribute, and the encoder's step against it with λ(2) = `weight`.

    `target`: what (3b) wants the classifier to say. `other`: another attribute (the paper);
    `uniform`: every attribute alike.
    """

    hidden: tuple[int, ...] = (128, 128)
    batch_norm: Normalised = "after_first"
    optimiser: OptimiserSettings = nested(OptimiserSettings, kind="adam", lr=1e-4, beta1=0.5)
    steps: int = bounded(1, low=1)
    weight: float = bounded(1.0, low=0.0)
    target: Literal["other", "uniform"] = "other"
    encoder_optimiser: OptimiserSettings = nested(OptimiserSettings, lr=1.0, clip_norm=1.0)


@dataclass(frozen=True, kw_only=True)
class Settings(TextSettings, arae.Settings):
    """λ(1) is `encoder_gradient.weight`, λ(2) `classifier.weight`."""

    system: str = "arae_transfer"
    classifier: ClassifierSettings = nested(ClassifierSettings)


class TransferARAE(arae.AdversariallyRegularized):
    """ARAE with an attribute classifier on its codes and one decoder per attribute."""

    settings: Settings

    def __init__(self, settings: Settings, vocabulary_size: int, seed: int, labels: int) -> None:
        super().__init__(settings, vocabulary_size, seed, labels)
        classifier = settings.classifier
        self.classifier = mlp(
            [settings.latent, *classifier.hidden, labels],
            nn.ReLU,
            normalised=classifier.batch_norm,
        )
        normal_([self.classifier], settings.adversarial_std, Draws(seed, "init", "classifier"))
        self._confuse = self._build_confusion()

    def phases(self, epoch: int) -> Sequence[Phase]:
        """(1), (2b), (3b), then the rounds of (2) and (3); what has weight 0 is left out."""
        reconstruct, *rounds = super().phases(epoch)
        settings = self.settings
        return [
            reconstruct,
            *(self._confuse if settings.classifier.weight else ()),
            *(rounds if settings.encoder_gradient.weight else ()),
        ]

    def _build_confusion(self) -> tuple[Phase, ...]:
        settings = self.settings.classifier
        classify = Phase(
            "classifier",
            (self.classifier,),
            self._loss_2b,
            build_optimiser([self.classifier], settings.optimiser),
            stream="random",
        )
        confuse = Phase(
            "anti_classifier",
            (self.encoder,),
            self._loss_3b_transfer,
            build_optimiser([self.encoder], settings.encoder_optimiser),
            stream="random",
        )
        return (*[classify] * settings.steps, confuse)

    def _loss_2b(self, batch: Batch, moment: Moment) -> Loss:
        labels = labels_of(batch)
        logits = self.classifier(self._codes(batch))
        loss = functional.cross_entropy(logits, labels)
        accuracy = (logits.argmax(dim=1) == labels).float().mean()
        return loss, {"classifier": loss, "classifier_accuracy": accuracy}

    def _loss_3b_transfer(self, batch: Batch, moment: Moment) -> Loss:
        chances = self.classifier(self.encode(batch)).log_softmax(dim=1)
        if self.settings.classifier.target == "uniform":
            loss = -chances.mean()
        else:
            wanted = other_labels(labels_of(batch), self.labels, moment.draws)
            loss = functional.nll_loss(chances, wanted)
        return self.settings.classifier.weight * loss, {"anti_classifier": loss}


def other_labels(labels: Tensor, count: int, draws: Draws) -> Tensor:
    """For each label [B] another one of 0 … count−1, uniform over the count−1 others."""
    return (labels + 1 + draws.integers(count - 1, len(labels))) % count


def build(settings: Settings, vocabulary_size: int, seed: int, labels: int) -> TransferARAE:
    """A new transfer model for a corpus with `labels` attributes."""
    return TransferARAE(settings, vocabulary_size, seed, labels)
