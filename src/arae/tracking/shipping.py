"""Ship one invocation's journals to a store, from where the last attempt stopped, exactly once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from arae.foundation.files import read_json, write_json
from arae.tracking.cursor import Cursor, has_more, read_events
from arae.tracking.invocation import RECORD, outcome
from arae.tracking.store import BATCH_METRICS, Point, Store, output_tag

SHIPPED = "shipped.json"


def pending(folder: Path) -> bool:
    """Whether the folder holds anything that has not been shipped."""
    return any(has_more(journal, Cursor.of(journal).offset) for journal in _journals(folder))


def all_ended(folder: Path) -> bool:
    """Whether every shipped journal has come to its end."""
    return all(Cursor.of(journal).status for journal in _journals(folder))


def ship(store: Store, folder: Path, final: bool) -> None:
    """Ship whatever is new in the folder's journals.

    With `final` nothing more is to come: journals without an end are closed as KILLED, the parent
    run is ended and the folder is marked as shipped.

    Raises:
        StoreAway: the store failed; calling again goes on where it stopped.
    """
    journals = _journals(folder)
    if journals:
        parent = _parent(store, folder)
        for journal in journals:
            _ship_journal(store, journal, parent, final)
        if final:
            cursors = [Cursor.of(journal) for journal in journals]
            times = [int(_last_time(journal)) for journal in journals]
            store.end(parent.run_id, outcome(folder, [c.status for c in cursors]), max(times))
    if final:
        write_json(folder / SHIPPED, {"journals": len(journals)})


def _journals(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.jsonl"))


def _parent(store: Store, folder: Path) -> Cursor:
    cursor = Cursor.of(folder / "parent")
    if not cursor.run_id:
        record = read_json(folder / RECORD)
        started = datetime.fromtimestamp(record["started"] / 1000, UTC)
        tags = {
            "arae.launcher": record["launcher"],
            "arae.command": record["command"],
            "arae.dvc_experiment": record["dvc_experiment"],
            "mlflow.source.git.commit": record["git_commit"],
            "mlflow.source.name": record["launcher"],
        }
        name = f"{record['launcher']} {started:%Y-%m-%d %H:%M:%S}"
        cursor.run_id = store.run("arae.invocation", record["id"], name, record["started"], tags)
        cursor.save()
    return cursor


def _ship_journal(store: Store, journal: Path, parent: Cursor, final: bool) -> None:
    cursor = Cursor.of(journal)
    while has_more(journal, cursor.offset) and _ship_block(store, journal, cursor, parent):
        pass
    if final and cursor.run_id and not cursor.status:
        store.end(cursor.run_id, "KILLED", _last_time(journal))
        cursor.status = "KILLED"
        cursor.save()


def _ship_block(store: Store, journal: Path, cursor: Cursor, parent: Cursor) -> bool:
    """Ship one block of whole lines; False if there was none."""
    points: list[Point] = []
    before = cursor.offset
    behind = before
    for event, offset in read_events(journal, before):
        behind = offset
        if event["event"] == "metrics":
            points.extend(_points(event))
        elif event["event"] == "start":
            cursor.run_id = _child(store, journal, event, parent)
        elif event["event"] == "end" and cursor.run_id:
            store.metrics(cursor.run_id, points)
            points = []
            _end(store, cursor, event)
        if len(points) >= BATCH_METRICS:
            store.metrics(cursor.run_id, points)
            points = []
            _advance(cursor, behind)
    if points and cursor.run_id:
        store.metrics(cursor.run_id, points)
    _advance(cursor, behind)
    return cursor.offset > before


def _advance(cursor: Cursor, offset: int) -> None:
    if offset > cursor.offset:
        cursor.offset = offset
        cursor.save()


def _child(store: Store, journal: Path, event: Mapping[str, Any], parent: Cursor) -> str:
    record = read_json(journal.parent / RECORD)
    seed = event.get("seed")
    tags = {
        "mlflow.parentRunId": parent.run_id,
        "mlflow.source.git.commit": record["git_commit"],
        "mlflow.source.name": f"arae {event['stage']}",
        "arae.stage": event["stage"],
        "arae.seed": "" if seed is None else str(seed),
        "arae.key": event["key"],
        "arae.artefact": event["artefact"],
    }
    identity = f"{journal.parent.name}/{journal.name}"
    run_id = store.run("arae.journal", identity, _name(event), event["time"], tags)
    hashes = {f"arae.input.{path}": sha for path, sha in event.get("inputs", {}).items()}
    store.describe(run_id, flatten(event.get("settings") or {}), hashes)
    return run_id


def _end(store: Store, cursor: Cursor, event: Mapping[str, Any]) -> None:
    tags = {output_tag(path): sha for path, sha in event.get("outputs", {}).items()}
    if event.get("message"):
        tags["arae.message"] = event["message"]
    store.describe(cursor.run_id, {}, tags)
    store.end(cursor.run_id, event["status"], event["time"])
    cursor.status = event["status"]


def _points(event: Mapping[str, Any]) -> list[Point]:
    values = event.get("values", {})
    return [
        (name, float(value), event["time"], int(event["step"])) for name, value in values.items()
    ]


def _name(event: Mapping[str, Any]) -> str:
    """What a person calls this stage run: `train arae-scenes seed 1`, `tokenize scenes`."""
    parts = Path(event["artefact"].removesuffix(".provenance.json")).parts
    if parts[-1] == "provenance.json":
        parts = parts[:-1]
    about = parts[2:3] if parts[0] == "data" else parts[2:]
    words = " ".join([event["stage"], *about]).replace("seed-", "seed ")
    return words.removesuffix(".txt").removesuffix(".json")


def _last_time(journal: Path) -> int:
    time, offset = 0, 0
    while True:
        before = offset
        for event, behind in read_events(journal, offset):
            time, offset = event["time"], behind
        if offset == before:
            return time


def flatten(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested settings as `critic.steps: 5`; lists and None as JSON-like text."""
    flat: dict[str, Any] = {}
    for key, value in values.items():
        if isinstance(value, Mapping):
            flat.update(flatten(value, f"{prefix}{key}."))
        else:
            flat[f"{prefix}{key}"] = value
    return flat
