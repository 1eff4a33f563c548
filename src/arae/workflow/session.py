"""One run of Snakemake in a checkout: alone, named as owner of its stages, tracked.

The lock is the kernel's (flock), so a killed run leaves none behind; stages end when the run that
started them is gone (`foundation.owner`).
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO

from arae.foundation.errors import AraeError
from arae.foundation.owner import own_stages
from arae.foundation.stage import WORK
from arae.tracking import invocation
from arae.workflow.summary import show_doubts

LOCK = WORK / "locks" / "workflow"
WRITER_SECONDS = 5.0  # how long the end of a run waits for its last numbers to be shipped


class Session:
    """Made when the Snakefile is read; `begin` and `end` are its onstart and onsuccess/onerror."""

    def __init__(self, lock: Path = LOCK) -> None:
        self._lock = lock
        self._held: IO[str] | None = None
        self._holder_at_reading = _read(lock)
        self._invocation: invocation.Invocation | None = None

    def begin(self) -> None:
        """Take the lock, name the owner, start tracking.

        Raises:
            AraeError: another run is at work here, or has been since this one read the Snakefile,
                so that what this one plans to do is out of date.
        """
        self._acquire()
        own_stages(self._lock.with_name("heartbeat"))
        show_doubts(self._lock.parent)
        if os.environ.get("ARAE_TRACKING", "on") != "off":
            self._invocation = invocation.begin()
            os.environ["ARAE_JOURNAL"] = str(self._invocation.folder.resolve())

    def end(self, status: str, meanwhile: Callable[[], None] = lambda: None) -> None:
        """Say how the run ended, do `meanwhile`, and wait a little for the tracking writer."""
        if self._invocation is not None:
            self._invocation.finish(status)
        started = time.monotonic()
        meanwhile()
        if self._invocation is not None:
            self._invocation.wait(max(0.0, WRITER_SECONDS - (time.monotonic() - started)))

    def _acquire(self) -> None:
        self._lock.parent.mkdir(parents=True, exist_ok=True)
        handle = self._lock.open("a+", encoding="utf-8")
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            handle.close()
            pid = _read(self._lock).partition(" ")[0]
            raise AraeError(
                f"another snakemake (pid {pid}) is at work in this folder; "
                f"wait for it to end, or stop it with: kill -INT {pid}"
            ) from None
        if _read(self._lock) != self._holder_at_reading:
            handle.close()
            raise AraeError(
                "another snakemake ran in this folder while this one was starting; "
                "run the same command again"
            )
        handle.truncate(0)
        handle.write(f"{os.getpid()} {time.time_ns()}\n")
        handle.flush()
        self._held = handle


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError:
        return ""
