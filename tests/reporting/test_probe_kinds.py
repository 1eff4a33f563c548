"""Tables and figures of the kinds `bound` and `sensitivity`, from hand-made scores."""

from __future__ import annotations

import math

import pytest

from arae.reporting.kinds import bound, sensitivity
from arae.reporting.scores import Score
from arae.reporting.study import StudySettings
from arae.reporting.study_table import build
from arae.reporting.tables import markdown


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


def table_of(kind, name, systems, scores):
    settings = StudySettings(kind=name, corpus="toy", systems=systems, seeds=(1, 2))
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
    sensitive, penalty = grid["claims"]
    assert [(p["lower"]["label"], p["higher"]["label"]) for p in sensitive["pairs"]] == [
        ("weight 0.1", "weight 1"),
        ("kind weight clip", "kind gradient penalty"),
    ]
    assert sensitive["verdict"] == "reproduced" and "√2" in sensitive["rule"]
    assert penalty["verdict"] == "not"  # clipping was better in these numbers


def test_pooled_half_width_is_the_textbook_one():
    """Two cells of two seeds: s² = (2 + 8) / 2, two degrees of freedom."""
    cells = [{"values": [1.0, 3.0]}, {"values": [10.0, 14.0]}]
    expected = 4.302652729911275 * math.sqrt(5 / 2)
    assert sensitivity.pooled_half_width(cells) == pytest.approx(expected)
    assert sensitivity.pooled_half_width([{"values": [1.0]}]) is None


def test_a_difference_within_the_spread_of_seeds_does_not_count(grid):
    for row in grid["rows"]:
        spread = {"centre": 600.0}.get(row["label"], 1.0)
        row["cells"]["reverse_ppl_ngram"]["values"] = [100.0, 100.0 + spread]
    sensitive = sensitivity.judge(grid)[0]
    verdicts = {p["lower"]["label"].split()[0]: p["verdict"] for p in sensitive["pairs"]}
    assert verdicts == {"weight": "not", "kind": "not"} and sensitive["verdict"] == "not"


def test_one_panel_a_factor_with_a_dot_a_seed(grid):
    figures = sensitivity.KIND.figures(grid)
    assert [figure.name for figure in figures] == ["grid", "grid-grammatical"]
    weight, kind = figures[0].panels
    assert (weight.content.count("<circle"), kind.content.count("<circle")) == (6, 4)
    assert weight.content.count('class="chosen"') == 1
    assert "trend" in weight.content and "trend" not in kind.content
    assert "| centre " in markdown(grid)
