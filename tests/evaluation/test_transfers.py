"""Metrics of transfers, against counts by hand."""

from __future__ import annotations

import pytest

from arae.evaluation.transfers import Transfers, measure, source_accuracy


class Marks:
    """A sentence's label is its first word; its content all the others."""

    def predict(self, sentences):
        return [tokens[0] for tokens in sentences]

    def label_of(self, tokens):
        return tokens[0] if tokens and tokens[0] in ("hot", "cold") else None

    def content_kept(self, source, output):
        return len(set(source[1:]) & set(output[1:])) / len(source[1:])

    def is_exact_transfer(self, source, output, target):
        return self.label_of(output) == target and output[1:] == source[1:]


def transfers(*outputs: str) -> Transfers:
    sources = ["hot tea here", "cold milk there", "hot soup now", "cold beer too"]
    return Transfers(
        sources=[line.split() for line in sources],
        labels=["hot", "cold", "hot", "cold"],
        targets=["cold", "hot", "cold", "hot"],
        outputs=[line.split() for line in outputs],
    )


def test_every_metric_of_a_mixed_text() -> None:
    found = transfers("cold tea here", "cold milk there", "", "hot beer maybe")
    sheet, directions = measure(found, {"bag_of_words": Marks()}, Marks())
    assert sheet.metrics == pytest.approx(
        {
            "copied": 0.25,
            "empty": 0.25,
            "transfer": 0.5,
            "exact_label": 0.5,
            "exact_transfer": 0.25,
            "content_kept": (1 + 1 + 0 + 0.5) / 4,
            "bleu": 0.0,
            "transfer:cold → hot": 0.5,
            "transfer:hot → cold": 0.5,
            "bleu:cold → hot": 0.0,
            "bleu:hot → cold": 0.0,
            "exact_transfer:cold → hot": 0.0,
            "exact_transfer:hot → cold": 0.5,
        }
    )
    assert sheet.definitions.keys() == sheet.metrics.keys()
    assert {name for name in sheet.metrics if ":" not in name} == sheet.intervals.keys()
    by_name = {(d["source"], d["target"]): d for d in directions}
    assert by_name["hot", "cold"]["metrics"]["transfer"] == 0.5
    assert by_name["cold", "hot"]["metrics"]["copied"] == 0.5
    assert [d["transfers"] for d in directions] == [2, 2]


def test_copies_keep_all_and_transfer_where_the_classifier_errs() -> None:
    copies = transfers(*(" ".join(tokens) for tokens in transfers("", "", "", "").sources))
    sheet, _ = measure(copies, {"bag_of_words": Marks(), "text_cnn": Marks()}, None)
    assert sheet.metrics["copied"] == 1
    assert sheet.metrics["transfer"] == sheet.metrics["transfer_cnn"] == 0
    assert "exact_transfer" not in sheet.metrics
    assert source_accuracy(copies, {"text_cnn": Marks()}) == {"classifier_accuracy_cnn": 1.0}


def test_bleu_is_100_for_copies_of_long_sentences() -> None:
    line = ["the", "tea", "was", "very", "hot", "today"]
    same = Transfers(sources=[line] * 3, labels=["a"] * 3, targets=["b"] * 3, outputs=[line] * 3)
    assert measure(same, {}, None)[0].metrics["bleu"] == pytest.approx(100.0)


def test_all_outputs_empty() -> None:
    sheet, _ = measure(transfers("", "", "", ""), {"bag_of_words": Marks()}, Marks())
    assert sheet.metrics["empty"] == 1
    assert sheet.metrics["transfer"] == sheet.metrics["bleu"] == 0
