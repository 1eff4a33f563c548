"""A polite stop: a signal sets a flag that the training loop reads between iterations.

SIGTERM, Ctrl-C, and the warning that a scheduler sends some time before the end: SIGUSR1, or the signal
named in ARAE_WARNING_SIGNAL (`USR2`; empty for none).
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from arae.foundation.errors import SettingsError


class StopRequest:
    """Which signal asked the loop to stop, if any."""

    received: int | None = None

    def __bool__(self) -> bool:
        return self.received is not None


def stop_signals() -> list[signal.Signals]:
    """The signals that ask for a stop; `SettingsError` for a warning that is no signal's name."""
    warning = os.environ.get("ARAE_WARNING_SIGNAL", "USR1").upper().removeprefix("SIG")
    if warning and f"SIG{warning}" not in signal.Signals.__members__:
        raise SettingsError(f"ARAE_WARNING_SIGNAL: '{warning}' is no signal; e.g. USR1")
    more = [signal.Signals[f"SIG{warning}"]] if warning else []
    return [signal.SIGTERM, signal.SIGINT, *more]


@contextmanager
def stop_on_signals() -> Iterator[StopRequest]:
    """Turn the signals of a stop into a `StopRequest`; a second Ctrl-C interrupts at once."""
    request = StopRequest()

    def handle(number: int, frame: FrameType | None) -> None:
        if request.received == signal.SIGINT == number:
            raise KeyboardInterrupt
        request.received = number

    if threading.current_thread() is not threading.main_thread():
        yield request
        return
    former = {number: signal.signal(number, handle) for number in stop_signals()}
    try:
        yield request
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)
