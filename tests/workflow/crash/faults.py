"""Makes this process fail at one of the moments at which it is about to change a file.

Such a moment, a boundary, is an opening for writing, a write, an fsync, a rename, a removal or a
new folder below the project's folder. At boundary `at` the process is killed with half of that
write done ("kill"), or from then on finds no space on the disk ("full"). The product's code is
not touched: the interpreter's audit events tell of openings, renames and removals, and the few
functions without an event are wrapped. Only the standard library is used here, because a stage
imports this before everything else.
"""

from __future__ import annotations

import builtins
import errno
import io
import json
import os
import signal
import stat
import sys
import time
from pathlib import Path
from typing import Any

# Not the project's data: code, what git and Snakemake keep, and the log that the shell opened.
_FOREIGN = ("src", ".git", ".snakemake", ".dvc", "logs")
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_EVENTS = {"os.rename": "rename", "os.remove": "unlink", "os.mkdir": "mkdir", "os.rmdir": "rmdir"}
_NEED_SPACE = ("open", "write", "fsync", "mkdir")

_write, _fsync, _sendfile, _open = os.write, os.fsync, os.sendfile, io.open


class _Boundaries:
    """Counts boundaries, tells them to a log, and acts at one of them."""

    def __init__(self, at: int, action: str, log: str) -> None:
        self.count, self.at, self.action = 0, at, action
        self.root = str(Path.cwd())
        self.pid = os.getpid()
        self.log = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND) if log else -1

    def reach(self, kind: str, path: str, half: Any = None) -> None:
        """Count one boundary; `half` does half of it. Kills, raises or returns."""
        if os.getpid() != self.pid or not self.ours(path):
            return
        self.count += 1
        if self.log >= 0:
            place = os.path.relpath(path, self.root)
            _write(self.log, f"{json.dumps([self.count, kind, place])}\n".encode())
        if self.action == "kill" and self.count == self.at:
            if half is not None:
                half()
            os.kill(self.pid, signal.SIGKILL)
        if self.action == "full" and 0 < self.at <= self.count and kind in _NEED_SPACE:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), path)

    def ours(self, path: str) -> bool:
        """Whether a path lies among the project's data."""
        parts = Path(os.path.relpath(path, self.root)).parts
        return bool(parts) and parts[0] not in ("..", *_FOREIGN) and "__pycache__" not in parts


def install(at: int, action: str, log: str) -> None:
    """Count this process's boundaries into the file `log` and act at number `at` (0: never)."""
    boundaries = _Boundaries(at, action, log)

    def listen(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            path, _, flags = arguments
            if not isinstance(path, int) and isinstance(flags, int) and flags & _WRITING:
                boundaries.reach("open", str(Path.cwd() / os.fsdecode(path)))
        elif event in _EVENTS:
            target = _target(event, arguments)
            # A folder or file of that kind is often asked for in vain.
            if os.path.lexists(target) == (event != "os.mkdir") or event == "os.rename":
                boundaries.reach(_EVENTS[event], target)

    class File(io.FileIO):
        def write(self, data: Any, /) -> int:
            view = memoryview(data).cast("B")
            half = view[: len(view) // 2]
            boundaries.reach("write", _path(self.fileno()), lambda: io.FileIO.write(self, half))
            return super().write(data)

    def open_file(
        file: Any,
        mode: str = "r",
        buffering: int = -1,
        encoding: str | None = None,
        errors: str | None = None,
        newline: str | None = None,
        closefd: bool = True,
        opener: Any = None,
    ) -> Any:
        if not set(mode) & set("wax") or "+" in mode or buffering == 0 or isinstance(file, int):
            return _open(file, mode, buffering, encoding, errors, newline, closefd, opener)
        raw = File(file, mode.replace("b", "").replace("t", ""), closefd, opener)
        buffered = io.BufferedWriter(raw)
        if "b" in mode:
            return buffered
        return io.TextIOWrapper(buffered, encoding, errors, newline, buffering == 1)

    def write(fd: int, data: Any, /) -> int:
        half = memoryview(data).cast("B")[: len(data) // 2]
        boundaries.reach("write", _path(fd), lambda: _write(fd, half))
        return _write(fd, data)

    def sendfile(out_fd: int, in_fd: int, offset: int | None, count: int, *more: Any) -> int:
        size = os.fstat(in_fd).st_size // 2
        boundaries.reach(
            "write", _path(out_fd), lambda: _sendfile(out_fd, in_fd, offset or 0, size)
        )
        return _sendfile(out_fd, in_fd, offset, count, *more)

    def fsync(fd: Any, /) -> None:
        number = fd if isinstance(fd, int) else fd.fileno()
        boundaries.reach("fsync", _path(number), lambda: _lose_half(number))
        _fsync(fd)

    sys.addaudithook(listen)
    io.open = builtins.open = open_file  # type: ignore[assignment]
    os.write, os.sendfile, os.fsync = write, sendfile, fsync  # type: ignore[assignment]


def jump_clock(seconds: float) -> None:
    """Let the clock of this process jump ahead by so much at every second look, and back again."""
    real, looks = time.time_ns, [0]

    def time_ns() -> int:
        looks[0] += 1
        return real() + int(seconds * 1e9) * (looks[0] % 2)

    time.time_ns = time_ns
    time.time = lambda: time_ns() / 1e9


def from_environment() -> None:
    """Install what FAULT_POINT and FAULT_CLOCK ask for; nothing without them.

    FAULT_POINT is JSON: {"words": […], "at": n, "action": "…", "log": "…"}; only a process whose
    command line has all of the words is meant.
    """
    clock = os.environ.get("FAULT_CLOCK")
    if clock:
        jump_clock(float(clock))
    point = json.loads(os.environ.get("FAULT_POINT", "{}"))
    if point and set(point["words"]) <= set(sys.orig_argv):
        install(point["at"], point["action"], point["log"])


def _target(event: str, arguments: tuple[Any, ...]) -> str:
    path = os.fsdecode(arguments[1] if event == "os.rename" else arguments[0])
    folder = arguments[-1]
    if event in ("os.remove", "os.rmdir") and isinstance(folder, int) and folder >= 0:
        return f"{_path(folder)}/{path}"
    return str(Path.cwd() / path)


def _path(fd: int) -> str:
    try:
        return os.readlink(f"/proc/self/fd/{fd}")  # noqa: PTH115
    except OSError:
        return "/"


def _lose_half(fd: int) -> None:
    """What a machine that stops may leave of a file that was not yet synchronised."""
    state = os.fstat(fd)
    if stat.S_ISREG(state.st_mode):
        os.truncate(_path(fd), state.st_size // 2)
