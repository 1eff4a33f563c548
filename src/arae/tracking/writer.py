"""The writer: one background process that follows an invocation and feeds its journals to MLflow."""

from __future__ import annotations

import contextlib
import fcntl
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TextIO

from arae.foundation.console import say
from arae.foundation.errors import DataError
from arae.tracking import shipping
from arae.tracking.invocation import RECORD, is_over
from arae.tracking.places import journals, redact
from arae.tracking.store import Store, StoreAway

POLL_SECONDS = 2.0
ORPHAN_SECONDS = 5.0  # an orphaned stage ends by itself within a second
PATIENCE_SECONDS = 60.0  # how long a store may be away after the invocation's end
LONGEST_PAUSE_SECONDS = 60.0
NICENESS = 10

Connect = Callable[[], Store]


def follow(folder: Path, connect: Connect = Store.connect, poll: float = POLL_SECONDS) -> None:
    """Ship the folder's journals while its invocation runs and until all is shipped.

    Afterwards, older invocations that were never shipped completely are caught up. Returns when
    everything is shipped, or when the store has been away for `PATIENCE_SECONDS` after the end.
    """
    with _alone(folder) as mine:
        if mine:
            _Follower(folder, connect, poll).run()


def catch_up(root: Path, store: Store) -> int:
    """Ship every unshipped invocation under `root` that no other writer has; returns how many."""
    count = 0
    for folder in unshipped(root):
        with _alone(folder) as mine:
            if not mine:
                continue
            try:
                shipping.ship(store, folder, final=is_over(folder))
                count += 1
            except (DataError, KeyError) as error:
                say(f"{folder}: cannot be shipped: {error}")
    return count


def unshipped(root: Path) -> list[Path]:
    """Invocation folders that are not marked as shipped, oldest first."""
    folders = (path.parent for path in root.glob(f"*/{RECORD}"))
    waiting = [folder for folder in folders if not (folder / shipping.SHIPPED).exists()]
    return sorted(waiting, key=lambda folder: (folder / RECORD).stat().st_mtime)


class _Follower:
    def __init__(self, folder: Path, connect: Connect, poll: float) -> None:
        self._folder, self._connect, self._poll = folder, connect, poll
        self._store: Store | None = None
        self._over_since: float | None = None
        self._pause = poll

    def run(self) -> None:
        while True:
            final = self._is_final()
            if final or shipping.pending(self._folder):
                try:
                    self._ship(final)
                    if final:
                        return
                    self._pause = self._poll
                except StoreAway as error:
                    say(f"the store is away: {error}")
                    if self._out_of_patience():
                        say("left for the next run to ship")
                        return
                    self._pause = min(2 * self._pause, LONGEST_PAUSE_SECONDS)
            self._sleep()

    def _ship(self, final: bool) -> None:
        if not list(self._folder.glob("*.jsonl")):
            if final:  # nothing was run: no store is needed, no run is made
                shipping.ship(None, self._folder, final)  # type: ignore[arg-type]
            return
        if self._store is None:
            self._store = self._connect()
        shipping.ship(self._store, self._folder, final)
        if final:
            catch_up(self._folder.parent, self._store)

    def _is_final(self) -> bool:
        """The invocation is over and no stage of it can still be writing."""
        if self._over_since is None and is_over(self._folder):
            self._over_since = time.monotonic()
        if self._over_since is None:
            return False
        return shipping.all_ended(self._folder) or self._seconds_over() > ORPHAN_SECONDS

    def _seconds_over(self) -> float:
        return 0.0 if self._over_since is None else time.monotonic() - self._over_since

    def _out_of_patience(self) -> bool:
        return self._seconds_over() > PATIENCE_SECONDS

    def _sleep(self) -> None:
        """Pause; while the store is away the end of the invocation still wakes it early."""
        until = time.monotonic() + self._pause
        while time.monotonic() < until:
            time.sleep(min(self._poll, max(0.0, until - time.monotonic())))
            if self._over_since is None and is_over(self._folder):
                return


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[bool]:
    """Whether this process is the folder's only writer, for as long as the context lasts."""
    with (folder / "writer.lock").open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield True
        except BlockingIOError:
            yield False


class _Redacting:
    """A text stream that hides credentials in addresses, whoever prints them."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        return self._stream.write(redact(text))

    def __getattr__(self, name: str) -> object:
        return getattr(self._stream, name)


def main(folder: Path | None) -> None:
    """Body of `arae track`: follow one invocation, or ship everything that is waiting."""
    os.nice(NICENESS)
    sys.stdout = _Redacting(sys.stdout)  # type: ignore[assignment]
    sys.stderr = _Redacting(sys.stderr)  # type: ignore[assignment]
    if folder is not None:
        follow(folder)
    elif unshipped(journals()):
        say(f"shipped {catch_up(journals(), Store.connect())} invocations")
    else:
        say("nothing to ship")
