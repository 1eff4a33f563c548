"""The profile for other schedulers, with a queue of a few lines of shell in the scheduler's place."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml

from tests.slurm.conftest import MODEL, prepared
from tests.workflow.conftest import Project

pytestmark = [pytest.mark.slow, pytest.mark.workflow]

PROFILE = "profiles/other"
# Takes the job script, starts it apart from the submitter, says its name and what was asked for.
SUBMIT = """#!/bin/sh
echo "$1 $2 $3" >> asked
nohup setsid sh "$4" > /dev/null 2>&1 &
echo $!
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project whose profile submits to the queue."""
    pytest.importorskip(
        "snakemake_executor_plugin_cluster_generic", reason="make extras installs the plugin"
    )
    project = prepared(tmp_path / "project")
    submit = project.path / "submit.sh"
    submit.write_text(SUBMIT, encoding="ascii")
    submit.chmod(0o755)
    shutil.copytree(project.path / "profiles/generic", project.path / PROFILE)
    config = project.path / PROFILE / "config.yaml"
    profile = yaml.safe_load(config.read_text(encoding="utf-8"))
    profile["cluster-generic-submit-cmd"] = (
        "./submit.sh {threads} {resources.mem_mb} {resources.gpu}"
    )
    profile["cluster-generic-cancel-cmd"] = "kill"
    profile |= {"latency-wait": 10, "seconds-between-status-checks": 1}
    config.write_text(yaml.safe_dump(profile), encoding="utf-8")
    return project


def test_a_model_is_made_by_submitted_jobs(project: Project, whole: Project) -> None:
    model = f"{MODEL}/model.safetensors"
    project.run("snakemake", "--workflow-profile", PROFILE, model)
    made = project.hashes()
    assert made[model] == whole.hashes()[model]
    asked = (project.path / "asked").read_text(encoding="ascii").splitlines()
    assert asked == ["1 2000 0", "8 4000 0", "1 2000 0", "1 2000 0", "1 6000 1"]
