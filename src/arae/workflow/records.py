"""Snakemake's records of what it made, after the machine stopped while one was written.

Snakemake ignores a record that is not whole, and then takes the output for up to date whatever has
changed since. Such an output is to be made again.
"""

from __future__ import annotations

import fcntl
import json
from pathlib import Path

from arae.workflow.session import LOCK

STATE = Path(".snakemake")


def distrust_torn_records(state: Path = STATE, lock: Path = LOCK) -> None:
    """Mark outputs whose record is torn as incomplete; nothing while another run is at work here."""
    if not _torn(state):
        return
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("a") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:  # that run may be writing the record just now
            return
        for record in _torn(state):
            mark = state / "incomplete" / record.relative_to(state / "metadata")
            mark.parent.mkdir(parents=True, exist_ok=True)
            mark.write_text('{"external_jobid": null}', encoding="ascii")
            record.unlink()


def _torn(state: Path) -> list[Path]:
    records = (path for path in (state / "metadata").rglob("*") if path.is_file())
    return [path for path in records if not _whole(path)]


def _whole(record: Path) -> bool:
    try:
        return isinstance(json.loads(record.read_bytes()), dict)
    except FileNotFoundError:
        return True
    except ValueError:
        return False
