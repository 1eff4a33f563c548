"""The probe `semi_supervised`: accuracy, confusion, shortcuts, against sums done another way."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from arae.corpora.sources import parse_source
from arae.engine.modeldir import LoadedModel
from arae.foundation.errors import SettingsError
from arae.nn.batch import TextStore
from arae.probes import semi_supervised
from arae.probes.probe import Subject, parse_probe
from arae.text.labels import encode_labels
from arae.text.vocabulary import SPECIALS, Vocabulary
from toy import LABELS, toy_system, toy_text


def subject_of(folder: Path, name: str) -> Subject:
    """A toy system and labelled toy text, two lines a pair."""
    labels = {}
    for seed, split in enumerate(("train", "valid", "test")):
        text = toy_text(60, seed=seed)
        text.save(folder, split)
        pairs = [LABELS[place] for place in np.repeat(text.labels[::2], 2)]
        labels[split] = folder / f"{split}.labels.txt"
        labels[split].write_text("".join(f"{label}\n" for label in pairs))
    encode_labels(labels, folder)
    words = [*SPECIALS, *(f"word{place}" for place in range(20))]
    return Subject(
        model=LoadedModel(toy_system(name).eval(), Vocabulary(words), {"labels": list(LABELS)}),
        history=[],
        ids=folder,
        tokens=folder,
        source=parse_source({"kind": "scene_pairs", "pairs": {"train": 1, "valid": 1, "test": 1}}),
        seed=1,
        device=torch.device("cpu"),
    )


def test_accuracy_confusion_and_recalls_agree(tmp_path):
    subject = subject_of(tmp_path, "nli-supervised")
    found = semi_supervised.measure(subject, parse_probe("semi_supervised", {"examples": 4}))
    counts = np.array(found.details["confusion"])
    gold = subject.test.labels[::2]
    with torch.no_grad():
        logits = subject.model.system.pairs.logits(TextStore(subject.test).batch(np.arange(60)))
    guesses = logits.argmax(dim=1).numpy()
    assert found.details["labels"] == sorted(LABELS) and counts.sum() == 30
    assert found.metrics["accuracy"] == pytest.approx(100 * (guesses == gold).mean())
    assert found.metrics["accuracy"] == pytest.approx(100 * np.trace(counts) / 30)
    for place, name in enumerate(LABELS):
        share = (guesses[gold == place] == place).mean()
        assert found.metrics[f"recall_{name}"] == pytest.approx(100 * share)
    assert found.metrics["majority"] == pytest.approx(100 * max(np.bincount(gold)) / 30)
    assert found.metrics["labelled_pairs"] == 15
    assert set(found.metrics) <= set(found.definitions)
    assert len(found.examples) == 4
    right = [line.endswith("(right)") for line in found.examples]
    assert right == list(guesses[:4] == gold[:4])


def test_one_side_readers_see_their_own_side():
    train, test = toy_text(400, seed=1), toy_text(200, seed=2)
    for text in (train, test):  # the first word of a hypothesis is its label
        text.labels = np.repeat(text.labels[::2], 2)
        text.ids = text.ids.copy()
        text.ids[text.ids < 10] = 10
        text.ids[text.offsets[1:-1:2]] = 4 + text.labels[1::2]
    assert semi_supervised.one_side_only(train, test, 1) == 100.0
    assert 30 < semi_supervised.one_side_only(train, test, 0) < 70


def test_a_system_without_pairs_is_refused(tmp_path):
    with pytest.raises(SettingsError, match="system 'ae' labels no pairs"):
        semi_supervised.measure(subject_of(tmp_path, "ae"), parse_probe("semi_supervised", {}))
