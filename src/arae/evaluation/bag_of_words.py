"""The classifier of fastText (Joulin et al. 2017) with its defaults, in our own code.

A sentence is the mean of the vectors of its words and of its end; a linear layer without bias and a
softmax follow. One sentence at a time, plain SGD, learning rate falling linearly to zero.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from arae.evaluation.labelled import LabelledText
from arae.foundation.console import progress
from arae.foundation.settings import bounded
from arae.text.vocabulary import EOS, UNK, Vocabulary


@dataclass(frozen=True, kw_only=True)
class Settings:
    """fastText's options lr, dim, epoch and minCount, with their defaults."""

    kind: Literal["bag_of_words"] = "bag_of_words"
    lr: float = bounded(0.1, low=0.0)
    dimension: int = bounded(100, low=1)
    epochs: int = bounded(5, low=1)
    min_count: int = bounded(1, low=1)


class BagOfWords:
    """`words` [V, D] and `outputs` [K, D] over a vocabulary and sorted classes."""

    def __init__(
        self,
        vocabulary: Vocabulary,
        classes: Sequence[str],
        words: np.ndarray,
        outputs: np.ndarray,
    ) -> None:
        self.vocabulary, self.classes = vocabulary, tuple(classes)
        self.words, self.outputs = words, outputs

    def predict(self, sentences: Iterable[Sequence[str]]) -> list[str]:
        """The likeliest class of each sentence; words that training never saw do not count."""
        scores = self.scores(sentences)
        return [self.classes[index] for index in scores.argmax(axis=1)]

    def scores(self, sentences: Iterable[Sequence[str]]) -> np.ndarray:
        """Unnormalised log-probabilities. [N, K]"""
        rows = [self.words[self.ids(tokens)].mean(axis=0) for tokens in sentences]
        return np.array(rows).reshape(-1, self.words.shape[1]) @ self.outputs.T

    def ids(self, tokens: Sequence[str]) -> np.ndarray:
        """Ids of the known words and of the sentence's end."""
        found = self.vocabulary.encode(tokens)
        return np.append(found[found != UNK], EOS).astype(np.int64)

    def arrays(self) -> dict[str, np.ndarray]:
        """What must be saved."""
        return {"words": self.words, "outputs": self.outputs}


def train(
    text: LabelledText,
    valid: LabelledText,
    vocabulary: Vocabulary,
    settings: Settings,
    seed: int,
    device: str = "cpu",
) -> BagOfWords:
    """Learn from `text`; `valid` is not used: fastText selects nothing.

    Sentences come in a new random order every epoch (fastText reads its file in order).
    """
    generator = np.random.default_rng([seed, 0])
    bound = 1 / settings.dimension
    shape = (len(vocabulary), settings.dimension)
    words = generator.uniform(-bound, bound, shape).astype(np.float32)
    outputs = np.zeros((len(text.classes), settings.dimension), np.float32)
    model = BagOfWords(vocabulary, text.classes, words, outputs)
    sentences = [model.ids(tokens) for tokens in text.tokens]
    number = {name: index for index, name in enumerate(model.classes)}
    labels = [number[label] for label in text.labels]
    total = settings.epochs * sum(map(len, sentences))
    done = 0
    with progress("bag of words", settings.epochs * len(text), "sentence") as bar:
        for epoch in range(settings.epochs):
            order = np.random.default_rng([seed, 1, epoch]).permutation(len(text))
            for index in order.tolist():
                lr = settings.lr * (1 - done / total)
                _step(words, outputs, sentences[index], labels[index], lr)
                done += len(sentences[index])
            bar.advance(len(text))
    return model


def _step(words: np.ndarray, outputs: np.ndarray, ids: np.ndarray, label: int, lr: float) -> None:
    """One step of gradient descent on −log p(label), in place."""
    mean = words[ids].sum(axis=0) / np.float32(len(ids))
    scores = outputs @ mean
    amount = np.exp(scores - scores.max())
    amount *= np.float32(-lr) / amount.sum()
    amount[label] += lr  # lr · (1[label] − p)
    change = (amount @ outputs) / np.float32(len(ids))
    outputs += np.outer(amount, mean)
    np.add.at(words, ids, change)


def restore(
    arrays: dict[str, np.ndarray],
    vocabulary: Vocabulary,
    classes: Sequence[str],
    settings: Settings,
) -> BagOfWords:
    """The classifier that `arrays` was taken from."""
    expected = (len(vocabulary), settings.dimension), (len(classes), settings.dimension)
    if (arrays["words"].shape, arrays["outputs"].shape) != expected:
        raise ValueError("the arrays do not have the shapes of these settings")
    return BagOfWords(vocabulary, classes, arrays["words"], arrays["outputs"])
