"""The package fastText itself (not among the project's requirements), with its defaults."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from arae.evaluation.labelled import LabelledText
from arae.foundation.errors import SettingsError
from arae.foundation.settings import bounded
from arae.text.vocabulary import Vocabulary

LABEL = "__label__"


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Options of `fasttext supervised`; one thread, since several make it irreproducible."""

    kind: Literal["fasttext"] = "fasttext"
    lr: float = bounded(0.1, low=0.0)
    dimension: int = bounded(100, low=1)
    epochs: int = bounded(5, low=1)
    min_count: int = bounded(1, low=1)


class FastText:
    """A fastText model; saved as the bytes of its own file format."""

    def __init__(self, model: Any, classes: Sequence[str]) -> None:
        self.classes = tuple(classes)
        self._model = model

    def predict(self, sentences: Iterable[Sequence[str]]) -> list[str]:
        """The likeliest class of each sentence; of an empty one, the first class."""
        # All at once: given a single text the package builds an array in a way that NumPy 2 refuses.
        found, _ = self._model.predict([" ".join(tokens) for tokens in sentences])
        return [labels[0].removeprefix(LABEL) if labels else self.classes[0] for labels in found]

    def arrays(self) -> dict[str, np.ndarray]:
        """What must be saved."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "model.bin")
            self._model.save_model(str(path))
            return {"model": np.frombuffer(path.read_bytes(), np.uint8)}


def train(
    text: LabelledText,
    valid: LabelledText,
    vocabulary: Vocabulary,
    settings: Settings,
    seed: int,
    device: str = "cpu",
) -> FastText:
    """Learn from `text` in a random order; fastText keeps a vocabulary of its own."""
    fasttext = require()
    order = np.random.default_rng([seed, 0]).permutation(len(text))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "train.txt")
        with path.open("w", encoding="utf-8", newline="\n") as handle:
            for index in order.tolist():
                words = " ".join(text.tokens[index])
                handle.write(f"{LABEL}{text.labels[index]} {words}\n")
        model = fasttext.train_supervised(
            str(path),
            lr=settings.lr,
            dim=settings.dimension,
            epoch=settings.epochs,
            minCount=settings.min_count,
            thread=1,
            seed=seed,
            verbose=0,
        )
    return FastText(model, text.classes)


def restore(
    arrays: dict[str, np.ndarray],
    vocabulary: Vocabulary,
    classes: Sequence[str],
    settings: Settings,
) -> FastText:
    """The classifier that `arrays` was taken from."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "model.bin")
        path.write_bytes(arrays["model"].tobytes())
        return FastText(require().load_model(str(path)), classes)


def require() -> Any:
    """The package; a `SettingsError` if it is not installed."""
    try:
        import fasttext
    except ImportError as error:
        raise SettingsError(
            "classifier.kind: 'fasttext' needs the package fasttext: pip install "
            "fasttext-wheel==0.9.2 (or fasttext, where there is a C++ compiler), or choose bag_of_words, the same model in our own code"
        ) from error
    return fasttext
