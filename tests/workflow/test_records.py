"""Torn records of Snakemake: what they were of is made again, unless a run is just writing them."""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path

import pytest

from arae.workflow.records import bring_back_to_now, distrust_torn_records


@pytest.fixture
def state(tmp_path: Path) -> Path:
    records = {
        "whole": '{"rule": "fetch"}',
        "@long/torn": '{"rule": "fe',
        "empty": "",
        "list": "[]",
    }
    for name, text in records.items():
        record = tmp_path / "metadata" / name
        record.parent.mkdir(parents=True, exist_ok=True)
        record.write_text(text)
    return tmp_path


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_torn_records_become_marks(state: Path) -> None:
    distrust_torn_records(state, state / "lock")
    assert files(state / "metadata") == {"whole"}
    assert files(state / "incomplete") == {"@long/torn", "empty", "list"}


def test_nothing_is_done_while_another_run_is_at_work(state: Path) -> None:
    before = files(state)
    with (state / "lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        distrust_torn_records(state, state / "lock")
    assert files(state) == {*before, "lock"}


def test_without_torn_records_nothing_is_written(tmp_path: Path) -> None:
    (tmp_path / "metadata").mkdir()
    (tmp_path / "metadata/whole").write_text("{}")
    distrust_torn_records(tmp_path, tmp_path / "locks/lock")
    assert files(tmp_path) == {"metadata/whole"}
    assert not (tmp_path / "locks").exists()


def test_files_from_the_future_get_the_present_time(tmp_path: Path) -> None:
    late, early = tmp_path / "deep" / "late", tmp_path / "early"
    late.parent.mkdir()
    for path, seconds in ((late, 1e6), (early, -1e6)):
        path.touch()
        os.utime(path, (time.time() + seconds,) * 2)
    before = early.stat().st_mtime
    bring_back_to_now([tmp_path, tmp_path / "absent"])
    assert abs(late.stat().st_mtime - time.time()) < 60
    assert early.stat().st_mtime == before
