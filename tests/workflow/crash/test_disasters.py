"""What else goes wrong on real machines; after each, the same command without flags."""

from __future__ import annotations

import base64
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ..conftest import Project, stages_of
from .through_snakemake import INJECT

# What differs little from another test.
MORE = pytest.mark.thorough
pytestmark = [pytest.mark.slow, pytest.mark.workflow]

SAMPLES = "results/samples/coverage-tiny/arae-tiny/seed-1.txt"
SCORES = "results/scores/coverage-tiny/arae-tiny"
NOTHING = "Nothing to be done"
DAY = 24 * 3600.0


@pytest.fixture
def goes_on(project: Project, finished: Project) -> Callable[[], None]:
    """Asserts that the same command ends well, with the results of an uninterrupted run."""

    def check() -> None:
        project.run("snakemake")
        assert project.hashes() == finished.hashes()
        assert NOTHING in project.run("snakemake")

    return check


@pytest.fixture
def small_disk(project: Project) -> Iterator[Path]:
    """A disk too small for a model, where ARAE's is to be."""
    folder = project.path / "results/models/arae-tiny"
    shutil.rmtree(folder)
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", str(folder)]
    if os.geteuid() or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("file systems cannot be mounted here")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk(project: Project, small_disk: Path, goes_on: Callable[[], None]) -> None:
    told = project.run("snakemake", code=1)
    assert "free space" in told or "free some" in told
    assert "Traceback" not in told
    assert not list(small_disk.rglob("*provenance.json"))
    subprocess.run(["mount", "-o", "remount,size=16m", str(small_disk)], check=True)
    goes_on()


@MORE
def test_files_that_may_not_grow(
    project: Project, finished: Project, goes_on: Callable[[], None]
) -> None:
    shutil.rmtree(project.path / "results/models/arae-tiny")
    size = (finished.path / "results/models/arae-tiny/seed-1/model.safetensors").stat().st_size
    # Only files of stages are that large here; DVC's database would be, too.
    told = project.run("bash", "-c", f"ulimit -f {size // 2048}; snakemake", code=1)
    assert "model.safetensors" in told
    assert "Traceback" not in told
    goes_on()


def test_a_folder_that_may_not_be_written(project: Project, goes_on: Callable[[], None]) -> None:
    for path in (project.path / SCORES).iterdir():
        path.unlink()
    (project.path / SCORES).chmod(0o555)
    # Root may write everywhere, unless this is taken from it.
    without = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"]
    if not os.geteuid() and not shutil.which("setpriv"):
        pytest.skip("root's powers cannot be given up here")
    told = project.run(*(without if not os.geteuid() else []), "snakemake", code=1)
    assert "ermission denied" in told
    assert f"{SCORES}/" in told
    if (project.path / SCORES).exists():  # Snakemake removes what it finds empty
        (project.path / SCORES).chmod(0o755)
    goes_on()


@pytest.mark.parametrize("left", [0.5, pytest.param(0.0, marks=MORE)])
def test_a_torn_record_of_snakemake_then_a_change_of_code(
    project: Project, left: float, goes_on: Callable[[], None]
) -> None:
    record = project.path / ".snakemake/metadata" / _encoded(SAMPLES)
    whole = record.read_bytes()
    record.write_bytes(whole[: int(len(whole) * left)])
    assert project.planned()["sample"] == 1
    project.edit("src/arae/stages/sample.py", "words = model", "words = _edited = model")
    assert project.planned()["sample"] == 2
    goes_on()


@pytest.mark.parametrize(
    "left", [0.5, pytest.param(0.9, marks=MORE), pytest.param(0.0, marks=MORE)]
)
def test_a_torn_dvc_lock(project: Project, left: float, goes_on: Callable[[], None]) -> None:
    lock = project.path / "dvc.lock"
    whole = lock.read_bytes()
    lock.write_bytes(whole[: int(len(whole) * left)])
    (project.path / SAMPLES).unlink()
    goes_on()
    assert "up to date" in project.run("dvc", "status")


def test_an_orphaned_stage_that_still_runs(project: Project, goes_on: Callable[[], None]) -> None:
    shutil.rmtree(project.path / "results/models/arae-tiny")
    locks = project.path / "work/locks"
    shutil.rmtree(locks, ignore_errors=True)
    running = project.start("snakemake")
    _wait(lambda: [path for path in locks.glob("*") if re.fullmatch("[0-9a-f]{24}", path.name)], 1)
    (orphan,) = stages_of(project)
    os.kill(orphan, signal.SIGSTOP)  # it neither ends nor goes on
    os.kill(running.pid, signal.SIGKILL)
    second = project.start("snakemake")
    _wait(lambda: stages_of(project), 2)
    time.sleep(2)
    assert second.poll() is None
    assert not (project.path / "results/models/arae-tiny/seed-1/provenance.json").exists()
    os.kill(orphan, signal.SIGCONT)
    told, _ = second.communicate(timeout=120)
    running.communicate()
    assert second.returncode == 0, told
    assert project.planned() == {}
    goes_on()


def test_two_invocations_at_once(project: Project, goes_on: Callable[[], None]) -> None:
    shutil.rmtree(project.path / "results/samples")
    both = [project.start("snakemake"), project.start("snakemake")]
    told = [process.communicate(timeout=200)[0] for process in both]
    assert sorted(process.returncode for process in both)[0] == 0, told
    for process, words in zip(both, told, strict=True):
        refused = "another snakemake" in words and "Traceback" not in words
        assert process.returncode == 0 or refused, words
    goes_on()


@pytest.mark.parametrize("days", [1, pytest.param(-400, marks=MORE)])
def test_a_clock_that_jumps(project: Project, days: int, goes_on: Callable[[], None]) -> None:
    (project.path / SAMPLES).unlink()
    now = time.time()
    for number, path in enumerate(sorted((project.path / "data").rglob("*.txt"))):
        os.utime(path, (now, now + (-1) ** number * days * DAY))
    jumping = Project(
        project.path, {"FAULT_CLOCK": str(days * DAY), "PYTHONPATH": os.fspath(INJECT)}
    )
    jumping.run("snakemake")
    assert project.planned() == {}
    goes_on()


def _wait(condition: Callable[[], list[Any]], count: int) -> list[Any]:
    """What a condition finds, as soon as there are that many."""
    deadline = time.monotonic() + 60
    while len(found := condition()) < count:
        assert time.monotonic() < deadline, f"{found} after a minute, not {count}"
        time.sleep(0.05)
    return found


def _encoded(name: str) -> str:
    return base64.urlsafe_b64encode(name.encode()).decode()
