"""A real sqlite store, and invocation folders with real journals in them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from arae.foundation.files import write_json
from arae.foundation.journal import Journal
from arae.foundation.owner import owner_name
from arae.tracking.store import Store

DEAD = f"{os.uname().nodename}@999999999:1"


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh store's database (making one takes seconds)."""
    file = tmp_path_factory.mktemp("store") / "mlflow.db"
    Store.connect(f"sqlite:///{file}")
    return file


@dataclass
class Shelf:
    """A store and what is in it."""

    uri: str

    def connect(self) -> Store:
        return Store.connect(self.uri)

    @property
    def client(self) -> Any:
        from mlflow import MlflowClient

        return MlflowClient(tracking_uri=self.uri)

    def runs(self) -> list[Any]:
        """All runs, the first started first."""
        experiment = self.client.get_experiment_by_name("arae")
        found = self.client.search_runs([experiment.experiment_id], order_by=["start_time"])
        return list(found)

    def children(self) -> list[Any]:
        return [run for run in self.runs() if "mlflow.parentRunId" in run.data.tags]

    def parents(self) -> list[Any]:
        return [run for run in self.runs() if "mlflow.parentRunId" not in run.data.tags]

    def points(self, run: Any) -> list[tuple[str, int, float, int]]:
        """Every stored point of a run: name, step, value, time."""
        return sorted(
            (point.key, point.step, point.value, point.timestamp)
            for name in run.data.metrics
            for point in self.client.get_metric_history(run.info.run_id, name)
        )


@pytest.fixture
def shelf(empty_database: Path, tmp_path: Path) -> Shelf:
    """An empty store of its own for a test."""
    file = tmp_path / "mlflow.db"
    shutil.copy(empty_database, file)
    return Shelf(f"sqlite:///{file}")


@pytest.fixture
def invocation(tmp_path: Path) -> Callable[..., Path]:
    """Makes an invocation's folder, owned by this process unless told otherwise."""

    def make(name: str = "first", owner: str | None = None, launcher: str = "snakemake") -> Path:
        folder = tmp_path / "journals" / name
        folder.mkdir(parents=True)
        record = {
            "id": name,
            "owner": owner or owner_name(),
            "started": 1_700_000_000_000,
            "launcher": launcher,
            "command": "snakemake coverage-scenes",
            "dvc_experiment": "",
            "git_commit": "c0ffee",
        }
        write_json(folder / "invocation.json", record)
        return folder

    return make


@pytest.fixture
def journal(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Journal]:
    """Starts a stage's journal in a folder."""

    def start(folder: Path, seed: int = 1, settings: dict[str, Any] | None = None) -> Journal:
        monkeypatch.setenv("ARAE_JOURNAL", str(folder))
        artefact = f"results/models/arae-scenes/seed-{seed}/provenance.json"
        inputs = {"data/processed/scenes/ids/train.npy": {"sha256": "abc", "bytes": 3}}
        values = {"critic": {"steps": 5}} if settings is None else settings
        return Journal.open("train", f"key{seed}", artefact, values, seed, inputs)

    return start
