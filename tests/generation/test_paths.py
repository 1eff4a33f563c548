"""Paths between codes."""

from __future__ import annotations

import math

import pytest
import torch

from arae.generation.decode import DecodingSettings
from arae.generation.paths import path
from arae.generation.sampling import decode_latents, evaluating
from arae.nn.randomness import Draws
from tests.toy import RECIPES, toy_store, toy_system


@pytest.mark.parametrize("how", ["linear", "spherical"])
def test_the_ends_are_exact_to_the_bit(how):
    draws = Draws(1, "ends")
    start, end = draws.normal(50, 7), draws.normal(50, 7)
    points = path(start, end, 6, how)
    assert points.shape == (50, 6, 7)
    assert torch.equal(points[:, 0], start)
    assert torch.equal(points[:, -1], end)


def test_a_line_has_equal_steps():
    start, end = torch.tensor([[0.0, 2.0]]), torch.tensor([[4.0, -2.0]])
    expected = torch.tensor([[[0.0, 2.0], [1.0, 1.0], [2.0, 0.0], [3.0, -1.0], [4.0, -2.0]]])
    assert torch.allclose(path(start, end, 5), expected)


def test_an_arc_keeps_the_norm_and_has_equal_angles():
    start, end = torch.tensor([[3.0, 0.0]]), torch.tensor([[0.0, 3.0]])
    points = path(start, end, 4, "spherical")[0]
    assert torch.allclose(points.norm(dim=1), torch.full((4,), 3.0))
    angles = torch.atan2(points[:, 1], points[:, 0])
    assert torch.allclose(angles, torch.arange(4) * math.pi / 6, atol=1e-6)


@pytest.mark.parametrize("angle", [0.0, 1e-12, 1e-7, 9.9e-5, 1.01e-4, 1e-3])
def test_an_arc_of_a_small_angle_is_finite_and_right(angle):
    start = torch.tensor([[1.0, 0.0]], dtype=torch.float64)
    end = torch.tensor([[math.cos(angle), math.sin(angle)]], dtype=torch.float64)
    middle = path(start, end, 3, "spherical")[0, 1]
    expected = torch.tensor([math.cos(angle / 2), math.sin(angle / 2)], dtype=torch.float64)
    assert torch.allclose(middle, expected, rtol=0, atol=1e-8)


def test_opposite_and_zero_ends_fall_back_to_a_line():
    start = torch.tensor([[1.0, 0.0], [0.0, 0.0]])
    end = torch.tensor([[-1.0, 0.0], [0.0, 2.0]])
    points = path(start, end, 3, "spherical")
    assert torch.isfinite(points).all()
    assert torch.allclose(points[0, 1], torch.zeros(2), atol=1e-7)


def test_a_path_needs_its_two_ends():
    with pytest.raises(ValueError, match="at least 2"):
        path(torch.zeros(1, 2), torch.ones(1, 2), 1)


@pytest.mark.parametrize("name", sorted(RECIPES.keys() - {"lm", "cross-aligned"}))
def test_codes_are_made_of_prior_noise_exactly(name):
    system = toy_system(name)
    with evaluating(system), torch.no_grad():
        system.fit_prior(toy_store())
        noise = system.prior_noise(9, Draws(3, "noise"))
        codes = system.from_noise(noise)
        drawn = system.sample_latents(9, Draws(3, "noise"))
    assert torch.allclose(codes, drawn, atol=1e-6)
    assert codes.shape == (9, 8)


def test_a_system_without_codes_has_no_noise():
    assert toy_system("lm").prior_noise(3, Draws(1, "none")) is None


def test_decoding_in_bulk_is_decoding_one_by_one(monkeypatch):
    monkeypatch.setattr("arae.generation.sampling.BATCH", 4)
    system = toy_system("vae")
    codes = Draws(2, "codes").normal(11, 8) * 3
    words, lengths = decode_latents(system, codes, DecodingSettings(), Draws(1, "unused"))
    for row in range(11):
        one, length = decode_latents(
            system, codes[row : row + 1], DecodingSettings(), Draws(1, "unused")
        )
        assert torch.equal(words[row], one[0])
        assert lengths[row] == length[0]
