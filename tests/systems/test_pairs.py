"""Labelled pairs beside an autoencoder: subsets, order of sentences, phases, learning (M27)."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as functional

from arae.corpora.scene_pairs import LABELS, draw_pairs
from arae.engine.phases import run_phase
from arae.foundation.errors import DataError, SettingsError
from arae.nn.batch import TextStore
from arae.nn.pair_classifier import PairClassifier
from arae.nn.randomness import Draws
from arae.systems.pair_task import labelled_pairs, pair_labels
from arae.systems.registry import build_system, parse_recipe
from arae.systems.system import Moment, System, distinct_phases
from arae.text.encoded import EncodedText
from toy import RECIPES, toy_store, toy_system


def test_labelled_subsets_are_nested_and_of_the_asked_size():
    tiny, small, whole = (set(labelled_pairs(1000, share)) for share in (0.0525, 0.108, 1.0))
    assert (len(tiny), len(small), len(whole)) == (52, 108, 1000)
    assert tiny < small < whole == set(range(1000))
    assert len(labelled_pairs(1000, 1e-6)) == 1
    assert list(labelled_pairs(1000, 0.1)) != list(range(100))


def test_the_labelled_phase_sees_whole_labelled_pairs_only():
    system, store = toy_system("nli-supervised"), toy_store(64)
    phase = distinct_phases(system)["pairs"]
    allowed = set(labelled_pairs(32, 0.5))
    for place in range(20):
        chosen = phase.choose(store, Draws(1, place), 9)
        assert len(chosen) == 8
        assert (chosen[1::2] == chosen[0::2] + 1).all() and (chosen[0::2] % 2 == 0).all()
        assert set(chosen[0::2] // 2) <= allowed


def test_logits_follow_the_order_of_pairs_whatever_their_lengths():
    system, store = toy_system("nli-ae").eval(), toy_store(40)
    pairs = np.arange(40).reshape(-1, 2)
    with torch.no_grad():
        together = system.pairs.logits(store.batch(pairs.ravel()))
        alone = torch.cat([system.pairs.logits(store.batch(pair)) for pair in pairs])
        turned = system.pairs.logits(store.batch(pairs[::-1].ravel()))
        codes = torch.cat([system.encode(store.batch([row])) for row in range(40)])
        by_hand = system.pairs.classifier(codes[0::2], codes[1::2])
    torch.testing.assert_close(together, alone)
    torch.testing.assert_close(together, turned.flip(0))
    torch.testing.assert_close(together, by_hand)
    labels = pair_labels(store)
    assert (
        labels.shape == (20,) and (system.pairs.predict(store) == together.argmax(1).numpy()).all()
    )
    assert system.pairs.accuracy(store) == pytest.approx(
        (together.argmax(dim=1).numpy() == labels).mean()
    )


def test_the_loss_is_the_cross_entropy_of_the_premise_lines_labels():
    system, store = (
        toy_system("nli-ae", pairs={**RECIPES["nli-ae"]["pairs"], "dropout": 0.0}),
        toy_store(),
    )
    phase = distinct_phases(system)["pairs"]
    batch = store.batch(np.arange(16))
    loss, metrics = phase.loss(batch, Moment(0, 0.0, 0.0, Draws(1)))
    labels = torch.from_numpy(store.labels[np.arange(0, 16, 2)])
    torch.testing.assert_close(loss, functional.cross_entropy(system.pairs.logits(batch), labels))
    assert 0 <= metrics["pair_accuracy"].item() <= 1


def test_phases_come_before_or_beside_the_labelled_one():
    def names(system: System) -> list[list[str]]:
        return [[phase.name for phase in system.phases(epoch)] for epoch in range(2)]

    shared = RECIPES["nli-ae"]["pairs"]
    assert names(toy_system("nli-supervised")) == [["pairs"], ["pairs"]]
    assert names(toy_system("nli-ae")) == [["reconstruction", "pairs"]] * 2
    before = toy_system("nli-ae", pairs={**shared, "pretrain_epochs": 1, "joint": False})
    assert names(before) == [["reconstruction"], ["pairs"]]
    adversarial = ["reconstruction", "critic", "critic", "encoder", "generator"]
    assert names(toy_system("nli-arae")) == [adversarial, [*adversarial, "pairs"]]


def test_all_systems_start_from_the_same_encoder_and_classifier():
    one, other = toy_system("nli-supervised").state_dict(), toy_system("nli-arae").state_dict()
    shared = [name for name in one if name.startswith(("encoder.", "pairs."))]
    assert len(shared) > 6 and all(torch.equal(one[name], other[name]) for name in shared)


def test_features_of_the_classifier_by_hand():
    classifier = PairClassifier(4, [5], 3, 0.5, Draws(1))
    first, second = Draws(2).normal(6, 4), Draws(3).normal(6, 4)
    u, v = 2 * first, 2 * second
    values = torch.cat([u, v, (u - v).abs(), u * v], dim=1)
    weights, bias = classifier.hidden[0].weight, classifier.hidden[0].bias
    hidden = (values @ weights.t() + bias).clamp(min=0)
    expected = hidden @ classifier.output.weight.t() + classifier.output.bias
    torch.testing.assert_close(classifier(first, second), expected)
    assert not torch.allclose(classifier(first, second, Draws(4)), expected)


def test_initial_weights_of_the_classifier_are_those_of_he():
    classifier = PairClassifier(50, [400], 300, 0.0, Draws(1))
    for layer in (classifier.hidden[0], classifier.output):
        assert layer.weight.std().item() == pytest.approx((2 / layer.in_features) ** 0.5, rel=0.02)
        assert not layer.bias.any()


@pytest.mark.parametrize(
    ("pairs", "message"),
    [
        ({"fraction": 0.0}, r"fraction: must be above 0"),
        ({"fraction": 1.5}, r"pairs\.fraction: 1.5 is above"),
        ({"pretrain_epochs": 3}, r"3 of 3 epochs leave none for labels"),
        ({"fractoin": 0.5}, r"did you mean 'fraction'"),
    ],
)
def test_bad_settings_name_the_key(pairs, message):
    with pytest.raises(SettingsError, match=message):
        parse_recipe({**RECIPES["nli-ae"], "pairs": pairs})


def test_a_corpus_without_labels_is_refused():
    with pytest.raises(SettingsError, match="at least two labels"):
        build_system(parse_recipe(RECIPES["nli-ae"]), 24, 1, 0)
    text = EncodedText(np.array([5, 6], dtype=np.int32), np.array([0, 1, 2]))
    with pytest.raises(DataError, match="no labels"):
        pair_labels(TextStore(text))


def test_other_systems_have_no_accuracy_to_select_by():
    with pytest.raises(SettingsError, match="'ae' classifies nothing"):
        toy_system("ae").validation_metrics(toy_store())


def scene_store(pairs: int, seed: int, shuffled: bool = False) -> TextStore:
    """Pairs of scenes, encoded by a vocabulary of all their words."""
    drawn = list(draw_pairs(pairs, [seed, 0]))
    words = sorted(
        {word for pair in draw_pairs(3000, 1) for side in pair[:2] for word in side.split()}
    )
    places = {word: 4 + place for place, word in enumerate(words)}
    lines = [[places.get(word, 3) for word in side.split()] for pair in drawn for side in pair[:2]]
    labels = np.array([LABELS.index(label) for *_, label in drawn])
    if shuffled:
        labels = np.random.default_rng(seed).permutation(labels)
    offsets = np.cumsum([0, *map(len, lines)]).astype(np.int64)
    ids = np.concatenate(lines).astype(np.int32)
    return TextStore(EncodedText(ids, offsets, np.repeat(labels, 2).astype(np.uint8), LABELS))


def learner(**changes) -> System:
    adam = {"kind": "adam", "lr": 0.003}
    recipe = {
        "system": "nli_ae",
        "encoder": {"embedding": 32, "hidden": 64},
        "decoder": {"embedding": 4, "hidden": 4},
        "latent": 64,
        "init_bound": 0.3,
        "forget_bias": 1.0,
        "pairs": {"hidden": [64], "dropout": 0.0, "classifier": adam, "encoder": adam, **changes},
    }
    return build_system(parse_recipe(recipe), 400, 1, len(LABELS))


def learn(system: System, store: TextStore, iterations: int) -> None:
    (phase,) = system.phases(0)
    for iteration in range(iterations):
        batch = store.batch(phase.choose(store, Draws(1, "batch", iteration), 64))
        run_phase(phase, batch, Moment(iteration, 0.0, 0.0, Draws(1, "phase", iteration)))


@pytest.mark.slow
def test_300_pairs_are_learnt_by_heart():
    torch.set_num_threads(1)
    system, store = learner(), scene_store(300, seed=5)
    learn(system, store, 400)
    assert system.pairs.accuracy(store) > 0.98


@pytest.mark.slow
def test_shuffled_labels_are_learnt_by_heart_but_tell_nothing_of_new_pairs():
    torch.set_num_threads(1)
    system, test = learner(), scene_store(2000, seed=7)
    learn(system, scene_store(300, seed=5, shuffled=True), 400)
    right = system.pairs.accuracy(test)
    assert abs(right - 1 / 3) < 4 * np.sqrt(2 / 9 / 2000)
