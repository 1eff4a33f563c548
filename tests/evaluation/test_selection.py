"""Which epoch is kept: each way of judging gives a score of which less is better."""

from __future__ import annotations

import pytest

from arae.evaluation.selection import Validation
from arae.foundation.errors import SettingsError
from arae.generation.decode import DecodingSettings
from toy import toy_store, toy_system, toy_text


def judged(name: str, **selection: object) -> dict[str, float]:
    validate = Validation(toy_store(), toy_text(40, seed=3), DecodingSettings(), seed=1)
    return validate(toy_system(name, selection=selection).train())


def test_accuracy_is_that_of_the_validation_pairs_and_more_is_better():
    system = toy_system("nli-ae", selection={"by": "accuracy"}).train()
    valid = toy_text(40, seed=3)
    metrics = Validation(toy_store(), valid, DecodingSettings(), seed=1)(system)
    assert metrics["valid_accuracy"] == system.eval().pairs.accuracy(toy_store(40, seed=3))
    assert metrics == {
        "valid_accuracy": metrics["valid_accuracy"],
        "score": -metrics["valid_accuracy"],
    }


def test_every_way_gives_a_score():
    loss = judged("ae", by="valid_loss")
    assert loss == {"valid_loss": loss["valid_loss"], "score": loss["valid_loss"]}
    reverse = judged("ae", by="reverse_ngram", samples=50)
    assert reverse["score"] == reverse["valid_reverse_ppl_ngram"]
    assert reverse["valid_loss"] == loss["valid_loss"]


def test_accuracy_of_a_system_that_classifies_nothing_names_the_key():
    with pytest.raises(SettingsError, match=r"selection\.by: 'ae' classifies nothing"):
        judged("ae", by="accuracy")
