"""Metrics of generated images on cases whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest

from arae.corpora.images import Images
from arae.evaluation.image_classifier import ClassifierSettings, accuracy, look, train_classifier
from arae.evaluation.image_scoring import (
    effective_classes,
    flat,
    judge_interpolation,
    judge_samples,
    nearest,
)


def bars(count: int, seed: int) -> Images:
    """8×8 images of one horizontal bar, labelled by its row, with one pixel flipped."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 8, count)
    pixels = np.zeros((count, 8, 8), np.uint8)
    pixels[np.arange(count), labels] = 1
    spots = rng.integers(0, 64, count)
    pixels.reshape(count, 64)[np.arange(count), spots] ^= 1
    return Images(pixels, labels.astype(np.uint8))


@pytest.fixture(scope="module")
def judge():
    train = bars(400, 1)
    return train, train_classifier(train, ClassifierSettings(epochs=6))


def test_the_classifier_learns_and_depends_on_its_seed_alone(judge) -> None:
    train, network = judge
    assert accuracy(network, bars(200, 2)) > 0.9
    again = train_classifier(train, ClassifierSettings(epochs=6)).state_dict()
    assert all(bool((again[key] == t).all()) for key, t in network.state_dict().items())
    features, probabilities = look(network, flat(train))
    assert features.dtype == np.float64
    assert (features**2).mean() == pytest.approx(1.0, rel=1e-6)
    assert probabilities.sum(axis=1) == pytest.approx(np.ones(400))


def test_real_images_are_nearer_than_one_repeated_image(judge) -> None:
    train, network = judge
    test = bars(300, 3)
    good, _ = judge_samples(flat(bars(300, 4)), flat(test), train, test, network, 50)
    stuck = np.repeat(flat(test)[:1], 300, axis=0)
    bad, _ = judge_samples(stuck, stuck, train, test, network, 50)
    assert good["fid"] < 0.2 * bad["fid"] and good["kid"] < 0.2 * bad["kid"]
    assert bad["classes"] == pytest.approx(1.0) and bad["distinct"] == pytest.approx(1 / 300)
    assert good["classes"] > 7


def test_copies_are_counted(judge) -> None:
    train, network = judge
    test = bars(100, 5)
    mixed = np.concatenate([flat(train)[:30], 1 - flat(train)[:10]])
    metrics, _ = judge_samples(mixed, mixed, train, test, network, 40)
    assert metrics["copies"] == pytest.approx(30 / 40)
    assert metrics["nearest"] > 0


def test_nearest_against_all_pairs() -> None:
    rng = np.random.default_rng(6)
    images, known = rng.integers(0, 2, (9, 20)), rng.integers(0, 2, (13, 20))
    wanted = (images[:, None] != known[None]).mean(axis=2).min(axis=1)
    assert nearest(images, known) == pytest.approx(wanted)


def test_effective_classes_of_equal_shares() -> None:
    assert effective_classes(np.eye(10)) == pytest.approx(10)
    assert effective_classes(np.eye(10)[[0, 0, 1, 1]]) == pytest.approx(2)


def test_interpolation_that_never_turns_back(judge) -> None:
    _, network = judge
    straight = np.tril(np.ones((5, 64), np.uint8), -1)[None]  # one pixel more at each point
    back = straight[:, [0, 1, 0, 1, 0]]
    onward, turning = judge_interpolation(straight, network), judge_interpolation(back, network)
    assert onward["step"] == turning["step"] == pytest.approx(1 / 64)
    assert onward["onward"] == 1 and turning["onward"] == pytest.approx(0.5)
    assert onward["images_a_row"] == 5 and turning["images_a_row"] == 2
