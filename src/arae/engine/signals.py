"""A polite stop: SIGTERM and Ctrl-C set a flag that the training loop reads between iterations."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class StopRequest:
    """Which signal asked the loop to stop, if any."""

    received: int | None = None

    def __bool__(self) -> bool:
        return self.received is not None


@contextmanager
def stop_on_signals() -> Iterator[StopRequest]:
    """Turn SIGTERM and SIGINT into a `StopRequest`; a second Ctrl-C interrupts at once."""
    request = StopRequest()

    def handle(number: int, frame: FrameType | None) -> None:
        if request.received == signal.SIGINT == number:
            raise KeyboardInterrupt
        request.received = number

    if threading.current_thread() is not threading.main_thread():
        yield request
        return
    former = {number: signal.signal(number, handle) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield request
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)
