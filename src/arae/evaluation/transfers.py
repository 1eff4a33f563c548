"""Metrics of transferred sentences (K3, K4a): target label reached, source kept, both known exactly
where the corpus's grammar is known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from arae.evaluation import bleu
from arae.evaluation.scoring import Sheet

Tokens = list[str]

# Kind of classifier: the metrics that it gives, and what it is.
TRANSFER = {
    "bag_of_words": "transfer",
    "fasttext": "transfer_fasttext",
    "text_cnn": "transfer_cnn",
}
ACCURACY = {
    "bag_of_words": "classifier_accuracy",
    "fasttext": "classifier_accuracy_fasttext",
    "text_cnn": "classifier_accuracy_cnn",
}
# The metrics that each direction has a column of its own for: `transfer:hot → cold`.
BY_DIRECTION = ("transfer", "bleu", "exact_transfer")
_NAMES = {
    "bag_of_words": "a bag-of-words classifier (fastText's model and defaults, own code)",
    "fasttext": "the fastText package's classifier (defaults)",
    "text_cnn": "a convolutional classifier (that of Shen et al. 2017)",
}
DEFINITIONS = {
    **{
        metric: f"share of outputs to which {_NAMES[kind]}, trained on real training text, gives "
        "the wanted label; an empty output fails"
        for kind, metric in TRANSFER.items()
    },
    **{
        metric: f"share of the untransferred sources to which {_NAMES[kind]} gives their own label"
        for kind, metric in ACCURACY.items()
    },
    "bleu": bleu.DEFINITION,
    "exact_label": "share of outputs that the corpus's grammar can make, in the wanted label",
    "exact_transfer": "share of outputs that are a correct transfer: a sentence of the wanted label, "
    "by the corpus's grammar, with exactly the source's content words",
    "content_kept": "mean share of the source's content words (those that no label owns) that the "
    "output holds, grammatical or not",
    "copied": "share of outputs that repeat the source word for word",
    "empty": "share of outputs without a word",
    "forward_ppl": "perplexity of the outputs under one LSTM language model trained on all real "
    "training text; <eos> and <unk> scored, empty outputs left out. For real data: of the sources",
    "reverse_ppl": "perplexity of the real validation text, from which nothing was transferred, "
    "under an LSTM language model trained on the outputs (seed by seed); fixed vocabulary. For real "
    "data: trained on the sources",
}


class StyleOracle(Protocol):
    """A grammar that knows labels, content and correct transfers."""

    def label_of(self, tokens: Sequence[str]) -> str | None:
        """The label of a sentence; None for what the grammar never says."""

    def content_kept(self, source: Sequence[str], output: Sequence[str]) -> float:
        """Share of the source's content words that the output holds."""

    def is_exact_transfer(self, source: Sequence[str], output: Sequence[str], target: str) -> bool:
        """Whether the output is a sentence of `target` with exactly the source's content."""


class Classifier(Protocol):
    """Gives sentences labels."""

    def predict(self, sentences: list[Tokens]) -> list[str]:
        """The likeliest label of each sentence."""


@dataclass(frozen=True, kw_only=True)
class Transfers:
    """N outputs with their sources. [N] each"""

    sources: list[Tokens]
    labels: list[str]  # the sources' own
    targets: list[str]
    outputs: list[Tokens]  # may be empty

    def __len__(self) -> int:
        return len(self.sources)

    @property
    def directions(self) -> list[tuple[str, str]]:
        """(label, target) pairs that occur, sorted."""
        return sorted(set(zip(self.labels, self.targets, strict=True)))


def measure(
    transfers: Transfers, classifiers: Mapping[str, Classifier], oracle: StyleOracle | None
) -> tuple[Sheet, list[dict[str, Any]]]:
    """Metrics with intervals over sentences, and the same per direction as plain data.

    `classifiers`: by kind, a key of `TRANSFER`.
    """
    outcomes = {"copied": _array(out == src for src, out in _pairs(transfers))}
    outcomes["empty"] = _array(not output for output in transfers.outputs)
    for kind, classifier in sorted(classifiers.items()):
        outcomes[TRANSFER[kind]] = _reached(transfers, classifier)
    if oracle is not None:
        outcomes |= _exactly(transfers, oracle)
    counts = bleu.bleu_counts(transfers.outputs, transfers.sources)
    sheet = Sheet()
    for name, values in outcomes.items():
        sheet.add({name: float(values.mean())}, DEFINITIONS)
        sheet.interval_of_mean(name, values)
    sheet.add({"bleu": bleu.bleu_of(counts.sum(axis=0)).score}, DEFINITIONS)
    sheet.intervals["bleu"] = bleu.bleu_interval(counts)
    directions = [_direction(transfers, pair, outcomes, counts) for pair in transfers.directions]
    for direction in directions:
        _add_direction(sheet, direction)
    return sheet, directions


def source_accuracy(
    transfers: Transfers, classifiers: Mapping[str, Classifier]
) -> dict[str, float]:
    """How often each classifier is right about the sources: its accuracy on held-out text."""
    return {
        ACCURACY[kind]: float(
            np.mean(
                [
                    found == label
                    for found, label in zip(
                        classifier.predict(transfers.sources), transfers.labels, strict=True
                    )
                ]
            )
        )
        for kind, classifier in sorted(classifiers.items())
    }


def _direction(
    transfers: Transfers,
    pair: tuple[str, str],
    outcomes: Mapping[str, np.ndarray],
    counts: np.ndarray,
) -> dict[str, Any]:
    label, target = pair
    chosen = np.array(
        [
            (label, target) == found
            for found in zip(transfers.labels, transfers.targets, strict=True)
        ]
    )
    means = {name: float(values[chosen].mean()) for name, values in outcomes.items()}
    means["bleu"] = bleu.bleu_of(counts[chosen].sum(axis=0)).score
    return {"source": label, "target": target, "transfers": int(chosen.sum()), "metrics": means}


def _add_direction(sheet: Sheet, direction: Mapping[str, Any]) -> None:
    pair = f"{direction['source']} → {direction['target']}"
    for name in BY_DIRECTION:
        if name in direction["metrics"]:
            metric = f"{name}:{pair}"
            sheet.add(
                {metric: direction["metrics"][name]},
                {metric: f"{DEFINITIONS[name]}; {pair} alone"},
            )


def _reached(transfers: Transfers, classifier: Classifier) -> np.ndarray:
    written = [output for output in transfers.outputs if output]
    found = iter(classifier.predict(written) if written else [])
    return _array(
        bool(output) and next(found) == target
        for output, target in zip(transfers.outputs, transfers.targets, strict=True)
    )


def _exactly(transfers: Transfers, oracle: StyleOracle) -> dict[str, np.ndarray]:
    triples = list(zip(transfers.sources, transfers.outputs, transfers.targets, strict=True))
    return {
        "exact_label": _array(oracle.label_of(out) == target for _, out, target in triples),
        "exact_transfer": _array(oracle.is_exact_transfer(*triple) for triple in triples),
        "content_kept": _array(oracle.content_kept(src, out) for src, out, _ in triples),
    }


def _pairs(transfers: Transfers) -> Any:
    return zip(transfers.sources, transfers.outputs, strict=True)


def _array(values: Any) -> np.ndarray:
    return np.fromiter(values, dtype=np.float64)
