"""The convolutional classifier of Shen et al. (2017): the second opinion on transfer accuracy."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
import torch.nn.functional as functional
from torch import Tensor, nn

from arae.engine.checkpoint import set_state
from arae.evaluation.labelled import LabelledText
from arae.foundation.console import progress
from arae.foundation.settings import bounded, nested
from arae.nn.initialisation import uniform_
from arae.nn.optimisers import OptimiserSettings, build_optimiser
from arae.nn.randomness import Draws
from arae.nn.text_cnn import TextCNN
from arae.text.vocabulary import PAD, UNK, Vocabulary

PREDICTED_AT_ONCE = 500
INIT_BOUND = 0.1


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Sizes and training; the epoch with the best validation accuracy is kept."""

    kind: Literal["text_cnn"] = "text_cnn"
    dimension: int = bounded(100, low=1)
    widths: tuple[int, ...] = (1, 2, 3, 4, 5)
    filters: int = bounded(128, low=1)
    dropout: float = bounded(0.5, low=0.0, high=0.99)
    epochs: int = bounded(20, low=1)
    batch_size: int = bounded(64, low=1)
    min_count: int = bounded(1, low=1)
    optimiser: OptimiserSettings = nested(OptimiserSettings, kind="adam", lr=0.0005)

    def check(self) -> None:
        """There are widths, each positive."""
        if not self.widths or min(self.widths) < 1:
            raise ValueError("widths: give at least one, each at least 1")


class TextCnnClassifier(nn.Module):
    """Word vectors and a `TextCNN`; words that training never saw are zero vectors."""

    def __init__(self, vocabulary: Vocabulary, classes: Sequence[str], settings: Settings) -> None:
        super().__init__()
        self.vocabulary, self.classes = vocabulary, tuple(classes)
        self.words = nn.Embedding(len(vocabulary), settings.dimension, padding_idx=PAD)
        self.network = TextCNN(
            settings.dimension,
            len(classes),
            widths=settings.widths,
            filters=settings.filters,
            dropout=settings.dropout,
        )
        self._margin = max(settings.widths)

    def forward(self, ids: Tensor, draws: Draws | None = None) -> Tensor:
        """Scores [B, K] of padded sentences [B, T]; with `draws`, dropout is on."""
        scores: Tensor = self.network(self.words(ids), draws)
        return scores

    def predict(self, sentences: Iterable[Sequence[str]]) -> list[str]:
        """The likeliest class of each sentence."""
        return [self.classes[index] for index in self.scores(sentences).argmax(axis=1)]

    @torch.no_grad()
    def scores(self, sentences: Iterable[Sequence[str]]) -> np.ndarray:
        """Unnormalised log-probabilities. [N, K]"""
        encoded = [self.encode(tokens) for tokens in sentences]
        found = [np.zeros((0, len(self.classes)), np.float32)]
        for start in range(0, len(encoded), PREDICTED_AT_ONCE):
            batch = self.pad(encoded[start : start + PREDICTED_AT_ONCE])
            found.append(self(batch).cpu().numpy())
        return np.concatenate(found)

    def encode(self, tokens: Sequence[str]) -> np.ndarray:
        """Ids of a sentence, unknown words as padding. [n]"""
        ids = self.vocabulary.encode(tokens).astype(np.int64)
        ids[ids == UNK] = PAD
        return ids

    def pad(self, encoded: Sequence[np.ndarray]) -> Tensor:
        """Ids [B, T] on the classifier's device.

        Every sentence is followed by at least as many pads as the widest filter reads, so that its
        scores do not depend on its neighbours.
        """
        longest = max(map(len, encoded)) + self._margin
        padded = np.full((len(encoded), longest), PAD, np.int64)
        for row, ids in zip(padded, encoded, strict=True):
            row[: len(ids)] = ids
        return torch.from_numpy(padded).to(self.words.weight.device)

    def arrays(self) -> dict[str, np.ndarray]:
        """What must be saved."""
        return {name: value.detach().cpu().numpy() for name, value in self.state_dict().items()}


def train(
    text: LabelledText,
    valid: LabelledText,
    vocabulary: Vocabulary,
    settings: Settings,
    seed: int,
    device: str = "cpu",
) -> TextCnnClassifier:
    """Learn from `text`, keep the epoch that is best on `valid` (the earliest of equals)."""
    model = TextCnnClassifier(vocabulary, text.classes, settings)
    uniform_([model], INIT_BOUND, Draws(seed, "text_cnn"))
    with torch.no_grad():
        model.words.weight[PAD].zero_()
    model.to(device)
    best, kept = -1.0, model.state_dict()
    with progress("text CNN", settings.epochs * len(text), "sentence") as bar:
        for epoch in _epochs(model, text, settings, seed):
            right = map(str.__eq__, model.predict(valid.tokens), valid.labels)
            accuracy = sum(right) / len(valid)
            if accuracy > best:
                best, kept = accuracy, {k: v.clone() for k, v in model.state_dict().items()}
            bar.advance(len(text), f"epoch {epoch + 1}: {accuracy:.1%}")
    model.load_state_dict(kept)
    return model


def _epochs(
    model: TextCnnClassifier, text: LabelledText, settings: Settings, seed: int
) -> Iterator[int]:
    """Train epoch by epoch; gives the number of each when it is done."""
    encoded = [model.encode(tokens) for tokens in text.tokens]
    labels = torch.tensor([model.classes.index(label) for label in text.labels])
    device = model.words.weight.device
    parameters = list(model.parameters())
    optimiser = build_optimiser([model], settings.optimiser)
    starts = range(0, len(text), settings.batch_size)
    for epoch in range(settings.epochs):
        order = Draws(seed, "order", epoch).permutation(len(text))
        for step, start in enumerate(starts):
            chosen = order[start : start + settings.batch_size]
            draws = Draws(seed, "dropout", epoch, step, device=device)
            scores = model(model.pad([encoded[index] for index in chosen.tolist()]), draws)
            loss = functional.cross_entropy(scores, labels[chosen].to(device))
            share = (epoch + step / len(starts)) / settings.epochs
            optimiser.step(list(torch.autograd.grad(loss, parameters)), share)
        yield epoch


def restore(
    arrays: dict[str, np.ndarray],
    vocabulary: Vocabulary,
    classes: Sequence[str],
    settings: Settings,
) -> TextCnnClassifier:
    """The classifier that `arrays` was taken from."""
    model = TextCnnClassifier(vocabulary, classes, settings)
    set_state(model, {name: torch.from_numpy(value) for name, value in arrays.items()})
    return model
