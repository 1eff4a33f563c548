"""The mathematics of the systems that transfer: losses, gates, directions."""

import math

import numpy as np
import pytest
import torch

from arae.engine.phases import run_phase
from arae.foundation.errors import SettingsError
from arae.generation.decode import DecodingSettings
from arae.generation.transfer import transfer_all
from arae.nn.batch import TextStore
from arae.nn.randomness import Draws
from arae.systems.arae_transfer import other_labels
from arae.systems.cross_aligned import gate_is_open
from arae.systems.registry import build_system, parse_recipe
from arae.systems.system import Moment, distinct_phases
from arae.text.encoded import EncodedText
from toy import LABELS, RECIPES, VOCABULARY_SIZE, toy_store, toy_system


def _moment(iteration: int = 0) -> Moment:
    return Moment(iteration, 0.0, 0.0, Draws(1, "phase", iteration))


def _batch(size: int = 16):
    return toy_store().batch(np.arange(size))


def _names(system) -> list[str]:
    return [phase.name for phase in system.phases(0)]


def test_weights_of_zero_leave_phases_out() -> None:
    adversarial = ["critic", "critic", "encoder", "generator"]
    confusion = ["classifier", "classifier", "anti_classifier"]
    name = "arae-transfer"
    off = {"encoder_gradient": {"weight": 0.0}}
    silent = {"classifier": {**RECIPES[name]["classifier"], "weight": 0.0}}
    assert _names(toy_system(name)) == ["reconstruction", *confusion, *adversarial]
    assert _names(toy_system(name, **off)) == ["reconstruction", *confusion]
    assert _names(toy_system(name, **silent)) == ["reconstruction", *adversarial]
    assert _names(toy_system(name, **off, **silent)) == ["reconstruction"]


def test_exchanging_labels_and_decoders_changes_no_loss() -> None:
    system, batch = toy_system("arae-transfer"), _batch()
    with torch.no_grad():
        before = system.loss_per_sentence(batch)
        first, second = system.decoder.of(0), system.decoder.of(1)
        state = {name: t.clone() for name, t in first.state_dict().items()}
        first.load_state_dict(second.state_dict())
        second.load_state_dict(state)
        batch.labels.copy_(1 - batch.labels)
        after = system.loss_per_sentence(batch)
    torch.testing.assert_close(before, after)


@pytest.mark.parametrize("count", [2, 3, 5])
def test_the_other_label_is_never_the_own_one_and_uniform(count: int) -> None:
    labels = torch.arange(count).repeat(4000)
    others = other_labels(labels, count, Draws(1))
    assert (others != labels).all()
    for label in range(count):
        found = torch.bincount(others[labels == label], minlength=count) / 4000
        expected = torch.full((count,), 1 / (count - 1))
        expected[label] = 0
        torch.testing.assert_close(found, expected, atol=0.03, rtol=0)


def test_losses_of_a_blind_classifier() -> None:
    for name in ("arae-transfer", "arae-transfer-uniform"):
        system = toy_system(name)
        with torch.no_grad():
            for parameter in system.classifier.parameters():
                parameter.zero_()
        phases = distinct_phases(system)
        for phase in ("classifier", "anti_classifier"):
            loss, _ = phases[phase].loss(_batch(), _moment())
            assert loss.item() == pytest.approx(math.log(2), rel=1e-6)


def test_the_anti_classifier_phase_lowers_the_classifier_accuracy() -> None:
    system, batch = toy_system("arae-transfer"), _batch()
    phases = distinct_phases(system)
    for iteration in range(300):
        run_phase(phases["classifier"], batch, _moment(iteration))

    def accuracy() -> float:
        return phases["classifier"].loss(batch, _moment())[1]["classifier_accuracy"].item()

    taught = accuracy()
    assert taught > 0.8
    for iteration in range(20):
        run_phase(phases["anti_classifier"], batch, _moment(iteration))
    assert accuracy() < taught


@pytest.mark.slow
def test_a_classifier_of_meaningless_labels_learns_nothing() -> None:
    system, store = toy_system("arae-transfer"), toy_store(4000)
    phase = distinct_phases(system)["classifier"]
    losses = []
    for iteration in range(400):
        chosen = np.random.default_rng(iteration).integers(0, 4000, 64)
        losses.append(run_phase(phase, store.batch(chosen), _moment(iteration))["classifier"])
    assert torch.stack(losses[-100:]).mean().item() == pytest.approx(math.log(2), abs=0.02)


def test_the_weight_scales_the_anti_classifier_loss() -> None:
    name = "arae-transfer"
    heavy = toy_system(name, classifier={**RECIPES[name]["classifier"], "weight": 7.0})
    plain, weighted = (
        distinct_phases(system)["anti_classifier"].loss(_batch(), _moment())[0]
        for system in (toy_system(name), heavy)
    )
    torch.testing.assert_close(weighted, 7 * plain)


def test_three_labels_give_six_directions() -> None:
    names = ("left", "middle", "right")
    text = toy_store(30)
    labels = np.arange(30).astype(np.uint8) % 3
    ids, offsets = text._ids.astype(np.int32), text._offsets
    store = TextStore(EncodedText(ids, offsets, labels, names))
    recipe = parse_recipe(RECIPES["arae-transfer"])
    system = build_system(recipe, VOCABULARY_SIZE, 1, labels=3).train()
    for place, phase in enumerate(system.phases(0)):
        run_phase(phase, store.batch(np.arange(12)), Moment(0, 0.0, 0.0, Draws(1, place)))
    found = list(transfer_all(system, store, np.arange(30), DecodingSettings(), 1))
    assert {(one.source, one.target) for one in found} == {
        (a, b) for a in range(3) for b in range(3) if a != b
    }
    assert [one.sentence for one in found] == [i for i in range(30) for _ in range(2)]


def _marked_text(contents: int = 16) -> EncodedText:
    """The same contents twice, once behind the marker 4 of label 0, once behind 5 of label 1."""
    rng = np.random.default_rng(5)
    said = [rng.choice(np.arange(6, VOCABULARY_SIZE), 3, replace=False) for _ in range(contents)]
    sentences = [[4 + label, *words] for label in range(2) for words in said]
    labels = np.repeat([0, 1], contents).astype(np.uint8)
    offsets = np.arange(0, 4 * len(sentences) + 1, 4)
    return EncodedText(np.array(sentences, np.int32).ravel(), offsets, labels, LABELS)


@pytest.mark.slow
def test_transfer_flips_the_marker_and_keeps_the_rest() -> None:
    sizes = {"embedding": 16, "hidden": 48}
    system = toy_system(
        "arae-transfer",
        encoder=sizes,
        decoder=sizes,
        latent=48,
        autoencoder={"kind": "adam", "lr": 0.01, "clip_norm": 1.0},
        noise={"std": 0.0},
        forget_bias=1.0,
        init_bound=0.3,
        encoder_gradient={"weight": 0.0},
        classifier={
            "hidden": [32],
            "batch_norm": "none",
            "optimiser": {"kind": "adam", "lr": 0.003},
            "encoder_optimiser": {"lr": 0.1, "clip_norm": 1.0},
        },
    ).train()
    text = _marked_text()
    store = TextStore(text)
    batch = store.batch(np.arange(32))
    for iteration in range(500):
        for place, phase in enumerate(system.phases(0)):
            run_phase(phase, batch, Moment(iteration, 0.0, 0.0, Draws(1, iteration, place)))
    found = transfer_all(system, store, np.arange(32), DecodingSettings(), 1)
    right = [
        one.words.tolist() == [4 + one.target, *text[one.sentence].tolist()[1:]] for one in found
    ]
    assert sum(right) >= 30


def test_the_gate_opens_when_all_discriminators_are_good() -> None:
    truth = {(1.0, 1.0): 1, (1.3, 1.0): 0, (1.0, 1.2): 0, (1.5, 1.5): 0, (0.0, 1.19): 1}
    for losses, wanted in truth.items():
        assert gate_is_open(torch.tensor(losses), 1.2).item() == wanted


def test_a_closed_gate_or_no_weight_is_a_conditional_autoencoder() -> None:
    shut, free = toy_system("cross-aligned", gate=0.0), toy_system("cross-aligned", weight=0.0)
    assert _names(free) == ["autoencoder"]
    losses = []
    for system in (shut, free):
        phase = distinct_phases(system)["autoencoder"]
        loss, metrics = phase.loss(_batch(), _moment())
        torch.testing.assert_close(loss, metrics["reconstruction"])
        gradients = torch.autograd.grad(loss, phase.parameters)
        losses.append([loss, *gradients])
    for one, other in zip(*losses, strict=True):
        torch.testing.assert_close(one, other)


def test_discriminators_learn_and_the_autoencoder_fools_them() -> None:
    system, batch = toy_system("cross-aligned", gate=99.0, weight=50.0).train(), _batch()
    phases = distinct_phases(system)
    first = phases["discriminators"].loss(batch, _moment())[0].item()
    for iteration in range(60):
        run_phase(phases["discriminators"], batch, _moment(iteration))
    assert phases["discriminators"].loss(batch, _moment())[0].item() < first
    before = phases["autoencoder"].loss(batch, _moment())[1]["adversarial"].item()
    for iteration in range(30):
        run_phase(phases["autoencoder"], batch, _moment(iteration))
    assert phases["autoencoder"].loss(batch, _moment())[1]["adversarial"].item() < before


def test_what_a_system_cannot_do_is_said() -> None:
    recipe = parse_recipe(RECIPES["cross-aligned"])
    with pytest.raises(SettingsError, match="two styles"):
        build_system(recipe, VOCABULARY_SIZE, 1, labels=3)
    with pytest.raises(SettingsError, match="no prior"):
        toy_system("cross-aligned").sample_latents(3, Draws(1))
    with pytest.raises(SettingsError, match=r"selection\.by"):
        parse_recipe({**RECIPES["cross-aligned"], "selection": {"by": "reverse_ngram"}})
    with pytest.raises(SettingsError, match="cannot transfer"):
        list(transfer_all(toy_system("ae"), toy_store(), np.arange(4), DecodingSettings(), 1))
