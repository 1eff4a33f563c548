"""The background writer: it ends by itself, catches up, and never needs the store to be there."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from arae.foundation.files import write_json
from arae.foundation.owner import owner_name
from arae.tracking import invocation as invocation_module
from arae.tracking import writer
from arae.tracking.store import Store, StoreAway

from .conftest import DEAD, Shelf
from .test_shipping import train

Make = Callable[..., Any]
# Nothing listens on port 9 of the loopback.
AWAY = "http://somebody:secret@127.0.0.1:9"


@pytest.fixture(autouse=True)
def fast(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "ORPHAN_SECONDS", 0.3)
    monkeypatch.setattr(writer, "PATIENCE_SECONDS", 0.3)


def finish(folder: Path) -> None:
    write_json(folder / "finished.json", {"status": "FINISHED", "time": 9})


def away() -> Store:
    raise StoreAway("gone")


def test_it_ships_all_and_ends_when_the_invocation_is_finished(
    shelf: Shelf, invocation: Make, journal: Make
) -> None:
    folder = invocation()
    train(journal(folder))
    finish(folder)
    writer.follow(folder, shelf.connect, poll=0.05)
    assert [run.info.status for run in shelf.runs()] == ["FINISHED", "FINISHED"]


def test_it_ends_when_the_owner_dies_without_a_word(
    shelf: Shelf, invocation: Make, journal: Make
) -> None:
    with subprocess.Popen(["sleep", "600"]) as owner:
        folder = invocation(owner=owner_name(owner.pid))
        journal(folder).metrics(1, {"loss": 2.0})
        assert not invocation_module.is_over(folder)
        owner.kill()
    writer.follow(folder, shelf.connect, poll=0.05)
    assert {run.info.status for run in shelf.runs()} == {"KILLED"}
    assert len(shelf.points(shelf.children()[0])) == 1


def test_without_journals_no_store_is_needed_and_no_run_is_made(invocation: Make) -> None:
    folder = invocation()
    finish(folder)
    writer.follow(folder, away, poll=0.05)
    assert (folder / "shipped.json").exists()


def test_a_store_that_is_away_is_caught_up_by_the_next_writer(
    shelf: Shelf, invocation: Make, journal: Make
) -> None:
    first, second, third = (invocation(name=name) for name in ("first", "second", "third"))
    for folder in (first, second):
        train(journal(folder))
        finish(folder)
        writer.follow(folder, away, poll=0.05)
        assert not (folder / "shipped.json").exists()
    train(journal(third))
    finish(third)
    writer.follow(third, shelf.connect, poll=0.05)
    assert writer.unshipped(first.parent) == []
    assert len(shelf.parents()) == 3
    assert [len(shelf.points(run)) for run in shelf.children()] == [6, 6, 6]


def test_a_store_that_fails_for_a_while_is_asked_again(
    shelf: Shelf, invocation: Make, journal: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "PATIENCE_SECONDS", 60.0)
    folder = invocation()
    train(journal(folder))
    finish(folder)
    answers = [away, away, shelf.connect]
    writer.follow(folder, lambda: answers.pop(0)(), poll=0.05)
    assert answers == []
    assert len(shelf.runs()) == 2


def test_an_invocation_that_another_writer_follows_is_left_to_it(
    shelf: Shelf, invocation: Make, journal: Make
) -> None:
    folder = invocation(owner=DEAD)
    train(journal(folder))
    with writer._alone(folder) as mine:
        assert mine
        writer.follow(folder, away, poll=0.05)  # returns at once
        assert writer.catch_up(folder.parent, shelf.connect()) == 0
    assert writer.catch_up(folder.parent, shelf.connect()) == 1


def test_a_damaged_invocation_does_not_hold_up_the_others(
    shelf: Shelf, invocation: Make, journal: Make
) -> None:
    damaged, whole = invocation(name="a", owner=DEAD), invocation(name="b", owner=DEAD)
    for folder in (damaged, whole):
        train(journal(folder))
    (damaged / "invocation.json").write_text("{")
    assert writer.catch_up(whole.parent, shelf.connect()) == 1
    assert len(shelf.children()) == 1


def test_an_unreachable_store_is_told_without_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with pytest.raises(StoreAway) as caught:
        Store.connect(AWAY)
    assert "secret" not in str(caught.value)
    assert "127.0.0.1" in str(caught.value)


def start_writer(folder: Path, uri: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "arae", "track", "--follow", str(folder)],
        env={**os.environ, "MLFLOW_TRACKING_URI": uri},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@pytest.mark.slow
def test_a_writer_killed_at_work_is_replaced_without_a_trace(
    shelf: Shelf, invocation: Make, journal: Make
) -> None:
    folder = invocation()
    running = journal(folder)
    process = start_writer(folder, shelf.uri)
    step = 0
    deadline = time.monotonic() + 60
    while not any(shelf.points(run) for run in shelf.children()):
        running.metrics(step, {"loss": float(step)})
        step += 1
        time.sleep(0.05)
        assert time.monotonic() < deadline
    process.send_signal(signal.SIGKILL)
    process.communicate()
    running.metrics(step, {"loss": float(step)})
    running.end("FINISHED", "", {})
    finish(folder)
    process = start_writer(folder, shelf.uri)
    printed, _ = process.communicate(timeout=60)
    assert process.returncode == 0, printed
    (child,) = shelf.children()
    assert [(point[1], point[2]) for point in shelf.points(child)] == [
        (number, float(number)) for number in range(step + 1)
    ]


@pytest.mark.slow
def test_several_first_users_of_an_empty_store_do_not_break_it(
    tmp_path: Path, invocation: Make, journal: Make
) -> None:
    shelf = Shelf(f"sqlite:///{tmp_path / 'fresh.db'}")
    folders = [invocation(name=name) for name in ("a", "b", "c")]
    for folder in folders:
        train(journal(folder))
        finish(folder)
    processes = [start_writer(folder, shelf.uri) for folder in folders]
    for process in processes:
        printed, _ = process.communicate(timeout=120)
        assert process.returncode == 0, printed
    assert len(shelf.parents()) == 3
    assert [len(shelf.points(run)) for run in shelf.children()] == [6, 6, 6]


@pytest.mark.slow
def test_the_verb_says_what_it_shipped(
    shelf: Shelf, tmp_path: Path, invocation: Make, journal: Make
) -> None:
    folder = invocation(name="old", owner=DEAD)
    train(journal(folder))
    (tmp_path / "work").mkdir()
    (tmp_path / "journals").rename(tmp_path / "work" / "journals")

    def track(uri: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "arae", "track"],
            cwd=tmp_path,
            env={**os.environ, "MLFLOW_TRACKING_URI": uri, "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0"},
            capture_output=True,
            text=True,
            check=False,
        )

    done = track(AWAY)
    assert done.returncode == 1
    assert "the journals are kept" in done.stderr
    assert "secret" not in done.stderr
    assert "shipped 1 invocations" in track(shelf.uri).stderr
    assert "nothing to ship" in track(shelf.uri).stderr
