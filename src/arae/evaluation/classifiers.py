"""Classifiers that judge style transfer: training, held-out accuracy, saving and loading.

A classifier folder holds model.safetensors, classifier.json (settings, classes, held-out accuracy,
hashes), vocabulary.txt and provenance.json.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from arae.evaluation.labelled import LabelledText
from arae.foundation.errors import DataError, IntegrityError, SettingsError
from arae.foundation.files import atomic_write, read_json, sha256_file, write_json
from arae.foundation.provenance import require_unchanged
from arae.foundation.settings import parse_settings, plain, suggest
from arae.text.vocabulary import SPECIALS, Vocabulary

FILES = ("model.safetensors", "classifier.json", "vocabulary.txt")
FORMAT = 1


class Classifier(Protocol):
    """Tells the class of a sentence; an empty sentence has one too."""

    classes: tuple[str, ...]

    def predict(self, sentences: Iterable[Sequence[str]]) -> list[str]:
        """The likeliest class of each sentence of tokens."""

    def arrays(self) -> dict[str, np.ndarray]:
        """What must be saved."""


def parse_classifier(values: Mapping[str, Any], where: str = "classifier") -> Any:
    """The settings of the kind of classifier that `values["kind"]` names."""
    return parse_settings(_module(values.get("kind"), where).Settings, values, where)


def train_classifier(
    text: LabelledText, valid: LabelledText, settings: Any, seed: int, device: str = "cpu"
) -> tuple[Classifier, Vocabulary]:
    """A classifier of the kind of `settings`, and the vocabulary that it reads with."""
    vocabulary = _vocabulary(text, settings.min_count)
    module = _module(settings.kind)
    return module.train(text, valid, vocabulary, settings, seed, device), vocabulary


def accuracy(classifier: Classifier, text: LabelledText) -> dict[str, Any]:
    """{"accuracy", "sentences", "by_class"}: shares of sentences given their true label."""
    found = classifier.predict(text.tokens)
    right = [label for label, given in zip(text.labels, found, strict=True) if label == given]
    by_class, total = Counter(right), Counter(text.labels)
    return {
        "accuracy": len(right) / len(text),
        "sentences": len(text),
        "by_class": {label: by_class[label] / total[label] for label in sorted(total)},
    }


def save_classifier(
    folder: Path,
    classifier: Classifier,
    vocabulary: Vocabulary,
    settings: Any,
    seed: int,
    held_out: dict[str, Any],
) -> None:
    """Write the files of a classifier folder, each atomically; its sidecar is the stage's."""
    from safetensors.numpy import save

    weights, record, words = (folder / name for name in FILES)
    with atomic_write(weights, "wb") as handle:
        handle.write(save({k: np.ascontiguousarray(v) for k, v in classifier.arrays().items()}))
    vocabulary.save(words)
    write_json(
        record,
        {
            "format": FORMAT,
            "settings": plain(settings),
            "seed": seed,
            "classes": list(classifier.classes),
            "held_out": held_out,
            "vocabulary": {"sha256": vocabulary.sha256},
            "weights": {"sha256": sha256_file(weights)},
        },
    )


def load_classifier(folder: Path) -> Classifier:
    """Load a classifier folder; raises `IntegrityError` naming a file that is not what was saved."""
    from safetensors import SafetensorError
    from safetensors.numpy import load

    weights, record_path, words = (folder / name for name in FILES)
    for path in (weights, record_path, words):
        if not path.is_file():
            raise IntegrityError(f"{path}: missing; a classifier holds {', '.join(FILES)}")
    require_unchanged(folder)
    try:
        record = read_json(record_path)
        for path, name in ((weights, "weights"), (words, "vocabulary")):
            if sha256_file(path) != record[name]["sha256"]:
                raise IntegrityError(f"{path}: its bytes are not those that were saved")
        settings = parse_classifier(record["settings"], str(record_path))
        parts = load(weights.read_bytes()), Vocabulary.load(words), tuple(record["classes"])
    except (KeyError, TypeError, SafetensorError, DataError, SettingsError) as error:
        raise IntegrityError(f"{folder}: not a usable classifier: {error}") from error
    try:
        classifier: Classifier = _module(settings.kind).restore(*parts, settings)
    except (KeyError, ValueError) as error:
        raise IntegrityError(f"{weights}: not what {record_path} tells: {error}") from error
    return classifier


def classifier_settings() -> dict[str, type]:
    """Kind of classifier -> its settings."""
    return {kind: find().Settings for kind, find in KINDS.items()}


def require_classifier(kind: str) -> None:
    """Raise a `SettingsError` if a kind of classifier needs a package that is not installed."""
    getattr(_module(kind), "require", lambda: None)()


def _vocabulary(text: LabelledText, min_count: int) -> Vocabulary:
    counts = Counter(word for tokens in text.tokens for word in tokens)
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    kept = (word for word, count in ranked if count >= min_count and word not in SPECIALS)
    return Vocabulary([*SPECIALS, *kept])


def _module(kind: Any, where: str = "classifier") -> Any:
    if kind not in KINDS:
        raise SettingsError(f"{where}.kind: no classifier {kind!r}{suggest(str(kind), KINDS)}")
    return KINDS[kind]()


def _bag_of_words() -> Any:
    from arae.evaluation import bag_of_words

    return bag_of_words


def _text_cnn() -> Any:
    from arae.evaluation import text_cnn

    return text_cnn


def _fasttext() -> Any:
    from arae.evaluation import fasttext_classifier

    return fasttext_classifier


# Kind of classifier: its module, with `Settings`, `train` and `restore`; imported when used.
KINDS: dict[str, Callable[[], Any]] = {
    "bag_of_words": _bag_of_words,
    "fasttext": _fasttext,
    "text_cnn": _text_cnn,
}
