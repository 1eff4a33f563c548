"""Statistics of codes against their definitions computed sentence by sentence."""

import itertools

import numpy as np
import pytest
import torch

from arae.evaluation.latent import CodeStatistics, mean_norm, observer, total_variance
from arae.foundation.errors import SettingsError
from arae.nn.batch import TextStore
from arae.nn.randomness import Draws
from arae.systems.system import LatentSettings
from toy import RECIPES, toy_system, toy_text

SMALL = LatentSettings(sentences=12, anchors=5, neighbours=3, distance=4)
# A language model has no codes, the cross-aligned autoencoder no prior.
CODED = [name for name in RECIPES if not name.startswith(("lm", "cross"))]


def _statistics(settings: LatentSettings = SMALL, seed: int = 1) -> CodeStatistics:
    text = toy_text(64)
    return CodeStatistics(text, TextStore(text), settings, seed)


def test_the_trace_of_codes_on_the_sphere_is_one_minus_the_squared_mean() -> None:
    codes = torch.nn.functional.normalize(torch.randn(50, 7, dtype=torch.float64) + 0.5, dim=1)
    assert mean_norm(codes) == pytest.approx(1.0)
    assert total_variance(codes) == pytest.approx(1 - float(codes.mean(dim=0).square().sum()))
    assert total_variance(3 * codes) == pytest.approx(9 * total_variance(codes))
    assert total_variance(codes[:1].repeat(4, 1)) == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize("name", ["ae-adam", "arae-paper", "vae"])
def test_metrics_are_their_definitions_on_codes_made_one_by_one(name: str) -> None:
    system, text = toy_system(name).eval(), toy_text(64)
    store, statistics = TextStore(text), _statistics()
    with torch.no_grad():
        codes = torch.cat([system.encode(store.batch([i])) for i in range(64)]).double().numpy()
        draws = Draws(1, "latent statistics")
        generated = system.sample_latents(SMALL.sentences, draws).double().numpy()
    found = statistics(system)

    def cosine(i: int, j: int) -> float:
        return codes[i] @ codes[j] / np.linalg.norm(codes[i]) / np.linalg.norm(codes[j])

    fixed, neighbours = statistics.sentences, statistics.neighbours
    near = [
        cosine(a, b)
        for a, row in zip(neighbours.anchors, neighbours.near, strict=True)
        for b in row
    ]
    apart = [cosine(a, b) for a, b in itertools.product(neighbours.anchors, fixed) if a != b]
    expected = {
        "code_norm": np.linalg.norm(codes[fixed], axis=1).mean(),
        "code_trace": np.trace(np.cov(codes[fixed].T, bias=True)),
        "generated_norm": np.linalg.norm(generated, axis=1).mean(),
        "generated_trace": np.trace(np.cov(generated.T, bias=True)),
        "cosine_near": np.mean(near),
        "cosine_random": np.mean(apart),
    }
    assert found == pytest.approx(expected, rel=1e-5)
    assert len(fixed) == len(set(fixed)) == 12 and len(near) == 15


def test_sentences_are_a_function_of_the_seed() -> None:
    one, same, other = _statistics(), _statistics(), _statistics(seed=2)
    assert np.array_equal(one.sentences, same.sentences)
    assert np.array_equal(one.neighbours.near, same.neighbours.near)
    assert not np.array_equal(one.sentences, other.sentences)


@pytest.mark.parametrize("name", CODED)
def test_measuring_changes_nothing_in_the_system(name: str) -> None:
    system, statistics = toy_system(name).train(), _statistics()
    before = {key: value.clone() for key, value in system.state_dict().items()}
    state = torch.random.get_rng_state()
    first = statistics(system)
    assert statistics(system) == first
    assert system.training and torch.equal(torch.random.get_rng_state(), state)
    assert all(torch.equal(before[key], value) for key, value in system.state_dict().items())


def test_a_text_without_near_sentences_is_refused_with_the_remedy() -> None:
    with pytest.raises(SettingsError, match=r"none of 64 sentences has 60 others.*ask for fewer"):
        _statistics(LatentSettings(sentences=5, anchors=4, neighbours=60, distance=1))


def test_the_prior_is_observed_unless_it_is_fitted_after_training() -> None:
    text = toy_text(64)
    store = TextStore(text)
    observe = {"every": 2, "sentences": 12, "anchors": 5, "neighbours": 3, "distance": 4}
    for name, generated in (("arae-paper", True), ("vae", True), ("ae", False)):
        system = toy_system(name, observe=observe)
        metrics = observer(system, text, store, 1)(system)
        assert ("generated_trace" in metrics) == generated
        assert observer(toy_system(name), text, store, 1) is None
    with pytest.raises(SettingsError, match="system 'lm': has no codes"):
        observer(toy_system("lm", observe=observe), text, store, 1)
