"""The workflow on a real SLURM: the same files as a local run, whatever happens to jobs and nodes."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.slurm.cluster import Cluster
from tests.slurm.conftest import MODEL, PROFILE, prepared, write_profile
from tests.workflow.conftest import Project, stages_of

pytestmark = [pytest.mark.slow, pytest.mark.workflow]

SNAKEMAKE = ("snakemake", "--workflow-profile", PROFILE)
# Short jobs that follow one another, as one job of SLURM.
GROUPED = ("--groups", "fetch=text", "tokenize=text", "vocabulary=text", "encode=text")
TRAIN = "rule_train_wildcards_arae-tiny_1"
RESUMED = "resumed at iteration"


class Jobs:
    """The jobs that one test submits."""

    def __init__(self, slurm: Cluster) -> None:
        self._slurm = slurm
        self._before = {job["JobId"] for job in slurm.jobs()}

    def of(self, comment: str) -> list[dict[str, str]]:
        """Jobs of a rule with its wildcards, the first first."""
        jobs = [job for job in self._slurm.jobs() if job["JobId"] not in self._before]
        mine = [job for job in jobs if job.get("Comment", "").startswith(comment)]
        return sorted(mine, key=lambda job: int(job["JobId"]))

    def states(self, comment: str = TRAIN) -> list[str]:
        """Their states."""
        return [job["JobState"] for job in self.of(comment)]


@pytest.fixture
def jobs(slurm: Cluster) -> Jobs:
    return Jobs(slurm)


@pytest.fixture
def training(project: Project, jobs: Jobs) -> Iterator[subprocess.Popen[str]]:
    """A run on the cluster whose training has written a checkpoint."""
    run = project.start(*SNAKEMAKE, MODEL + "/model.safetensors")
    try:
        _wait_for(lambda: _checkpoints(project), "a checkpoint", run)
        yield run
    finally:
        if run.poll() is None:
            os.killpg(run.pid, signal.SIGKILL)


def test_a_run_makes_the_files_of_a_local_run_and_asks_for_what_rules_declare(
    whole: Project, jobs: Jobs, tmp_path: Path
) -> None:
    project = prepared(tmp_path / "project")
    project.run(*SNAKEMAKE, *GROUPED, seconds=600)
    assert project.hashes() == whole.hashes()
    assert "Nothing to be done" in project.run("snakemake")
    (train,) = jobs.of(TRAIN)
    asked = {name: train.get(name) for name in ("TimeLimit", "MinMemoryNode", "NumCPUs")}
    assert asked == {"TimeLimit": "1-00:00:00", "MinMemoryNode": "6000M", "NumCPUs": "1"}
    assert train["Partition"] == "gpu" and "gpu:1" in train["TresPerJob"]
    sample, _ = jobs.of("rule_sample")
    assert sample["Partition"] == "cpu" and "TresPerJob" not in sample
    assert not jobs.of("rule_tokenize")  # in the group


def test_a_cancelled_training_goes_on(
    project: Project,
    whole: Project,
    slurm: Cluster,
    jobs: Jobs,
    training: subprocess.Popen[str],
) -> None:
    slurm.cancel(jobs.of(TRAIN)[0]["JobId"])
    _ends_well(project, whole, training)
    assert jobs.states() == ["CANCELLED", "COMPLETED"]


def test_a_node_that_goes_down_costs_nothing(
    project: Project,
    whole: Project,
    slurm: Cluster,
    jobs: Jobs,
    training: subprocess.Popen[str],
) -> None:
    slurm.control("update", "nodename=g1", "state=down", "reason=test")
    _wait_for(lambda: "RUNNING" not in jobs.states(), "the job to leave the node", training)
    slurm.resume("g1")
    _ends_well(project, whole, training)


def test_a_killed_submitter_is_started_again_without_two_writers(
    project: Project, whole: Project, jobs: Jobs, training: subprocess.Popen[str]
) -> None:
    os.killpg(training.pid, signal.SIGKILL)
    training.communicate()
    assert jobs.states() == ["RUNNING"]  # SLURM does not know that nobody waits for it
    again = project.start(*SNAKEMAKE, MODEL + "/model.safetensors")
    _ends_well(project, whole, again)
    first, second = jobs.of(TRAIN)
    assert first["JobState"] == "FAILED" and second["JobState"] == "COMPLETED"


def test_ctrl_c_cancels_the_jobs_and_the_same_command_goes_on(
    project: Project, whole: Project, jobs: Jobs, training: subprocess.Popen[str]
) -> None:
    os.killpg(training.pid, signal.SIGINT)
    training.communicate(timeout=60)
    assert training.returncode != 0
    assert jobs.states() == ["CANCELLED"]
    _ends_well(project, whole, project.start(*SNAKEMAKE, MODEL + "/model.safetensors"))


def test_a_killed_stage_goes_on(
    project: Project, whole: Project, jobs: Jobs, training: subprocess.Popen[str]
) -> None:
    for stage in stages_of(project):
        os.kill(stage, signal.SIGKILL)
    _ends_well(project, whole, training)
    assert jobs.states() == ["FAILED", "COMPLETED"]


def test_a_job_killed_for_its_memory_is_given_more(
    project: Project, whole: Project, jobs: Jobs
) -> None:
    write_profile(project, train={"mem_mb": "attempt * attempt * 100"})
    run = project.start(*SNAKEMAKE, MODEL + "/model.safetensors")
    _ends_well(project, whole, run, resumed=None)  # as far as it came before it was killed
    *killed, last = jobs.of(TRAIN)
    assert killed and {job["JobState"] for job in killed} <= {
        "FAILED",
        "OUT_OF_MEMORY",
        "CANCELLED",
    }
    assert last["JobState"] == "COMPLETED" and last["MinMemoryNode"] in ("400M", "900M", "1600M")


@pytest.mark.thorough  # minutes, most of them waiting: SLURM looks at limits twice a minute
def test_a_job_out_of_time_goes_on_with_more(project: Project, whole: Project, jobs: Jobs) -> None:
    write_profile(project, train={"runtime": "attempt * attempt"})
    run = project.start(*SNAKEMAKE, MODEL + "/model.safetensors")
    _wait_for(lambda: _checkpoints(project), "a checkpoint", run)
    for stage in stages_of(project):
        os.kill(stage, signal.SIGSTOP)  # a minute is the least that SLURM limits
    _ends_well(project, whole, run)
    assert jobs.states() == ["TIMEOUT", "COMPLETED"]
    assert [job["TimeLimit"] for job in jobs.of(TRAIN)] == ["00:01:00", "00:04:00"]


def _ends_well(
    project: Project, whole: Project, run: subprocess.Popen[str], resumed: bool | None = True
) -> None:
    """The run ends by itself, and the model is bit for bit that of the local run."""
    told, _ = run.communicate(timeout=300)
    assert run.returncode == 0, told[-4000:]
    assert project.hashes() == whole.hashes()
    log = (project.path / "logs/train/arae-tiny/seed-1.log").read_text(encoding="utf-8")
    assert resumed is None or (RESUMED in log) == resumed
    assert not _checkpoints(project)


def _checkpoints(project: Project) -> list[Path]:
    return list(project.path.glob("work/train/*/step-*.json"))


def _wait_for(
    condition: Callable[[], object], what: str, run: subprocess.Popen[str], seconds: float = 240
) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert run.poll() is None, f"ended while waiting for {what}: {run.communicate()[0][-4000:]}"
        assert time.monotonic() < deadline, f"waited {seconds} s for {what}"
        time.sleep(0.1)
