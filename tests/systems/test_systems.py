"""Each system's own mathematics."""

import dataclasses

import numpy as np
import pytest
import torch
import torch.nn.functional as functional

from arae.corpora.source import IMAGES
from arae.engine.phases import run_phase
from arae.foundation.errors import SettingsError
from arae.foundation.settings import plain
from arae.nn.posteriors import Point
from arae.nn.randomness import Draws
from arae.systems import vae
from arae.systems.autoencoder import NoiseSettings
from arae.systems.names import DOMAINS
from arae.systems.registry import parse_recipe, system_names
from arae.systems.system import Moment, distinct_phases
from toy import IMAGE_RECIPES, RECIPES, toy_store, toy_system


def _moment(epoch: float = 0.0, iteration: int = 0) -> Moment:
    return Moment(iteration, epoch, 0.0, Draws(1, "phase", iteration))


def _batch(size: int = 16):
    return toy_store().batch(np.arange(size))


def test_every_system_is_found() -> None:
    recipes = [*RECIPES.values(), *IMAGE_RECIPES.values()]
    assert {recipe["system"] for recipe in recipes} <= set(system_names())
    assert {"arae", "lm"} <= set(system_names()) and "lm" not in system_names(IMAGES)


@pytest.mark.parametrize(
    ("name", "domain"), [(name, domain) for domain in DOMAINS for name in system_names(domain)]
)
def test_one_key_of_a_section_leaves_the_systems_other_defaults(name: str, domain: str) -> None:
    default = parse_recipe({"system": name}, domain=domain)
    sections = {key: value for key, value in plain(default).items() if isinstance(value, dict)}
    for key, values in sections.items():
        for inner, value in values.items():
            same = parse_recipe({"system": name, key: {inner: value}}, domain=domain)
            assert same == default, (key, inner)
        numbers = [inner for inner, value in values.items() if type(value) is int]
        for inner in numbers[:1]:
            other = {"system": name, key: {inner: values[inner] + 1}}
            changed = parse_recipe(other, domain=domain)
            section = dataclasses.replace(getattr(default, key), **{inner: values[inner] + 1})
            assert changed == dataclasses.replace(default, **{key: section})


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"system": "arrae"}, "did you mean 'arae'"),
        ({"system": "ae", "epoch": 3}, "did you mean 'epochs'"),
        ({"system": "ae", "batch_size": "64"}, "expected a whole number"),
        ({"system": "ae", "encoder": {"hidden": -3}}, "encoder.hidden: -3 is below"),
        ({"system": "arae", "critic": {"constraint": {"kind": "weight_clp"}}}, "weight_clip"),
        ({}, "recipe.system"),
    ],
)
def test_bad_recipes_name_the_key(values: dict, message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        parse_recipe(values)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"system": "vae", "max_length": 9}, "recipe.max_length: a setting of text, which means"),
        ({"system": "vae", "observe": {"every": 3}}, "recipe.observe: a setting of text"),
        ({"system": "vae", "start": {"recipe": "other"}}, "recipe.start: a setting of text"),
        ({"system": "ae", "corruption": "drop"}, "recipe.corruption: a setting of text"),
        ({"system": "vae", "selection": {"order": 3}}, "selection.order: unknown key"),
        ({"system": "lm"}, "'lm' is no system of images; systems of images: aae, ae, aggressive"),
    ],
)
def test_what_means_nothing_of_images_is_refused_by_name(values: dict, message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        parse_recipe(values, domain=IMAGES)


def test_a_recipe_has_its_systems_settings_and_its_domains() -> None:
    of_text, of_images = (
        parse_recipe({"system": "aggressive"}, domain=domain) for domain in DOMAINS
    )
    assert (of_text.domain, of_images.domain) == tuple(DOMAINS)
    for settings in (of_text, of_images):
        assert isinstance(settings, vae.Settings) and settings.inner.window == 15
    assert hasattr(of_text, "max_length") and not hasattr(of_images, "max_length")
    assert (of_text.latent, of_images.latent) == (300, 8)
    assert of_images.selection.by == "kid_pixels" and of_images.weight == of_text.weight


def test_ae_prior_reproduces_mean_and_covariance_of_codes() -> None:
    system, store = toy_system("ae-adam"), toy_store(400)
    system.fit_prior(store)
    batch = store.batch(np.arange(400))
    with torch.no_grad():
        codes = system.encode(batch).double()
        sampled = system.sample_latents(200_000, Draws(1)).double()
    torch.testing.assert_close(sampled.mean(0), codes.mean(0), atol=2e-3, rtol=0)
    torch.testing.assert_close(torch.cov(sampled.t()), torch.cov(codes.t()), atol=2e-3, rtol=0)


def test_spherical_ae_samples_on_the_sphere() -> None:
    system = toy_system("ae")
    system.fit_prior(toy_store())
    torch.testing.assert_close(system.sample_latents(50, Draws(1)).norm(dim=1), torch.ones(50))


@pytest.mark.slow
def test_ae_reconstructs_a_small_set_exactly() -> None:
    from arae.generation.decode import DecodingSettings, decode

    recipe = {
        "encoder": {"embedding": 24, "hidden": 48},
        "decoder": {"embedding": 24, "hidden": 48},
        "latent": 48,
        "autoencoder": {"kind": "adam", "lr": 0.01, "clip_norm": 1.0},
        "noise": {"std": 0.0},
        "forget_bias": 1.0,
    }
    system, store = toy_system("ae", **recipe).train(), toy_store(32)
    (phase,) = system.phases(0)
    batch = store.batch(np.arange(32))
    for iteration in range(400):
        run_phase(phase, batch, _moment(iteration=iteration))
    with torch.no_grad():
        codes = system.encode(batch)
        words, lengths = decode(system.decoder, codes, 32, 8, DecodingSettings(), Draws(1))
    for row in range(32):
        targets = batch.targets[batch.rows == row][:-1]
        assert words[row, : lengths[row]].tolist() == targets.tolist()


def test_noise_decays_every_so_many_iterations() -> None:
    noise = NoiseSettings(std=0.2, decay=0.5, every=10)
    assert [noise.at(i) for i in (0, 9, 10, 25)] == [0.2, 0.2, 0.1, 0.05]


def test_vae_weight_anneals_and_held_out_loss_has_weight_one() -> None:
    system = toy_system("vae", weight={"kind": "linear", "epochs": 4.0})
    batch = _batch()
    (phase,) = system.phases(0)
    start, metrics = phase.loss(batch, _moment(epoch=0.0))
    torch.testing.assert_close(start, metrics["reconstruction"])
    end, metrics = phase.loss(batch, _moment(epoch=4.0))
    torch.testing.assert_close(end, metrics["reconstruction"] + metrics["kl"])


def test_aae_losses_at_a_blind_discriminator() -> None:
    system = toy_system("aae-dirac")
    with torch.no_grad():
        for parameter in system.discriminator.parameters():
            parameter.zero_()
    phases = distinct_phases(system)
    loss, _ = phases["discriminator"].loss(_batch(), _moment())
    assert loss.item() == pytest.approx(2 * np.log(2), rel=1e-6)
    total, metrics = phases["autoencoder"].loss(_batch(), _moment())
    assert metrics["adversarial"].item() == pytest.approx(np.log(2), rel=1e-6)
    torch.testing.assert_close(total, metrics["reconstruction"] + 10 * metrics["adversarial"])


def test_aae_encoder_step_fools_the_discriminator() -> None:
    system, batch = (
        toy_system("aae-dirac", reduction="token_mean", adversarial_weight=1e4),
        _batch(),
    )
    phase = distinct_phases(system)["autoencoder"]
    with torch.no_grad():
        before = functional.softplus(-system.discriminator(system.encode(batch))).mean()
    for iteration in range(5):
        run_phase(phase, batch, _moment(iteration=iteration))
    with torch.no_grad():
        after = functional.softplus(-system.discriminator(system.encode(batch))).mean()
    assert after < before


def test_arae_schedule_adds_rounds() -> None:
    paper, code = toy_system("arae-paper"), toy_system("arae-code2018")
    assert [p.name for p in code.phases(0)] == [
        "reconstruction",
        "critic",
        "critic",
        "encoder",
        "generator",
    ]
    assert [p.name for p in paper.phases(0)] == [
        "reconstruction",
        *["critic", "encoder"] * 2,
        "generator",
    ]
    assert len(paper.phases(1)) == 1 + 2 * 5


def test_arae_critic_is_high_on_codes_and_both_opponents_lower_the_gap() -> None:
    system, batch = toy_system("arae-code2018").train(), _batch()
    phases = distinct_phases(system)

    def gap() -> float:
        with torch.no_grad():
            codes = system.encode(batch)
            fake = system.generator(Draws(7).normal(64, 4))
            return (system.critic(codes).mean() - system.critic(fake).mean()).item()

    start = gap()
    for iteration in range(60):
        run_phase(phases["critic"], batch, _moment(iteration=iteration))
    trained = gap()
    assert trained > start
    for iteration in range(60):
        run_phase(phases["generator"], batch, _moment(iteration=iteration))
    assert gap() < trained
    pulled = gap()
    for iteration in range(3):
        run_phase(phases["encoder"], batch, _moment(iteration=iteration))
    assert gap() < pulled


def test_norm_matched_gradient_has_the_stated_length() -> None:
    system, batch = toy_system("arae-paper").train(), _batch()
    phases = distinct_phases(system)
    run_phase(phases["reconstruction"], batch, _moment())
    slope = system.reconstruction_slope.item()
    assert slope > 0
    code = system.encode(batch).detach().requires_grad_()
    system.posterior = lambda batch: Point(code)
    loss, _ = phases["encoder"].loss(batch, _moment())
    (gradient,) = torch.autograd.grad(loss, code)
    assert gradient.norm(dim=1).mean().item() == pytest.approx(0.01 * slope, rel=1e-3)
