"""Eight stages at once through the one writer, to stores that are cut off in the middle of it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from arae.foundation.files import read_json
from arae.tracking import invocation
from arae.tracking.invocation import Invocation

from .conftest import Shelf
from .servers import Postgres, TrackingServer, postgres, why_no_postgres

pytestmark = pytest.mark.slow

STAGES, STEPS, PAUSE = 8, 300, 0.05
AWAY_SECONDS = 6.0
STAGE = Path(__file__).with_name("load_stage.py")


@pytest.fixture(scope="module")
def database() -> Iterator[Postgres]:
    """A PostgreSQL; its tests are skipped where there is none."""
    reason = why_no_postgres()
    if reason:
        pytest.skip(reason)
    with postgres() as running:
        yield running


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[[str], TrackingServer]]:
    """Starts MLflow's server before a database; killed at the end."""
    started: list[TrackingServer] = []

    def start(uri: str) -> TrackingServer:
        started.append(TrackingServer(uri, tmp_path))
        started[-1].start()
        return started[-1]

    yield start
    for server in started:
        server.kill()


class Load:
    """A real invocation with its writer, and eight real stages that write to it."""

    def __init__(self, begun: Invocation) -> None:
        self.begun, self.started = begun, time.monotonic()
        environ = {**os.environ, "ARAE_JOURNAL": str(begun.folder)}
        self._stages = [
            subprocess.Popen(
                [sys.executable, str(STAGE), str(seed), str(STEPS), str(PAUSE)], env=environ
            )
            for seed in range(1, STAGES + 1)
        ]

    def told(self) -> str:
        """What the writer said."""
        return (self.begun.folder / "writer.log").read_text(encoding="utf-8")

    def written(self) -> dict[str, list[tuple[str, int, float, int]]]:
        """The points in the journals, by seed."""
        found = {}
        for journal in self.begun.folder.glob("*.jsonl"):
            with journal.open(encoding="utf-8") as lines:
                start, *events = map(json.loads, lines)
            found[str(start["seed"])] = sorted(
                (name, event["step"], value, event["time"])
                for event in events
                if event["event"] == "metrics"
                for name, value in event["values"].items()
            )
        return found

    def shipped(self) -> int:
        """Stages of which the writer has sent something."""
        cursors = self.begun.folder.glob("*.jsonl.cursor.json")
        return sum(read_json(cursor)["offset"] > 2000 for cursor in cursors)

    def go(self) -> None:
        """Let the stages go past their half."""
        Path("go").touch()

    def at_work(self) -> int:
        """Stages that have not ended."""
        return sum(stage.poll() is None for stage in self._stages)

    def finish(self) -> tuple[float, float]:
        """Wait for the stages, then for the writer; returns the seconds until each was done."""
        codes = [stage.wait(timeout=120) for stage in self._stages]
        assert codes == [0] * STAGES
        stages = time.monotonic() - self.started
        self.begun.finish("FINISHED")
        assert self.begun.writer is not None
        assert self.begun.writer.wait(timeout=120) == 0, self.told()
        return stages, time.monotonic() - self.started

    def stop(self) -> None:
        """Leave nothing behind, however the test went."""
        writer = [self.begun.writer] if self.begun.writer is not None else []
        for process in (*self._stages, *writer):
            process.kill()
            process.wait()


@pytest.fixture
def begin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Load]]:
    """Starts an invocation that is tracked at an address, and its stages."""
    monkeypatch.chdir(tmp_path)
    loads: list[Load] = []

    def start(uri: str) -> Load:
        monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
        loads.append(Load(invocation.begin({})))
        return loads[-1]

    yield start
    for load in loads:
        load.stop()


def wait_for(condition: Callable[[], object], what: str, seconds: float = 90.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"waited {seconds:.0f} s for {what}"
        time.sleep(0.05)


def cut_off(load: Load, kill: Callable[[], None], start: Callable[[], None]) -> None:
    """Kill the store while all stages write and the writer sends; start it again before they end."""
    wait_for(lambda: load.shipped() >= 1, "the first points to be sent")
    kill()
    assert load.at_work() == STAGES
    before = sum(map(len, load.written().values()))
    wait_for(lambda: "the store is away" in load.told(), "the writer to notice")
    time.sleep(AWAY_SECONDS)
    # The stages have gone on as if nothing had happened.
    assert sum(map(len, load.written().values())) - before > STAGES * AWAY_SECONDS / 2
    start()
    load.go()


def assert_all_arrived_once(load: Load, shelf: Shelf, report: str) -> None:
    """Ends the load; the store must hold what the journals hold, no more and no less."""
    stages, shipped = load.finish()
    written = load.written()
    (parent,), children = shelf.parents(), shelf.children()
    arrived = {run.data.tags["arae.seed"]: shelf.points(run) for run in children}
    sent, found = (sum(map(len, points.values())) for points in (written, arrived))
    print(
        f"\n{report}: {sent} points written, {found} arrived; "
        f"stages {stages:.1f} s, all shipped after {shipped:.1f} s"
    )
    assert sent >= STAGES * STEPS  # and the points of stages that waited
    assert len(children) == STAGES
    assert arrived == written
    assert {run.info.status for run in (parent, *children)} == {"FINISHED"}
    assert (load.begun.folder / "shipped.json").exists()


def test_straight_to_sqlite(shelf: Shelf, begin: Callable[[str], Load]) -> None:
    load = begin(shelf.uri)
    load.go()
    assert_all_arrived_once(load, shelf, "sqlite")


def test_a_server_before_sqlite_is_killed_and_started_again(
    empty_database: Path,
    tmp_path: Path,
    serve: Callable[[str], TrackingServer],
    begin: Callable[[str], Load],
) -> None:
    shutil.copy(empty_database, tmp_path / "served.db")
    server = serve(f"sqlite:///{tmp_path / 'served.db'}")
    load = begin(server.uri)
    cut_off(load, server.kill, server.start)
    assert_all_arrived_once(load, Shelf(server.uri), "server before sqlite, killed")


def test_a_server_before_postgresql_is_killed_and_started_again(
    database: Postgres, serve: Callable[[str], TrackingServer], begin: Callable[[str], Load]
) -> None:
    server = serve(database.fresh())
    load = begin(server.uri)
    cut_off(load, server.kill, server.start)
    assert_all_arrived_once(load, Shelf(server.uri), "server before PostgreSQL, killed")


def test_postgresql_behind_a_server_is_killed_and_started_again(
    database: Postgres, serve: Callable[[str], TrackingServer], begin: Callable[[str], Load]
) -> None:
    server = serve(database.fresh())
    load = begin(server.uri)
    cut_off(load, database.kill, database.start)
    assert_all_arrived_once(load, Shelf(server.uri), "PostgreSQL behind a server, killed")


def test_straight_to_postgresql(database: Postgres, begin: Callable[[str], Load]) -> None:
    uri = database.fresh()
    load = begin(uri)
    cut_off(load, database.kill, database.start)
    assert_all_arrived_once(load, Shelf(uri), "PostgreSQL without a server, killed")
