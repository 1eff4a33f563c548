"""What long work shows: a progress bar on a terminal, plain lines in a log."""

from __future__ import annotations

import codecs
import io
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

LOG_EVERY_SECONDS = 15.0
# Of the processes that `torchrun` starts for one training, the first speaks for all.
SILENT = os.environ.get("RANK", "0") != "0"


class Progress:
    """Counts work done; draws a bar on a terminal, prints a line now and then elsewhere."""

    def __init__(self, label: str, total: int | None, unit: str, done: int = 0) -> None:
        self._label, self._total, self._unit, self._done = label, total, unit, done
        self._printed = time.monotonic()
        self._bar = None
        if sys.stderr.isatty() and not SILENT:
            from tqdm import tqdm

            self._bar = tqdm(total=total, desc=label, unit=unit, initial=done, dynamic_ncols=True)

    def advance(self, amount: int = 1, note: str = "") -> None:
        """Count `amount` more units as done; `note` is shown beside the bar."""
        self._done += amount
        if self._bar is not None:
            if note:
                self._bar.set_postfix_str(note, refresh=False)
            self._bar.update(amount)
        elif time.monotonic() - self._printed >= LOG_EVERY_SECONDS:
            self._printed = time.monotonic()
            of = f"/{self._total}" if self._total else ""
            say(f"{self._label}: {self._done}{of} {self._unit} {note}".rstrip())

    def close(self) -> None:
        """Finish the bar."""
        if self._bar is not None:
            self._bar.close()


@contextmanager
def progress(label: str, total: int | None, unit: str, done: int = 0) -> Iterator[Progress]:
    """A `Progress` that is closed at the end."""
    shown = Progress(label, total, unit, done)
    try:
        yield shown
    finally:
        shown.close()


def speaks_unicode(stream: TextIO) -> bool:
    """Whether a stream can write every character."""
    return codecs.lookup(stream.encoding or "ascii").name.startswith("utf")


def open_closed_streams() -> bool:
    """Open the standard streams that were closed, so that no file of ours takes their places.

    What they cannot write is written as its code. Returns whether standard output was closed.
    """
    for number, mode in enumerate((os.O_RDONLY, os.O_WRONLY, os.O_WRONLY)):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, mode)
    closed = sys.stdout is None
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    return closed


def say(message: str) -> None:
    """Print one plain line for a person or a log, at once."""
    if not SILENT:
        print(message, file=sys.stderr, flush=True)
