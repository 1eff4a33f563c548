"""A sample of the sweep on the stages that no coverage study has: images, transfer, probes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ..conftest import make_project
from .bench import OTHERS, Bench, open_bench

pytestmark = [pytest.mark.slow, pytest.mark.workflow]


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    folder: Path = tmp_path_factory.mktemp("others") / "project"
    with open_bench(make_project(folder, OTHERS.params, OTHERS.target), OTHERS) as ready:
        yield ready


@pytest.mark.parametrize("stage", OTHERS.killed)
def test_a_kill_is_made_good_by_the_same_command(bench: Bench, stage: str) -> None:
    boundaries = bench.count(stage, "old")
    assert {"open", "write", "fsync", "rename"} <= {kind for _, kind, _ in boundaries}
    point = bench.fail(stage, "old", len(boundaries) // 2)
    assert point.good, point


def test_a_full_disk_is_one_line_and_made_good_by_the_same_command(bench: Bench) -> None:
    point = bench.fail(
        "train-images", "nothing", len(bench.count("train-images", "nothing")) // 2, "full"
    )
    assert point.good, point
