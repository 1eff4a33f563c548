"""The sensitivity probe on a toy system, against the functions that it stands on."""

from __future__ import annotations

import math

import pytest
import torch

from arae.corpora.tiny import TinySource, tiny_grammar
from arae.engine.modeldir import LoadedModel
from arae.evaluation.ngram import KneserNey
from arae.foundation.errors import SettingsError
from arae.generation.decode import DecodingSettings
from arae.generation.sampling import generate_text
from arae.probes import sensitivity
from arae.probes.probe import Subject
from arae.text.vocabulary import SPECIALS, Vocabulary
from toy import toy_system, toy_text

WORDS = Vocabulary([*SPECIALS, *tiny_grammar().types[:20]])
SETTINGS = sensitivity.Settings(
    samples=300, order=3, factors={"clip": "critic.constraint.bound", "kind": "system"}
)


@pytest.fixture
def subject(tmp_path):
    toy_text(80, seed=1).save(tmp_path, "train")
    toy_text(40, seed=2).save(tmp_path, "valid")
    system = toy_system("arae-paper", init_bound=1.0)
    with torch.no_grad():
        system.decoder.output.weight.mul_(8)
    recipe = {"system": "arae", "critic": {"constraint": {"bound": 0.01}}}
    return Subject(
        model=LoadedModel(system=system, vocabulary=WORDS, recipe={"settings": recipe}),
        history=[],
        ids=tmp_path,
        tokens=tmp_path,
        source=TinySource(sentences={"train": 1, "valid": 1, "test": 1}),
        seed=5,
        device=torch.device("cpu"),
    )


def test_metrics_are_those_of_validation_text(subject):
    found = sensitivity.measure(subject, SETTINGS)
    text = generate_text(subject.model.system, 300, DecodingSettings(), 5)
    lines = [" ".join(WORDS.decode(text[index])) for index in range(len(text))]
    reverse = KneserNey.train(text, 24, 3).perplexity(subject.valid)
    forward = KneserNey.train(subject.train, 24, 3).perplexity(text)
    assert found.metrics["reverse_ppl_ngram"] == pytest.approx(reverse)
    assert found.metrics["forward_ppl_ngram"] == pytest.approx(forward)
    assert found.metrics["distinct"] == (len(set(lines)) + (len(lines) < 300)) / 300
    good = sum(tiny_grammar().log_probability(line.split()) > -math.inf for line in lines)
    assert found.metrics["grammatical"] == good / 300
    assert found.details == {"factors": {"clip": 0.01, "kind": "arae"}}
    assert set(found.definitions) == set(found.metrics)
    assert "3-gram" in found.definitions["reverse_ppl_ngram"]


def test_the_test_split_is_never_opened(subject):
    assert not (subject.ids / "test.npy").exists()
    sensitivity.measure(subject, SETTINGS)


def test_an_unknown_factor_is_named(subject):
    wrong = sensitivity.Settings(samples=10, factors={"steps": "critic.stps"})
    with pytest.raises(SettingsError, match=r"no setting 'critic\.stps'; known: constraint"):
        sensitivity.measure(subject, wrong)
