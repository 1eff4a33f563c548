"""Journals become MLflow runs, whole and exactly once, whatever interrupts the writer."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from arae.foundation.files import write_json
from arae.foundation.journal import Journal
from arae.tracking import cursor as cursor_module
from arae.tracking import shipping
from arae.tracking.cursor import Cursor, read_events
from arae.tracking.store import Store

from .conftest import DEAD, Shelf

Make = Callable[..., Any]


def train(journal: Journal, steps: int = 3, status: str = "FINISHED") -> None:
    """Write a whole journal."""
    for step in range(steps):
        journal.metrics(step, {"loss": 1.0 / (step + 1), "valid reverse_ppl": 10.0 + step})
    journal.end(status, "" if status == "FINISHED" else "loss is NaN", {"model.safetensors": "fed"})


def test_a_journal_becomes_a_child_run(shelf: Shelf, invocation: Make, journal: Make) -> None:
    folder = invocation(owner=DEAD)
    train(journal(folder))
    write_json(folder / "finished.json", {"status": "FINISHED", "time": 5})
    shipping.ship(shelf.connect(), folder, final=True)

    (parent,), (child,) = shelf.parents(), shelf.children()
    assert parent.info.run_name == "snakemake 2023-11-14 22:13:20"
    assert parent.info.status == "FINISHED"
    assert parent.data.tags["arae.launcher"] == "snakemake"
    assert child.info.run_name == "train arae-scenes seed 1"
    assert child.info.status == "FINISHED"
    assert child.data.params == {"critic.steps": "5"}
    tags = child.data.tags
    assert tags["mlflow.parentRunId"] == parent.info.run_id
    assert tags["mlflow.source.git.commit"] == "c0ffee"
    assert (tags["arae.stage"], tags["arae.seed"], tags["arae.key"]) == ("train", "1", "key1")
    assert tags["arae.artefact"] == "results/models/arae-scenes/seed-1/provenance.json"
    assert tags["arae.input.data/processed/scenes/ids/train.npy"] == "abc"
    assert tags["arae.output.model.safetensors"] == "fed"
    events = [json.loads(line) for line in next(folder.glob("*.jsonl")).open(encoding="utf-8")]
    assert shelf.points(child) == sorted(
        (name, event["step"], value, event["time"])
        for event in events[1:-1]
        for name, value in event["values"].items()
    )
    assert (child.info.start_time, child.info.end_time) == (events[0]["time"], events[-1]["time"])
    assert (folder / "shipped.json").exists()


def test_numbers_arrive_while_the_stage_runs(shelf: Shelf, invocation: Make, journal: Make) -> None:
    folder, store = invocation(), shelf.connect()
    running = journal(folder)
    for step in range(3):
        running.metrics(step, {"loss": float(step)})
        assert shipping.pending(folder)
        shipping.ship(store, folder, final=False)
        assert not shipping.pending(folder)
        (child,) = shelf.children()
        assert len(shelf.points(child)) == step + 1
        assert child.info.status == "RUNNING"
    assert not (folder / "shipped.json").exists()


def test_a_line_still_being_written_is_left_alone(
    shelf: Shelf, invocation: Make, journal: Make
) -> None:
    folder, store = invocation(), shelf.connect()
    journal(folder)
    (file,) = folder.glob("*.jsonl")
    line = json.dumps({"time": 7, "event": "metrics", "step": 1, "values": {"loss": 2.5}})
    with file.open("a", encoding="utf-8") as handle:
        handle.write(line[:30])
    shipping.ship(store, folder, final=False)
    assert shelf.points(shelf.children()[0]) == []
    with file.open("a", encoding="utf-8") as handle:
        handle.write(line[30:] + "\n")
    shipping.ship(store, folder, final=False)
    assert shelf.points(shelf.children()[0]) == [("loss", 1, 2.5, 7)]


def test_lines_that_are_no_events_are_passed_over(tmp_path: Path) -> None:
    file = tmp_path / "j.jsonl"
    good = '{"time": 1, "event": "end"}\n'
    file.write_text('{"half\n[1]\n{"event": "metrics"}\n' + good + "\n\0\0\n" + good + '{"rest')
    events = list(read_events(file, 0))
    assert [event["event"] for event, _ in events] == ["end", "end"]
    assert file.read_text()[events[-1][1] :] == '{"rest'


@pytest.mark.parametrize(
    ("ends", "marks", "launcher", "expected"),
    [
        (["FINISHED"], {"finished.json": "FINISHED"}, "snakemake", "FINISHED"),
        (["FINISHED", "FAILED"], {"finished.json": "FAILED"}, "snakemake", "FAILED"),
        (["FINISHED", "KILLED"], {"finished.json": "FAILED"}, "snakemake", "KILLED"),
        (["FINISHED"], {}, "snakemake", "KILLED"),
        (["FINISHED", None], {}, "snakemake", "KILLED"),
        (["FINISHED"], {}, "dvc", "FINISHED"),
        (["FINISHED", None], {}, "dvc", "KILLED"),
        (["FINISHED"], {"failed.json": "FAILED"}, "dvc", "FAILED"),
    ],
)
def test_the_status_of_an_invocation(
    shelf: Shelf,
    invocation: Make,
    journal: Make,
    ends: list[str | None],
    marks: dict[str, str],
    launcher: str,
    expected: str,
) -> None:
    folder = invocation(owner=DEAD, launcher=launcher)
    for seed, status in enumerate(ends):
        started = journal(folder, seed=seed)
        if status is not None:
            train(started, status=status)
    for name, status in marks.items():
        write_json(folder / name, {"status": status, "time": 1})
    shipping.ship(shelf.connect(), folder, final=True)
    assert shelf.parents()[0].info.status == expected
    assert {run.data.tags["arae.seed"]: run.info.status for run in shelf.children()} == {
        str(seed): status or "KILLED" for seed, status in enumerate(ends)
    }


def test_thousands_of_points_and_awkward_names(
    shelf: Shelf, invocation: Make, journal: Make
) -> None:
    folder = invocation(owner=DEAD)
    settings = {f"key {i} (ö)": "x" * 9000 for i in range(150)}
    started = journal(folder, settings=settings)
    for step in range(2500):
        started.metrics(step, {"loss % [nats]": step / 3})
    started.end("FINISHED", "", {})
    shipping.ship(shelf.connect(), folder, final=True)
    (child,) = shelf.children()
    assert len(child.data.params) == 150
    history = shelf.client.get_metric_history(child.info.run_id, "loss _ _nats_")
    assert sorted((point.step, point.value) for point in history) == [
        (step, step / 3) for step in range(2500)
    ]


class Killed(BaseException):
    """Stands for kill -9: nothing after it runs."""


class Fragile:
    """A client that is killed just before or just after its n-th call took effect."""

    def __init__(self, client: Any, calls: Any, fatal: int, after: bool) -> None:
        self._client, self._calls, self._fatal, self._after = client, calls, fatal, after

    def __getattr__(self, name: str) -> Any:
        def call(*words: Any, **options: Any) -> Any:
            fatal = next(self._calls) == self._fatal
            if fatal and not self._after:
                raise Killed
            result = getattr(self._client, name)(*words, **options)
            if fatal:
                raise Killed
            return result

        return call


@pytest.mark.slow
@pytest.mark.parametrize("after", [False, True])
def test_every_point_exactly_once_whenever_the_writer_is_killed(
    shelf: Shelf, invocation: Make, journal: Make, monkeypatch: pytest.MonkeyPatch, after: bool
) -> None:
    monkeypatch.setattr(shipping, "BATCH_METRICS", 2)  # several batches, so several places to die
    whole = shelf.connect()
    for fatal in itertools.count():
        folder = invocation(name=f"run{fatal}", owner=DEAD)
        train(journal(folder, seed=1), steps=3)
        train(journal(folder, seed=2), steps=1)
        fragile = Store(Fragile(whole._client, itertools.count(), fatal, after), whole.experiment)
        try:
            shipping.ship(fragile, folder, final=True)
            survived = True
        except Killed:
            survived = False
            shipping.ship(whole, folder, final=True)
        _assert_exactly_once(shelf, folder)
        if survived:
            break
    assert fatal > 12


@pytest.mark.slow
def test_every_point_exactly_once_whenever_the_cursor_is_not_saved(
    shelf: Shelf, invocation: Make, journal: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = shelf.connect()
    for fatal in itertools.count():
        folder = invocation(name=f"run{fatal}", owner=DEAD)
        train(journal(folder, seed=1), steps=3)
        train(journal(folder, seed=2), steps=1)
        calls = itertools.count()

        def write(path: Path, value: Any, calls: Any = calls, fatal: int = fatal) -> None:
            if next(calls) == fatal:
                raise Killed
            write_json(path, value)

        with monkeypatch.context() as patch:
            patch.setattr(cursor_module, "write_json", write)
            try:
                shipping.ship(store, folder, final=True)
                survived = True
            except Killed:
                survived = False
        shipping.ship(store, folder, final=True)
        _assert_exactly_once(shelf, folder)
        if survived:
            break
    assert fatal >= 3


def _assert_exactly_once(shelf: Shelf, folder: Path) -> None:
    (parent,) = (r for r in shelf.parents() if r.data.tags["arae.invocation"] == folder.name)
    children = [
        run for run in shelf.children() if run.data.tags["mlflow.parentRunId"] == parent.info.run_id
    ]
    counts = {run.data.tags["arae.seed"]: len(shelf.points(run)) for run in children}
    assert len(children) == 2
    assert counts == {"1": 6, "2": 2}
    assert {run.info.status for run in children} == {"FINISHED"}
    assert all(run.data.tags["arae.output.model.safetensors"] == "fed" for run in children)


def test_an_unreadable_cursor_starts_anew(tmp_path: Path) -> None:
    journal = tmp_path / "j.jsonl"
    saved = Cursor.of(journal)
    saved.offset = 12
    saved.save()
    assert Cursor.of(journal).offset == 12
    saved.path.write_text("{")
    assert Cursor.of(journal).offset == 0
