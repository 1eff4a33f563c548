"""Image systems: overfitting, odd inputs, samples and interpolations."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from arae.corpora.source import IMAGES
from arae.engine.phases import run_phase
from arae.generation.images import (
    draw,
    interpolate_images,
    reconstruct_images,
    sample_images,
)
from arae.nn.images import ImageStore
from arae.nn.randomness import Draws
from arae.systems.registry import build_system, parse_recipe
from arae.systems.system import Moment
from toy import IMAGE_RECIPES, SHAPE, store_for, toy_images, toy_system

PIXELS = SHAPE[0] * SHAPE[1]


def fitted(name: str):
    """A system whose prior gives different images: an untrained generator hardly does."""
    wide = {"image-arae": {"adversarial_std": 1.0}}
    system = toy_system(name, **wide.get(name, {}))
    system.fit_prior(store_for(name))
    return system.eval()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["image-ae", "image-arae"])
def test_64_digits_are_learned_to_less_than_5_percent_pixel_error(name: str) -> None:
    from sklearn.datasets import load_digits

    from arae.corpora.images import binarise

    pixels = binarise(load_digits().images[:64], 16)
    sizes = {"encoder": {"hidden": [128, 64]}, "decoder": {"hidden": [64, 128]}, "latent": 16}
    recipe = {**IMAGE_RECIPES[name], **sizes, "noise": {"std": 0.05}, "batch_size": 32}
    system = build_system(parse_recipe(recipe, domain=IMAGES), 64, 1).train()
    store = ImageStore(pixels)
    for iteration in range(300):
        order = Draws(1, "order", iteration).permutation(64)
        for place, phase in enumerate(system.phases(0)):
            moment = Moment(iteration, 0.0, 0.0, Draws(1, "phase", iteration, place))
            run_phase(phase, store.batch(order[:32]), moment)
    wrong = reconstruct_images(system, store) != pixels.reshape(64, 64)
    assert wrong.mean() < 0.05


@pytest.mark.parametrize("value", [0, 1])
@pytest.mark.parametrize("name", IMAGE_RECIPES)
def test_black_and_white_images_give_finite_losses(name: str, value: int) -> None:
    system = toy_system(name).train()
    store = ImageStore(np.full((8, *SHAPE), value, np.uint8))
    for place, phase in enumerate(system.phases(0)):
        moment = Moment(0, 0.0, 0.0, Draws(1, place))
        metrics = run_phase(phase, store.batch(np.arange(8)), moment)
        assert all(torch.isfinite(number) for number in metrics.values())
    assert all(torch.isfinite(tensor).all() for tensor in system.state_dict().values())
    system.fit_prior(store)
    assert torch.isfinite(system.loss_per_sentence(store.batch(np.arange(8)))).all()


def test_the_loss_of_an_image_is_its_bernoulli_log_probability() -> None:
    system = toy_system("image-ae").eval()
    store = store_for("image-ae", 5)
    batch = store.batch(np.arange(5))
    with torch.no_grad():
        shown = torch.sigmoid(system.decoder(system.encode(batch))).double()
        likely = torch.where(batch.pixels > 0.5, shown, 1 - shown)
        wanted = -likely.log().sum(dim=1)
        torch.testing.assert_close(
            system.loss_per_sentence(batch).double(), wanted, rtol=1e-5, atol=0
        )
        mean = system.reconstruction(batch, system.encode(batch), None)
    assert mean.item() == pytest.approx(wanted.sum().item() / (5 * PIXELS), rel=1e-5)


@pytest.mark.parametrize("name", IMAGE_RECIPES)
def test_the_ends_of_an_interpolation_are_the_samples_there(name: str) -> None:
    system = fitted(name)
    rows = interpolate_images(system, 6, 5, seed=3)
    assert rows.shape == (6, 5, PIXELS) and rows.dtype == np.uint8
    draws = Draws(3, "interpolate")
    with torch.no_grad():
        for place in (0, -1):
            codes = system.from_noise(system.prior_noise(6, draws))
            assert np.array_equal(rows[:, place], draw(system, codes))


@pytest.mark.parametrize("name", IMAGE_RECIPES)
def test_samples_are_binary_and_depend_on_the_seed(name: str) -> None:
    system = fitted(name)
    one, again, other = (sample_images(system, 30, seed) for seed in (1, 1, 2))
    assert one.shape == (30, PIXELS) and set(np.unique(one)) <= {0, 1}
    assert np.array_equal(one, again)
    assert not np.array_equal(one, other)


def test_codes_of_arae_lie_on_the_sphere() -> None:
    system = toy_system("image-arae").eval()
    codes = system.encode(store_for("image-arae").batch(np.arange(9)))
    torch.testing.assert_close(codes.norm(dim=1), torch.ones(9))


def test_the_encoders_adam_is_the_autoencoders_in_the_authors_code() -> None:
    system, store = toy_system("image-arae-code").train(), store_for("image-arae-code")
    moments = {}
    for place, phase in enumerate(system.phases(0)):
        run_phase(phase, store.batch(np.arange(8)), Moment(0, 0.0, 0.0, Draws(1, place)))
        moments[phase.name] = phase.optimiser.state()
    taken = [float(moments["reconstruction"][f"{part}.steps"]) for part in (0, 1)]
    assert taken == [1 + system.settings.critic.steps, 1]  # of the encoder, of the decoder
    assert moments["encoder"] == {}
    apart = toy_system("image-arae").train()
    assert apart.phases(0)[-2].optimiser is not apart.phases(0)[0].optimiser


def test_authors_sizes_are_the_defaults() -> None:
    system = build_system(parse_recipe({"system": "arae"}, domain=IMAGES), 784, 1)
    layers = {
        part: [
            m.weight.shape[::-1]
            for m in getattr(system, part).modules()
            if hasattr(m, "in_features")
        ]
        for part in ("encoder", "decoder", "generator", "critic")
    }
    assert layers["encoder"] == [(784, 800), (800, 400), (400, 100)]
    assert layers["decoder"] == [(100, 400), (400, 800), (800, 1000), (1000, 784)]
    assert layers["generator"] == [(32, 64), (64, 100), (100, 150), (150, 100)]
    assert layers["critic"] == [(100, 100), (100, 60), (60, 20), (20, 1)]
    names = [phase.name for phase in system.phases(0)]
    assert names == ["reconstruction", *["critic", "encoder"] * 10, "generator"]


@pytest.mark.parametrize(("normalised", "shares"), [("after_first", False), ("none", True)])
def test_a_normalised_critic_cannot_tell_codes_that_are_alike_where_to_go(
    normalised: str, shares: bool
) -> None:
    values = {"system": "arae", "critic": {"batch_norm": normalised}}
    recipe = parse_recipe(values, domain=IMAGES)
    critic = build_system(recipe, 784, 1).train().critic
    directions = torch.nn.functional.normalize(Draws(1).normal(101, 100), dim=1)
    codes = (directions[:1] + 1e-3 * directions[1:]).requires_grad_()
    (slope,) = torch.autograd.grad(critic(codes).mean(), codes)
    common = slope.mean(0).norm() / slope.norm(dim=1).mean()
    assert (common > 0.9) if shares else (common < 1e-5)


def test_joined_batches_keep_their_order() -> None:
    store = ImageStore(toy_images(20).pixels)
    one, two = store.batch(np.array([3, 1])), store.batch(torch.tensor([7]))
    joined = store.join([one, two])
    assert torch.equal(joined.pixels, torch.cat([one.pixels, two.pixels]))
    assert joined.size == 3 and joined.tokens == 3 * PIXELS
