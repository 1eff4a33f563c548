"""The benchmarks of growth, jobs and precision run, and their numbers make sense."""

from __future__ import annotations

import pytest

from benchmarks import growth, jobs, precision
from benchmarks.sizes import SIZES
from benchmarks.stages import sampling

pytestmark = pytest.mark.slow


def test_every_stage_is_measured_at_every_size_it_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(growth, "HELD_OUT", 50)
    limited = {name: (command, 200) for name, (command, _) in growth.STAGES.items()}
    monkeypatch.setattr(growth, "STAGES", limited)
    costs = growth.measure([100, 200])
    assert set(costs) == set(growth.STAGES)
    for by_size in costs.values():
        assert sorted(by_size) == [100, 200]
        assert all(cost["seconds"] > 0 and cost["peak_memory"] > 1e6 for cost in by_size.values())
    rows = growth.table(costs, [100, 200, 400]).splitlines()
    assert len(rows) == 2 + len(costs) and all("(" in row for row in rows[2:])  # 400: on paper
    drawing = growth.figure(costs)
    assert drawing.count("<path") >= 2 * len(costs) and "Seconds" in drawing


def test_on_paper_is_the_line_through_the_largest_sizes() -> None:
    costs = {size: {"seconds": 2.0 + 0.5 * size} for size in (10, 20, 40)}
    costs[10]["seconds"] = 99.0
    assert growth.on_paper(costs, "seconds", 100) == pytest.approx(52.0)


def test_jobs_cost_more_than_their_work_and_a_rerun_less() -> None:
    found = jobs.measure(4, 2, tracking=False)
    assert found["jobs"] == 4
    assert found["core_seconds_a_job"] > found["seconds_inside"] / 4 > 0
    assert 0 < found["no_op_seconds"] < found["seconds"]


def test_precisions_differ_as_they_should() -> None:
    gradients = [
        precision.measure(SIZES["tiny"], kind, 5)["gradient_difference"]
        for kind in precision.PRECISIONS
    ]
    assert gradients[0] < 1e-5 < gradients[1] < gradients[2] < 0.05


def test_sampling_keeps_its_lead() -> None:
    assert sampling(300)["ratio"] > 1.5
