"""The workflow that started a stage, and the end of the stage when its workflow is gone.

A workflow that is killed leaves its stages behind; two writers of one file would follow when it is
started again. So it names itself in ARAE_OWNER as `host@pid:birth`. A stage on the same host watches
that process. One on another host, a cluster's job, watches the file in ARAE_HEARTBEAT on the file system
that they share, which the workflow keeps changing.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

from arae.foundation.errors import Preempted

BEAT_SECONDS = 10.0
# No clock of one host is compared with another's: the file must change within this time.
SILENCE_SECONDS = 90.0
SAVE_SECONDS = 20.0  # for a stage that saves its state when it is told to stop


def process_birth(pid: int) -> str:
    """Start time of a process in clock ticks since boot ("" if there is none): tells reuse of a pid."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""
    fields = stat.rpartition(")")[2].split()
    return "" if fields[0] == "Z" else fields[19]


def owner_name(pid: int | None = None) -> str:
    """Value of ARAE_OWNER for a process (this one by default): `host@pid:birth`."""
    number = os.getpid() if pid is None else pid
    return f"{os.uname().nodename}@{number}:{process_birth(number)}"


def own_stages(heartbeat: Path) -> None:
    """Name this process as the owner of the stages that it starts, for as long as it lives."""
    heartbeat = heartbeat.resolve()  # the current folder may change
    os.environ["ARAE_OWNER"] = owner_name()
    os.environ["ARAE_HEARTBEAT"] = str(heartbeat)

    def beat() -> None:
        count = 0
        while True:
            count += 1
            with contextlib.suppress(OSError):  # a full disk: a later beat may fit
                heartbeat.write_text(f"{os.getpid()} {count}\n", encoding="ascii")
            time.sleep(BEAT_SECONDS)

    threading.Thread(target=beat, name="heartbeat", daemon=True).start()


def end_with_owner() -> None:
    """End this process soon after the workflow that started it is gone; nothing if there is none."""
    host, _, rest = os.environ.get("ARAE_OWNER", "").rpartition("@")
    if not rest:
        return
    heartbeat = os.environ.get("ARAE_HEARTBEAT", "")
    if host == os.uname().nodename:
        gone = _death(*rest.split(":"))
    elif heartbeat:
        gone = _silence(Path(heartbeat))
    else:
        return

    def watch() -> None:
        while not gone():
            time.sleep(0.5)
        _stop()

    threading.Thread(target=watch, name="owner-watch", daemon=True).start()


def _death(pid: str, born: str) -> Callable[[], bool]:
    """Whether a process of this host is no more."""
    return lambda: process_birth(int(pid)) != born


def _silence(heartbeat: Path) -> Callable[[], bool]:
    """Whether the file has kept its content for `SILENCE_SECONDS` of this host's clock."""
    last, since = "", time.monotonic()

    def silent() -> bool:
        nonlocal last, since
        try:
            content = heartbeat.read_text(encoding="ascii")
        except (OSError, UnicodeDecodeError):
            content = last
        if content != last:
            last, since = content, time.monotonic()
        return time.monotonic() - since > SILENCE_SECONDS

    return silent


def _stop() -> None:
    """By SIGTERM where it is handled, so that training saves its state; at once elsewhere."""
    if callable(signal.getsignal(signal.SIGTERM)):
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(SAVE_SECONDS)
    os._exit(Preempted.exit_code)
