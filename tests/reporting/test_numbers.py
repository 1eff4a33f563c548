"""Cells, their writing, curves and axes."""

from __future__ import annotations

import json

import pytest

from arae.evaluation.intervals import t_interval
from arae.foundation.errors import DataError
from arae.reporting.cells import cell, write_interval, write_number
from arae.reporting.charts.figure import axis, short
from arae.reporting.columns import Column
from arae.reporting.curves import read_curves, thin
from arae.reporting.scores import Score

PPL = Column(metric="m", label="M", group="G").as_json()
SHARE = Column(metric="m", label="M", group="G", percent=True).as_json()


def score(seed, value, **options):
    metrics = {} if value is None else {"m": value}
    base = {"text": "t", "definitions": {}, "sentence_intervals": {}, "examples": []}
    return Score(seed=seed, metrics=metrics, **{**base, **options})


def test_cell_over_seeds():
    found = cell("m", [score(1, 1.0), score(2, 2.0), score(3, 6.0)])
    expected = t_interval([1.0, 2.0, 6.0])
    assert (found["mean"], found["half_width"]) == (expected.mean, expected.half_width)
    assert (found["interval"], found["n"], found["seeds"]) == ("seeds", 3, [1, 2, 3])


def test_cell_of_one_seed_uses_its_sentences():
    found = cell("m", [score(1, 5.0, sentence_intervals={"m": (4.0, 7.0)})])
    assert (found["half_width"], found["interval"]) == (1.5, "sentences")
    assert cell("m", [score(1, 5.0)])["interval"] == "none"


def test_cell_counts_only_seeds_that_have_the_metric():
    assert cell("m", [score(1, 5.0), score(2, None)])["n"] == 1
    assert cell("m", [score(1, None)]) is None


@pytest.mark.parametrize(
    "mean, half, column, expected",
    [
        (82.234, 1.13, PPL, ("82.2", "1.1")),
        (25.2345, 0.0456, PPL, ("25.23", "0.05")),
        (1234.4, 33.0, PPL, ("1,234", "33")),
        (980.4, None, PPL, ("980.4", "")),
        (12.0, 0.0, PPL, ("12.00", "")),
        (0.5, 0.0213, SHARE, ("50.0 %", "2.1")),
        (1 / 30000, 0.0, SHARE, ("0.0033 %", "")),
        (0.0, None, SHARE, ("0.00 %", "")),
    ],
)
def test_numbers_show_what_their_interval_supports(mean, half, column, expected):
    assert write_interval({"mean": mean, "half_width": half}, column) == expected


def test_fixed_decimals():
    assert write_number(1263.0, {**PPL, "decimals": 0}) == "1,263"


def test_thinning_keeps_both_ends_and_the_limit():
    curve = [[step, step * 1.23456789] for step in range(1000)]
    thinned = thin(curve, 50)
    assert len(thinned) == 50
    assert (thinned[0][0], thinned[-1][0]) == (0, 999)
    assert thinned[-1][1] == 1233.33
    assert thin(curve[:50], 50) == [[s, float(f"{v:.6g}")] for s, v in curve[:50]]


def history(folder, lines):
    path = folder / "toy" / "seed-4" / "history.jsonl"
    path.parent.mkdir(parents=True)
    path.write_text("\n".join(lines) + "\n")
    return path


def test_histories_become_curves_by_recipe_seed_and_metric(tmp_path):
    lines = [json.dumps({"step": s, "epoch": s / 2, "loss": 10.0 - s}) for s in range(3)]
    lines.append('{"step": 3, "loss": NaN, "valid": 7}')
    found = read_curves([history(tmp_path, lines)])
    assert found == {"toy": {"4": {"loss": [[0, 10.0], [1, 9.0], [2, 8.0]], "valid": [[3, 7.0]]}}}


@pytest.mark.parametrize("line", ["{", "[]", '{"loss": 1}', '{"step": 1, "loss": "x"}', "[" * 9999])
def test_a_broken_history_names_its_line(tmp_path, line):
    path = history(tmp_path, ['{"step": 0, "loss": 1}', line])
    with pytest.raises(DataError, match=r"history\.jsonl:2"):
        read_curves([path])


def test_axes_hold_their_values_and_choose_the_logarithm_for_wide_ranges():
    wide, narrow, flat = (
        axis([20.0, 980.0], 0, 100),
        axis([20.0, 25.0], 0, 100),
        axis([3.0], 0, 100),
    )
    assert wide.log and not narrow.log and not flat.log
    for scale, values in ((wide, (20, 980)), (narrow, (20, 25)), (flat, (3,))):
        assert all(0 < scale.at(value) < 100 for value in values)
        assert scale.ticks() and all(scale.low <= tick <= scale.high for tick in scale.ticks())
    assert wide.at(140) == pytest.approx(50, abs=0.1)  # the geometric mean lies in the middle


@pytest.mark.parametrize(
    "low, high", [(1e-6, 1e6), (0.9, 1.1), (-5.0, 5.0), (0.0, 0.0), (1e-9, 2e-9)]
)
def test_ticks_are_few_and_sorted(low, high):
    ticks = axis([low, high], 0, 100).ticks(5)
    assert 1 <= len(ticks) <= 7
    assert ticks == sorted(ticks)


def test_short_numbers():
    assert [short(v) for v in (0, 0.002, 1.5, 40, 1200, 3e6, 1e-7)] == [
        *("0", "0.002", "1.5", "40", "1.2k", "3M", "1e-07")
    ]
