"""A stage ends when the workflow that started it is gone, on its host or on another."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from arae.foundation import owner
from arae.foundation.owner import own_stages, owner_name

STAGE = """
import os, signal, sys, time
from arae.foundation import owner
from arae.foundation.stage import stage_run
owner.SILENCE_SECONDS = 8
if "--saves" in sys.argv:
    def save(number, frame):
        os.write(1, b"saved\\n")  # a signal may arrive in the middle of a print
        sys.exit(75)
    signal.signal(signal.SIGTERM, save)
with stage_run("sample", sidecar="o.json", inputs=[], outputs=[], settings={}):
    print("running", flush=True)
    time.sleep(60)
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ARAE_OWNER", "")
    monkeypatch.setenv("ARAE_HEARTBEAT", "")


def stage(owner: str, heartbeat: str = "", *options: str) -> subprocess.Popen[str]:
    """A stage at work that an owner is said to have started."""
    environment = {**os.environ, "ARAE_OWNER": owner, "ARAE_HEARTBEAT": heartbeat}
    child = subprocess.Popen(
        [sys.executable, "-c", STAGE, *options],
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None and child.stdout.readline() == "running\n"
    return child


def test_a_stage_ends_when_its_owner_is_killed() -> None:
    workflow = subprocess.Popen(["sleep", "60"])
    child = stage(owner_name(workflow.pid))
    workflow.send_signal(signal.SIGKILL)
    workflow.wait()
    assert child.wait(timeout=10) == 75
    assert not Path("o.json").exists()


def test_a_stage_that_saves_its_state_is_given_the_time() -> None:
    workflow = subprocess.Popen(["sleep", "60"])
    child = stage(owner_name(workflow.pid), "", "--saves")
    workflow.kill()
    workflow.wait()
    assert child.wait(timeout=10) == 75
    assert child.stdout is not None and child.stdout.read() == "saved\n"


def test_a_stage_of_another_host_lives_while_the_heartbeat_changes() -> None:
    beat = Path("heartbeat")
    child = stage("elsewhere@1:1", str(beat))
    for count in range(20):  # longer than a stage lives without a beat
        beat.write_text(f"{count}")
        time.sleep(0.5)
    assert child.poll() is None
    assert child.wait(timeout=30) == 75


def test_without_an_owner_or_a_heartbeat_nothing_is_watched() -> None:
    for name in ("", "elsewhere@1:1"):
        child = stage(name)
        time.sleep(2)
        assert child.poll() is None
        child.kill()
        child.wait()


def test_the_owner_names_itself_and_beats(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(owner, "BEAT_SECONDS", 0.05)
    own_stages(Path("heartbeat"))
    assert os.environ["ARAE_OWNER"] == owner_name()
    assert os.environ["ARAE_HEARTBEAT"] == str(Path("heartbeat").resolve())
    seen = set()
    for _ in range(20):
        time.sleep(0.05)
        seen.add(Path("heartbeat").read_text(encoding="ascii"))
    assert len(seen) > 3
