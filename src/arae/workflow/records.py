"""What Snakemake relies on, made reliable: its records of what it made, and the times of files.

A record is torn where the machine stopped while it was written. Snakemake ignores such a record, and
then takes the output for up to date whatever has changed since; such an output is to be made again.

A file is from the future where the clock was wrong. Snakemake refuses what is made from it for being
older, though contents, not times, decide here what is made again.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Iterable
from pathlib import Path

from arae.workflow.session import LOCK

STATE = Path(".snakemake")
MADE = (Path("data"), Path("results"))


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


def bring_back_to_now(folders: Iterable[Path] = MADE) -> None:
    """Give the files of some folders that are from the future the present time."""
    now = time.time()
    for folder in folders:
        for path in folder.rglob("*"):
            try:
                late = path.is_file() and path.stat().st_mtime > now
                if late:
                    os.utime(path)
            except OSError:  # gone meanwhile, or another's: Snakemake will say what is wrong
                continue


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
