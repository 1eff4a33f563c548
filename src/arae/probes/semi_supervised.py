"""Accuracy of natural-language inference on test pairs (Table 5; K22), and how far shortcuts go."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from arae.corpora.source import Source
from arae.evaluation.naive_bayes import WordPresence
from arae.foundation.errors import SettingsError
from arae.foundation.settings import bounded
from arae.nn.batch import TextStore
from arae.probes.probe import Findings, Subject
from arae.systems.pair_task import PairTask, labelled_pairs, pair_labels
from arae.systems.system import System
from arae.text.encoded import EncodedText

DEFINITIONS = {
    "accuracy": "share of test pairs whose likeliest label is the right one, in percent",
    "labelled_pairs": "training pairs whose labels were shown",
    "majority": "accuracy of always giving the most frequent label of the test pairs, in percent",
    "hypothesis_only": "accuracy of naive Bayes on the hypothesis's words alone, trained on the "
    "labels of all training pairs, in percent",
    "premise_only": "the same on the premise's words alone, in percent",
}


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How many test pairs to show with their labels."""

    examples: int = bounded(6, low=0)


def require(system: System, source: Source, settings: Settings) -> None:
    """The system must label pairs."""
    if not isinstance(getattr(system, "pairs", None), PairTask):
        raise SettingsError(
            f"system '{system.settings.system}' labels no pairs; give the study "
            "recipes of systems that do (nli_ae, nli_arae)"
        )


def measure(subject: Subject, settings: Settings) -> Findings:
    """Label the test pairs."""
    require(subject.model.system, subject.source, settings)
    task = subject.model.system.pairs
    assert isinstance(task, PairTask)
    store, names = TextStore(subject.test, subject.device), subject.test.label_names
    gold, found = pair_labels(store), task.predict(store)
    counts = confusion(gold, found, len(names))
    recalls = {
        f"recall_{name}": 100 * float(counts[place, place] / counts[place].sum())
        for place, name in enumerate(names)
        if counts[place].any()
    }
    shown = len(labelled_pairs(len(subject.train) // 2, task.settings.fraction))
    return Findings(
        metrics={
            "accuracy": 100 * float((gold == found).mean()),
            **recalls,
            "labelled_pairs": float(shown),
            "majority": 100 * float(counts.sum(axis=1).max() / counts.sum()),
            "hypothesis_only": one_side_only(subject.train, subject.test, 1),
            "premise_only": one_side_only(subject.train, subject.test, 0),
        },
        definitions={
            **DEFINITIONS,
            **{
                f"recall_{name}": f"share of the test pairs labelled {name} that were found, "
                "in percent"
                for name in names
            },
        },
        examples=_examples(subject, gold, found, settings.examples),
        details={"labels": list(names), "confusion": counts.tolist()},
    )


def confusion(gold: np.ndarray, found: np.ndarray, labels: int) -> np.ndarray:
    """How many pairs of each right label (row) were given each label (column) [K, K]."""
    counts = np.zeros((labels, labels), dtype=np.int64)
    np.add.at(counts, (gold, found), 1)
    return counts


def one_side_only(train: EncodedText, test: EncodedText, side: int) -> float:
    """Accuracy in percent of a reader of one sentence of each pair (0: premise, 1: hypothesis)."""
    rows, asked = np.arange(side, len(train), 2), np.arange(side, len(test), 2)
    reader = WordPresence(train, rows, _labels(train)[rows])
    return 100 * float((reader.predict(test, asked) == _labels(test)[asked]).mean())


def _labels(text: EncodedText) -> np.ndarray:
    assert text.labels is not None  # `pair_labels` was asked first
    return np.asarray(text.labels).astype(np.int64)


def _examples(subject: Subject, gold: np.ndarray, found: np.ndarray, count: int) -> list[str]:
    text, names, words = subject.test, subject.test.label_names, subject.model.vocabulary
    lines = []
    for pair in range(min(count, len(gold))):
        premise, hypothesis = (" ".join(words.decode(text[2 * pair + side])) for side in (0, 1))
        verdict = "right" if gold[pair] == found[pair] else f"it is {names[gold[pair]]}"
        lines.append(f"{premise} → {hypothesis}: {names[found[pair]]} ({verdict})")
    return lines
