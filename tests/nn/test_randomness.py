"""Drawing by inversion: the law of the probabilities, and nothing of probability 0."""

from __future__ import annotations

import torch

from arae.nn.randomness import Draws, InverseDraws


def test_inversion_draws_in_proportion():
    probabilities = torch.tensor([0.0, 0.2, 0.0, 0.5, 0.3, 0.0]).expand(100_000, -1)
    drawn = InverseDraws(3, "proportion").choice(probabilities)
    shares = torch.bincount(drawn, minlength=6) / 100_000
    assert shares[[0, 2, 5]].sum() == 0
    error = (probabilities[0] * (1 - probabilities[0]) / 100_000).sqrt()
    assert ((shares - probabilities[0]).abs() <= 4 * error).all()


def test_inversion_at_the_very_end_of_the_interval(monkeypatch):
    draws = InverseDraws(3, "end")
    almost_one = torch.full((1, 1), 1 - 2**-24)
    monkeypatch.setattr(draws, "uniform", lambda *shape: almost_one.expand(shape))
    rows = torch.rand(500, 37, generator=torch.Generator().manual_seed(1))
    rows[:, -1] = 0.0
    assert (draws.choice(rows / rows.sum(dim=1, keepdim=True)) == 35).all()


def test_inversion_shares_the_other_numbers():
    assert torch.equal(InverseDraws(1, "same").normal(5), Draws(1, "same").normal(5))


def test_the_first_arrival_is_in_proportion():
    rates = torch.tensor([0.0, 0.2, 0.0, 0.5, 0.3, 0.0]).expand(100_000, -1)
    shares = torch.bincount(Draws(3, "race")._first_arrival(rates), minlength=6) / 100_000
    error = (rates[0] * (1 - rates[0]) / 100_000).sqrt()
    assert ((shares - rates[0]).abs() <= 4 * error).all()
