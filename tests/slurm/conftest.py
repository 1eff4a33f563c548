"""One cluster for all tests, and a project whose only missing file is a model that takes a while."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.slurm import cluster
from tests.slurm.cluster import Cluster
from tests.workflow.conftest import Project, make_project

PROFILE = "profiles/test"
MODEL = "results/models/arae-tiny/seed-1"
# The executor plugin is not among the requirements of a laptop: requirements.extras.lock has it.
PLUGIN = "snakemake_executor_plugin_slurm"


@pytest.fixture(scope="session")
def slurm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A running cluster."""
    pytest.importorskip(PLUGIN, reason="make extras installs Snakemake's SLURM plugin")
    reason = cluster.why_not()
    if reason:
        pytest.skip(f"SLURM cannot be started here: {reason}")
    with cluster.running(tmp_path_factory.mktemp("slurm") / "cluster") as found:
        yield found


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project made by a local run. Not to be changed."""
    project = prepared(tmp_path_factory.mktemp("whole") / "project")
    project.run("snakemake")
    return project


@pytest.fixture
def project(whole: Project, tmp_path: Path) -> Project:
    """Its copy without the ARAE, whose training takes about ten seconds."""
    copy = Project(tmp_path / "project")
    shutil.copytree(whole.path, copy.path, symlinks=True)
    shutil.rmtree(copy.path / MODEL)
    return copy


def prepared(folder: Path) -> Project:
    """A fresh project whose ARAE trains for a while, with a profile for the test's cluster."""
    project = make_project(folder)
    project.edit("params.yaml", "arae-tiny: {base: tiny,", "arae-tiny: {base: tiny, epochs: 100,")
    write_profile(project)
    project.commit("for the cluster")
    return project


def write_profile(project: Project, **resources: dict[str, object]) -> None:
    """The shipped profile, edited as its comments say: partitions, and no long waits.

    `resources`: more of them by rule.
    """
    profile = yaml.safe_load((project.path / "profiles/slurm/config.yaml").read_text("utf-8"))
    profile["default-resources"]["slurm_partition"] = "cpu"
    for rule, own in profile["set-resources"].items():
        own |= {"slurm_partition": "gpu", **resources.get(rule, {})}
    profile |= {
        "slurm-init-seconds-before-status-checks": 1,
        "seconds-between-status-checks": 1,
        "latency-wait": 10,
    }
    path = project.path / PROFILE / "config.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(yaml.safe_dump(profile), encoding="utf-8")
