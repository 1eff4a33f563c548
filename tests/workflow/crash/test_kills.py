"""A fair sample of the sweep (`make crash` tries all), and one flipped bit in every artefact."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from ..conftest import Project
from .bench import COVERAGE, Bench, open_bench, sample
from .through_snakemake import kill_through_snakemake

pytestmark = [pytest.mark.slow, pytest.mark.workflow]


# Artefacts on which no number of a coverage study rests.
BESIDE = (".svg", "report.json", "ids/test.npy", "ids/test.offsets.npy", "history.jsonl")


@pytest.fixture(scope="module")
def bench(finished: Project) -> Iterator[Bench]:
    with open_bench(finished) as ready:
        yield ready


def test_the_bench_makes_what_the_workflow_makes(bench: Bench, finished: Project) -> None:
    assert bench.made["new"].hashes == finished.hashes()
    old, new = bench.made["old"].hashes, bench.made["new"].hashes
    assert old.keys() == new.keys()
    assert sum(old[name] == new[name] for name in new) <= 2  # an untrained model may say the same


@pytest.mark.parametrize("stage", COVERAGE.killed)
def test_a_kill_is_made_good_by_the_same_command(bench: Bench, stage: str) -> None:
    boundaries = bench.count(stage, "old")
    assert {"open", "write", "fsync", "rename"} <= {kind for _, kind, _ in boundaries}
    for number in sample(len(boundaries), 4)[1:3]:
        point = bench.fail(stage, "old", number)
        assert point.good, point


@pytest.mark.parametrize("stage", ["encode", "train", "report"])
def test_a_full_disk_is_one_line_and_made_good_by_the_same_command(
    bench: Bench, stage: str
) -> None:
    middle = len(bench.count(stage, "nothing")) // 2
    point = bench.fail(stage, "nothing", middle, "full")
    assert point.good, point


def test_a_kill_under_snakemake(bench: Bench, project: Project) -> None:
    (point,) = kill_through_snakemake(bench, project, "sample", 1)
    assert point.good, point


def test_a_flipped_bit_in_any_artefact_is_refused_by_name(bench: Bench) -> None:
    folder = bench.state(bench.job("report"), "nothing")
    shown = bench.verify(folder, *_shown(folder))["files"]
    tried = 0
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        name = str(path.relative_to(folder))
        whole = path.read_bytes()
        # In a record, one bit of a number that looks just as good; elsewhere, in the middle.
        place = next(
            (i for i in range(len(whole) // 2, len(whole)) if whole[i : i + 1].isdigit()), 0
        )
        place = place if path.suffix == ".json" else len(whole) // 2
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        expected = "refused" if name in shown or name.endswith("provenance.json") else "new"
        assert bench.report(folder) == expected, name
        if expected == "refused":
            tried += 1
            assert name in bench.log.read_text(encoding="utf-8")
        else:  # the report neither shows it nor rests on it
            assert name.endswith(BESIDE), name
        path.write_bytes(whole)
    assert tried > 50
    assert bench.report(folder) == "new"


def _shown(folder: Path) -> list[str]:
    study = folder / "results/studies/coverage-tiny"
    return [
        str(path.relative_to(folder)) for path in study.iterdir() if path.suffix in (".csv", ".md")
    ] + [str((study / name).relative_to(folder)) for name in ("table.json", "figures.json")]


def test_the_bench_would_notice(bench: Bench) -> None:
    job = bench.job("tabulate")
    folder = bench.state(job, "nothing")
    assert bench.run(folder, job) == 0
    assert bench.as_uninterrupted(folder, job)
    table = folder / "results/studies/coverage-tiny/table.csv"
    whole = table.read_bytes()
    table.write_bytes(whole[:-1])
    assert not bench.as_uninterrupted(folder, job)
    table.write_bytes(whole)
    left = table.with_name(".table.csv.1.partial")
    left.touch()
    assert not bench.as_uninterrupted(folder, job)
    left.unlink()
    old = bench.made["old"].folder / "results/scores/coverage-tiny/arae-tiny"
    shutil.copytree(old, folder / "results/scores/coverage-tiny/arae-tiny", dirs_exist_ok=True)
    assert bench.report(folder) == "refused"
