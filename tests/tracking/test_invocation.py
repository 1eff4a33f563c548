"""Where records go, who owns them, and that tracking never stands in the way."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from arae.foundation.files import read_json
from arae.foundation.owner import owner_name
from arae.tracking import invocation
from arae.tracking.places import home, journals, redact, sqlite_file, tracking_uri


def test_the_default_store_lies_in_the_checkout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    assert tracking_uri() == f"sqlite:///{tmp_path}/mlflow.db"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("sqlite:///runs/my.db", "sqlite:///{here}/runs/my.db"),
        ("sqlite:////var/my.db", "sqlite:////var/my.db"),
        ("http://127.0.0.1:5000", "http://127.0.0.1:5000"),
        ("postgresql://user:word@host/db", "postgresql://user:word@host/db"),
    ],
)
def test_a_given_store_is_made_absolute(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: str, expected: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", given)
    assert tracking_uri() == expected.format(here=tmp_path)


def test_the_file_of_a_sqlite_store() -> None:
    assert sqlite_file("sqlite:////a/b.db?timeout=3") == Path("/a/b.db")
    assert sqlite_file("http://host") is None


def test_records_of_a_queued_experiment_belong_to_the_checkout_around_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside = tmp_path / ".dvc/tmp/exps/tmpab12"
    inside.mkdir(parents=True)
    monkeypatch.chdir(inside)
    assert home() == tmp_path
    assert journals() == tmp_path / "work/journals"


def test_credentials_are_hidden() -> None:
    assert redact("to http://me:pa%40ss@host/x failed") == "to http://***@host/x failed"
    assert redact("to http://host/x@y failed") == "to http://host/x@y failed"


@pytest.fixture
def no_writer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(invocation, "start_writer", lambda folder: None)


@pytest.mark.usefixtures("no_writer")
def test_an_invocation_names_its_owner_until_it_is_finished() -> None:
    begun = invocation.begin({"DVC_EXP_NAME": "dry-run"})
    record = read_json(begun.folder / "invocation.json")
    assert record["owner"] == owner_name()
    assert record["launcher"] == "snakemake"
    assert not invocation.is_over(begun.folder)
    begun.finish("FAILED")
    assert invocation.is_over(begun.folder)
    assert invocation.outcome(begun.folder, ["FINISHED"]) == "FAILED"


@pytest.mark.usefixtures("no_writer")
def test_all_runs_of_one_dvc_share_an_invocation(monkeypatch: pytest.MonkeyPatch) -> None:
    with subprocess.Popen(["sleep", "600"]) as dvc:
        monkeypatch.setattr(invocation, "_enclosing_dvc", lambda: dvc.pid)
        first = invocation.begin({"DVC_STAGE": "train", "DVC_EXP_NAME": "vocal-yaps"})
        first.finish("FINISHED")
        second = invocation.begin({"DVC_STAGE": "sample"})
        assert second.folder == first.folder
        assert read_json(first.folder / "invocation.json")["dvc_experiment"] == "vocal-yaps"
        assert not invocation.is_over(first.folder)
        second.finish("FAILED")
        dvc.kill()
    assert invocation.is_over(first.folder)
    assert invocation.outcome(first.folder, ["FINISHED"]) == "FAILED"


def test_the_enclosing_dvc_is_found(tmp_path: Path) -> None:
    script = tmp_path / "dvc"
    script.write_text(
        "#!/bin/sh\nexec_later() { :; }\n"
        'python -c "from arae.tracking.invocation import _enclosing_dvc as f; print(f())"\n'
        "exit 0\n"
    )
    script.chmod(0o755)
    with subprocess.Popen([str(script)], stdout=subprocess.PIPE, text=True, env=_path()) as process:
        printed = process.communicate()[0]
    assert int(printed) == process.pid


def _path() -> dict[str, str]:
    import sys

    return {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}


def test_a_writer_that_cannot_start_stops_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(*words: Any, **options: Any) -> None:
        raise OSError("no more processes")

    monkeypatch.setattr(subprocess, "Popen", refuse)
    assert invocation.start_writer(tmp_path) is None
    assert "tracking is off: no more processes" in capsys.readouterr().err
    invocation.Invocation(tmp_path, False, None).wait(5.0)


def test_the_end_waits_only_a_little_for_the_writer(tmp_path: Path) -> None:
    with subprocess.Popen(["sleep", "600"]) as slow:
        invocation.Invocation(tmp_path, False, slow).wait(0.05)  # type: ignore[arg-type]
        assert slow.poll() is None
        slow.kill()
