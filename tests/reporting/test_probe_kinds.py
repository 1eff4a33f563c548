"""Tables and figures of the kinds `bound` and `sensitivity`, from hand-made scores."""

from __future__ import annotations

import math
import random

import pytest

from arae.foundation.settings import parse_settings
from arae.reporting.kinds import bound, sensitivity
from arae.reporting.scores import Score
from arae.reporting.study import StudySettings
from arae.reporting.study_table import build
from arae.reporting.tables import markdown
from prepared import STUDIES


def score(text, seed, metrics, details):
    return Score(
        text=text,
        seed=seed,
        metrics=metrics,
        definitions=dict.fromkeys(metrics, "as measured"),
        sentence_intervals={},
        examples=["a man sleeps"],
        details=details,
    )


def table_of(kind, name, systems, scores, claims):
    values = {"kind": name, "corpus": "toy", "systems": systems, "seeds": [1, 2], "claims": claims}
    settings = parse_settings(StudySettings, values)
    return build(kind, f"{name}-toy", settings, scores, {})


def bound_table(limit):
    metrics = {
        "difference": 0.3,
        "twice_wrong": 0.3,
        "bound": limit,
        "prior_difference": 1.0,
        "prior_bound": 4.0,
        "sample_difference": 0.5,
    }
    noise = [{"std": 0.1, "difference": 0.4, "twice_wrong": 0.5, "bound": 1.0}]
    return table_of(
        bound.KIND,
        "bound",
        {"AE": "ae", "ARAE": "arae"},
        [
            score(text, seed, metrics | {"sample_difference": level}, {"noise": noise})
            for text, level in (("ae", 0.5), ("arae", 0.9))
            for seed in (1, 2)
        ],
        STUDIES["bound-tiny"]["claims"],
    )


def test_an_inequality_holds_only_if_every_run_obeys_it():
    claims = {claim["metric"]: claim for claim in bound_table(0.31)["claims"]}
    assert claims["difference"]["verdict"] == "reproduced" and claims["difference"]["rule"]
    broken = {claim["metric"]: claim["verdict"] for claim in bound_table(0.29)["claims"]}
    assert broken["difference"] == "not" and broken["prior_difference"] == "reproduced"
    assert broken["sample_difference"] == "not"  # ARAE is not below AE
    assert broken["code_distance"] == "untested"


def test_every_pair_is_drawn_and_the_forbidden_side_is_shaded():
    corollary, sides = bound.KIND.figures(bound_table(0.31))
    drawing = corollary.panels[0].inline("figure")
    assert drawing.count("<circle") == 2 * 2 * 3  # systems, seeds, (one noise level, two kinds)
    assert "forbidden" in drawing and "ARAE" in drawing
    assert [panel.title for panel in sides.panels] == ["Codes of the encoder", "Codes of the prior"]


LEVELS = {
    "centre": {"weight": 0.1, "kind": "gradient_penalty"},
    "weight 0": {"weight": 0.0, "kind": "gradient_penalty"},
    "weight 1": {"weight": 1.0, "kind": "gradient_penalty"},
    "clip": {"weight": 0.1, "kind": "weight_clip"},
    "both": {"weight": 1.0, "kind": "weight_clip"},
}


@pytest.fixture
def grid():
    values = {"centre": 100.0, "weight 0": 150.0, "weight 1": 400.0, "clip": 90.0, "both": 1.0}
    return table_of(
        sensitivity.KIND,
        "sensitivity",
        {label: label.replace(" ", "-") for label in LEVELS},
        [
            score(
                label.replace(" ", "-"),
                seed,
                {"reverse_ppl_ngram": values[label] + seed / 100, "grammatical": 0.5},
                {"factors": factors},
            )
            for label, factors in LEVELS.items()
            for seed in (1, 2)
        ],
        [
            {"says": "Weight matters", "test": "matters", "of": "weight"},
            {"says": "Kind matters", "test": "matters", "of": "kind"},
            {"says": "footnote", "metric": "reverse_ppl_ngram", "lower": ["centre", "clip"]},
        ],
    )


def test_a_factor_has_the_centre_and_the_rows_that_differ_in_it_alone(grid):
    found = {
        factor: [(level, row["label"]) for level, row in levels]
        for factor, levels in sensitivity.factors(grid).items()
    }
    assert found == {
        "weight": [(0.0, "weight 0"), (0.1, "centre"), (1.0, "weight 1")],
        "kind": [("gradient_penalty", "centre"), ("weight_clip", "clip")],
    }


def test_verdicts_compare_the_best_and_the_worst_level(grid):
    weight, kind, penalty = grid["claims"]
    assert [
        (pair["lower"]["label"], pair["higher"]["label"])
        for pair in weight["pairs"] + kind["pairs"]
    ] == [("0.1", "1"), ("weight clip", "gradient penalty")]
    assert weight["verdict"] == kind["verdict"] == "reproduced"
    assert "studentized range" in weight["rule"]
    assert weight["statement"] == "reverse perplexity by weight: best level < worst level"
    assert penalty["verdict"] == "not"  # clipping was better in these numbers


def test_the_pooled_spread_is_the_textbook_one():
    """Two cells of two seeds: s² = (2 + 8) / 2, two degrees of freedom."""
    found = sensitivity.pooled([{"values": [1.0, 3.0]}, {"values": [10.0, 14.0]}])
    assert found.mean == pytest.approx(4.302652729911275 * math.sqrt(5 / 2))
    # Of two means the range is the difference; of four (Tukey's table: q = 9.80) it is wider.
    assert found.of_range(2) == pytest.approx(math.sqrt(2) * found.mean, rel=1e-4)
    assert found.of_range(4) == pytest.approx(9.80 * math.sqrt(5 / 2), rel=2e-3)
    assert sensitivity.pooled([{"values": [1.0]}]) is None


def test_equal_levels_are_hardly_ever_said_to_matter():
    """The best of four equal levels differs from the worst by chance; a t interval forgets that."""
    chance, found = random.Random(1), 0
    rows = [
        {
            "label": label,
            "details": {"1": {"factors": {"weight": place}}},
            "cells": {"reverse_ppl_ngram": {}},
        }
        for place, label in enumerate(("centre", "a", "b", "c"))
    ]
    for _ in range(300):
        for row in rows:
            values = [chance.gauss(100, 10) for _ in range(3)]
            row["cells"]["reverse_ppl_ngram"] = {"values": values, "mean": sum(values) / 3}
        (pair,) = sensitivity.matters({"rows": rows}, "weight")
        found += pair["verdict"] == "reproduced"
    assert 3 <= found <= 28  # 15 expected; by t intervals it would be some 60


def test_a_difference_within_the_spread_of_seeds_does_not_count(grid):
    for row in grid["rows"]:
        spread = {"centre": 600.0}.get(row["label"], 1.0)
        row["cells"]["reverse_ppl_ngram"]["values"] = [100.0, 100.0 + spread]
    for factor in ("weight", "kind"):
        assert [pair["verdict"] for pair in sensitivity.matters(grid, factor)] == ["not"]


def test_levels_without_numbers_are_not_judged(grid):
    assert sensitivity.matters(grid, "unheard of") == [None]


def test_one_panel_a_factor_with_a_dot_a_seed(grid):
    figures = sensitivity.KIND.figures(grid)
    assert [figure.name for figure in figures] == ["grid", "grid-grammatical"]
    weight, kind = figures[0].panels
    assert (weight.content.count("<circle"), kind.content.count("<circle")) == (6, 4)
    assert weight.content.count('class="chosen"') == 1
    assert "trend" in weight.content and "trend" not in kind.content
    assert "| centre " in markdown(grid)
