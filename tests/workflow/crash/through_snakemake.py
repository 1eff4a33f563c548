"""The same kills, with the whole workflow around the stage."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

from ..conftest import Project
from .bench import Bench, Point, read_boundaries, sample

INJECT = Path(__file__).parent / "inject"


def kill_through_snakemake(bench: Bench, finished: Project, stage: str, points: int) -> list[Point]:
    """Kill a stage that `snakemake` runs at some boundaries; `snakemake` again makes it good.

    `finished` is whole at the beginning and at the end.
    """
    numbers = len(bench.count(stage, "nothing"))
    return [_kill(bench, finished, stage, at) for at in sample(numbers, points + 2)[1:-1]]


def _kill(bench: Bench, finished: Project, stage: str, at: int) -> Point:
    job = bench.job(stage)
    whole = finished.hashes()
    for name in bench.made["new"].files[job.place]:
        (finished.path / name).unlink(missing_ok=True)
    shutil.rmtree(finished.path / "work", ignore_errors=True)
    log = finished.path.parent / "boundaries"
    log.unlink(missing_ok=True)
    point = {"words": job.words, "at": at, "action": "kill", "log": str(log)}
    faulty = Project(
        finished.path, {"FAULT_POINT": json.dumps(point), "PYTHONPATH": os.fspath(INJECT)}
    )
    told = faulty.run("snakemake", code=1)
    seen = read_boundaries(log)
    killed = len(seen) == at
    report = bench.report(finished.path)
    told += finished.run("snakemake", code=None)
    equal = finished.hashes() == whole and "Nothing to be done" in finished.run("snakemake")
    _, kind, path = seen[-1] if seen else (0, "none", "")
    return Point(
        stage, "snakemake", at, kind, path, killed, equal, report, "" if equal else told[-400:]
    )
