"""Krippendorff's α against the worked example of its author and closed forms."""

from __future__ import annotations

import random

import pytest

from arae.evaluation.agreement import krippendorff_alpha

# "Computing Krippendorff's Alpha-Reliability" (2011), section C: four observers, twelve units.
EXAMPLE = [
    [1, 1, 1], [2, 2, 3, 2], [3, 3, 3, 3], [3, 3, 3, 3], [2, 2, 2, 2], [1, 2, 3, 4],
    [4, 4, 4, 4], [1, 1, 2, 1], [2, 2, 2, 2], [5, 5, 5], [1, 1], [3],
]  # fmt: skip


@pytest.mark.parametrize(("level", "alpha"), [("nominal", 0.743), ("ordinal", 0.815)])
def test_published_example(level, alpha):
    assert krippendorff_alpha(EXAMPLE, (1, 2, 3, 4, 5), level) == pytest.approx(alpha, abs=5e-4)


@pytest.mark.parametrize("level", ["nominal", "ordinal"])
def test_agreement_chance_and_opposition(level):
    draw = random.Random(1)
    same = [[value, value] for value in (draw.randint(1, 5) for _ in range(50))]
    assert krippendorff_alpha(same, (1, 2, 3, 4, 5), level) == 1
    chance = [[draw.randint(1, 5), draw.randint(1, 5)] for _ in range(5000)]
    assert abs(krippendorff_alpha(chance, (1, 2, 3, 4, 5), level)) < 0.05
    assert krippendorff_alpha([[1, 2], [2, 1]], (1, 2), level) == pytest.approx(-0.5)


@pytest.mark.parametrize("units", [[], [[1], [2]], [[1, 1], [1, 1]]])
def test_undefined_without_pairs_or_variation(units):
    assert krippendorff_alpha(units, (1, 2), "nominal") is None
