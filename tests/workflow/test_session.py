"""One run at a time, freed by the kernel; the machine's part of a run."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from arae.foundation.errors import AraeError, SettingsError
from arae.foundation.owner import owner_name
from arae.workflow.machine import gpus, one_line_errors, use_checkout
from arae.workflow.session import Session

HOLD = """
import sys
from arae.workflow.session import Session
session = Session()
session.begin()
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ARAE_TRACKING", "off")
    monkeypatch.setenv("ARAE_OWNER", "")
    monkeypatch.delenv("ARAE_JOURNAL", raising=False)


def hold() -> subprocess.Popen[str]:
    """Another process that has begun a session."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_a_second_run_is_refused_by_the_pid_of_the_first() -> None:
    with hold() as other:
        with pytest.raises(AraeError, match=rf"pid {other.pid}\).*kill -INT {other.pid}"):
            Session().begin()
        other.kill()


def test_a_killed_run_leaves_no_lock() -> None:
    with hold() as other:
        other.kill()
    Session().begin()


def test_a_plan_older_than_another_run_is_refused() -> None:
    early = Session()
    with hold() as other:
        other.kill()
    with pytest.raises(AraeError, match="run the same command again"):
        early.begin()
    Session().begin()


def test_stages_learn_their_owner_and_the_end_does_the_rest() -> None:
    session = Session()
    session.begin()
    assert os.environ["ARAE_OWNER"] == owner_name()
    assert "ARAE_JOURNAL" not in os.environ
    done: list[str] = []
    session.end("FINISHED", meanwhile=lambda: done.append("dvc"))
    assert done == ["dvc"]


def test_the_checkouts_code_and_this_interpreters_programs_come_first() -> None:
    here = str(Path(sys.executable).parent)
    environ = {"PATH": os.pathsep.join(["/usr/bin", here]), "PYTHONPATH": "/elsewhere"}
    for _ in range(2):
        use_checkout("/a b/c;d", environ)
        assert environ == {
            "PATH": os.pathsep.join([here, "/usr/bin"]),
            "PYTHONPATH": os.pathsep.join(["/a b/c;d/src", "/elsewhere"]),
        }


@pytest.mark.parametrize(
    ("wanted", "devices", "expected"),
    [("", ["0000:01:00.0"], 1), ("", [], 0), ("0", ["0000:01:00.0"], 0), ("1", [], 1)],
)
def test_gpus_are_counted_or_told(
    tmp_path: Path, wanted: str, devices: list[str], expected: int
) -> None:
    folder = tmp_path / "gpus"
    for device in devices:
        (folder / device).mkdir(parents=True)
    assert gpus({"ARAE_GPU": wanted}, folder) == expected


def test_expected_errors_are_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught, one_line_errors():
        raise SettingsError("params.yaml: no")
    assert caught.value.code == SettingsError.exit_code
    assert capsys.readouterr().err == "arae: error: params.yaml: no\n"
