"""Corollary 1 on random models of a very small language, against brute force over all sentences."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch

from arae.corpora.grammar import Grammar
from arae.corpora.notation import parse_rules
from arae.corpora.sources import parse_source
from arae.corpora.support import support
from arae.engine.modeldir import LoadedModel
from arae.foundation.errors import SettingsError
from arae.nn.batch import TextStore
from arae.probes import bound
from arae.probes.probe import Subject
from arae.systems.registry import build_system, parse_recipe
from arae.text.encoded import EncodedText
from arae.text.vocabulary import BOS, EOS, SPECIALS, UNK, Vocabulary

LONGEST = 3
VOCABULARY = Vocabulary([*SPECIALS, "a", "b", "c"])
SPACE = [
    sentence
    for length in range(LONGEST + 1)
    for sentence in itertools.product((UNK, 4, 5, 6), repeat=length)
]


@dataclass(frozen=True, kw_only=True)
class SmallSource:
    """Ten sentences over three words."""

    def language(self) -> dict[str, float]:
        rules = parse_rules("sentence\n    2  word word\n    1  word\n    1  word word last", {})
        words = {"word": {"a": 0.7, "b": 0.3}, "last": {"c": 1.0}}
        return support(Grammar(rules, words, max_length=LONGEST))


def subject_of(system: str, seed: int, spread: float) -> Subject:
    sizes = {"encoder": {"embedding": 4, "hidden": 5}, "decoder": {"embedding": 4, "hidden": 6}}
    recipe = {"system": system, **sizes, "latent": 5, "max_length": LONGEST, "init_bound": spread}
    if system == "arae":
        recipe |= {"generator": {"noise": 3, "hidden": [6, 6], "batch_norm": "none"}}
        recipe |= {"adversarial_std": 1.0}
    built = build_system(parse_recipe(recipe), len(VOCABULARY), seed).eval()
    return Subject(
        model=LoadedModel(system=built, vocabulary=VOCABULARY, recipe={"settings": recipe}),
        history=[],
        ids=Path("nowhere"),
        tokens=Path("nowhere"),
        source=SmallSource(),
        seed=seed,
        device=torch.device("cpu"),
    )


def probabilities(system, code) -> np.ndarray:
    """p(x | z) of every sentence of SPACE by teacher forcing, the empty one by its first step."""
    ids = np.concatenate([np.array(sentence, dtype=np.int32) for sentence in SPACE[1:]])
    offsets = np.cumsum([0, *(len(sentence) for sentence in SPACE[1:])]).astype(np.int64)
    batch = TextStore(EncodedText(ids, offsets)).batch(np.arange(len(SPACE) - 1))
    with torch.no_grad():
        nll = system.decoder.nll(batch, code.expand(len(SPACE) - 1, -1))
        whole = batch.restore(batch.sum_per_row(nll))
        logits, _ = system.decoder.advance(torch.tensor([BOS]), system.decoder.begin(code[None], 1))
    first = -logits.log_softmax(dim=1)[0, EOS]
    return np.exp(-np.array([first.item(), *whole.tolist()]))


SETTINGS = bound.Settings(codes=12, samples=200, noise=(0.0, 0.3), draws=2)
FEW = [(system, seed, spread) for system in ("ae", "arae") for seed, spread in ((1, 0.4), (2, 3.0))]


@pytest.mark.parametrize(("system", "seed", "spread"), FEW)
def test_both_sides_equal_brute_force(system, seed, spread):
    subject = subject_of(system, seed, spread)
    metrics = bound.measure(subject, SETTINGS).metrics
    truth = subject.source.language()
    model, limit, wrong = dict.fromkeys(SPACE, 0.0), 0.0, 0.0
    for line, chance in truth.items():
        sentence = tuple(int(word) for word in VOCABULARY.encode(line.split()))
        store = TextStore(EncodedText(np.array(sentence), np.array([0, len(sentence)])))
        with torch.no_grad():
            code = subject.model.system.encode(store.batch(np.array([0])))[0]
        table = probabilities(subject.model.system, code)
        best = SPACE[int(table.argmax())]
        model[best] += chance
        wrong += chance * (best != sentence)
        limit -= chance * np.log2(table[SPACE.index(sentence)]) * 2
    true = {
        tuple(int(word) for word in VOCABULARY.encode(line.split())): chance
        for line, chance in truth.items()
    }
    difference = sum(abs(model[x] - true.get(x, 0.0)) for x in SPACE)
    assert metrics["unproven"] == 0
    assert metrics["difference"] == pytest.approx(difference, abs=1e-9)
    assert metrics["twice_wrong"] == pytest.approx(2 * wrong, abs=1e-9)
    assert metrics["bound"] == pytest.approx(limit, rel=1e-5)


@pytest.mark.parametrize("spread", [0.1, 1.0, 4.0, 10.0])
@pytest.mark.parametrize("system", ["ae", "arae"])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_inequalities_hold_on_random_models(system, seed, spread):
    found = bound.measure(subject_of(system, seed, spread), SETTINGS)
    metrics = found.metrics
    assert metrics["difference"] <= metrics["twice_wrong"] + 1e-12
    assert metrics["margin"] >= -1e-9 and metrics["prior_margin"] >= -1e-9
    assert 0 <= metrics["prior_gap"] < 0.5
    for level in found.details["noise"]:
        assert level["difference"] <= level["twice_wrong"] + 1e-12 <= level["bound"] + 1e-9
    assert set(found.definitions) == set(metrics)


def test_measuring_changes_nothing_and_repeats():
    subject = subject_of("arae", 3, 2.0)
    system = subject.model.system.train()
    before = {name: tensor.clone() for name, tensor in system.state_dict().items()}
    first, second = bound.measure(subject, SETTINGS), bound.measure(subject, SETTINGS)
    assert first == second and system.training
    assert all(torch.equal(before[name], tensor) for name, tensor in system.state_dict().items())


def test_a_corpus_without_grammar_and_a_model_without_code_are_refused(tmp_path):
    subject = subject_of("ae", 1, 1.0)
    files = {split: str(tmp_path / f"{split}.txt") for split in ("train", "valid", "test")}
    real = parse_source({"kind": "files", "files": files})
    with pytest.raises(SettingsError, match="can all be listed"):
        bound.measure(Subject(**{**vars(subject), "source": real}), SETTINGS)
    speaker = build_system(parse_recipe({"system": "lm"}), len(VOCABULARY), 1)
    model = LoadedModel(system=speaker, vocabulary=VOCABULARY, recipe={})
    with pytest.raises(SettingsError, match="needs a system with an encoder"):
        bound.measure(Subject(**{**vars(subject), "model": model}), SETTINGS)
