"""Several processes of one training on this machine, started and watched by one (`--processes`).

What `torchrun` does for many machines, with what it lacks for one: exchange through loopback only, and
the exit code of the training, which tells "go on later" from a failure.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from arae.engine.signals import stop_signals
from arae.foundation.console import say
from arae.foundation.errors import SettingsError
from arae.foundation.owner import end_with_owner, owner_name

# Names the file by which the processes find each other.
MEETING = "ARAE_MEETING"
LOOPBACK = {"GLOO_SOCKET_IFNAME": "lo", "NCCL_SOCKET_IFNAME": "lo"}
PATIENCE_SECONDS = 20.0  # for the others, once one has failed


def run_together(count: int, words: Sequence[str]) -> int:
    """Run `arae WORDS` as `count` processes of one world; its exit code.

    Signals reach all of them; when one fails the others are ended.
    """
    if count < 1:
        raise SettingsError(f"--processes {count}: must be at least 1")
    command = [sys.executable, "-m", "arae", *words]
    with tempfile.TemporaryDirectory(prefix="arae-") as folder:
        shared = {
            **os.environ,
            **LOOPBACK,
            "WORLD_SIZE": str(count),
            "ARAE_OWNER": owner_name(),
            MEETING: str(Path(folder) / "meeting"),
        }
        members: list[subprocess.Popen[bytes]] = []

        def forward(number: int, frame: FrameType | None) -> None:
            for member in members:
                if member.poll() is None:
                    member.send_signal(number)

        former = {number: signal.signal(number, forward) for number in stop_signals()}
        end_with_owner()
        try:
            for place in range(count):
                own = {"RANK": str(place), "LOCAL_RANK": str(place)}
                # A group of its own: Ctrl-C comes from here alone, once.
                members.append(subprocess.Popen(command, env=shared | own, process_group=0))
            return _wait(members)
        finally:
            for member in members:
                if member.poll() is None:
                    member.kill()
                member.wait()
            for number, handler in former.items():
                signal.signal(number, handler)


def _wait(members: Sequence[subprocess.Popen[bytes]]) -> int:
    """Until all have ended, or `PATIENCE_SECONDS` after the first failure."""
    deadline = float("inf")
    while any(member.poll() is None for member in members) and time.monotonic() < deadline:
        if any(member.returncode for member in members):
            deadline = min(deadline, time.monotonic() + PATIENCE_SECONDS)
        time.sleep(0.05)
    codes = [member.returncode for member in members if member.returncode]
    killed = min(codes, default=0)  # the cause, where the others failed for want of a partner
    if killed < 0:
        say(f"one of {len(members)} processes was ended by {signal.Signals(-killed).name}")
        return 128 - killed
    return next(iter(codes), 0)
