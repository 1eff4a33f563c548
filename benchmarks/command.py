"""What the commands of the benchmarks share: options, records, clocks, memory."""

from __future__ import annotations

import argparse
import json
import multiprocessing
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

from arae.foundation.machine import kind_of_machine

RESULTS = Path(__file__).parent / "results"


def parser_of(module: str, teaches: str | None, threads: int | None = 2) -> argparse.ArgumentParser:
    """A parser for `python -m benchmarks.MODULE`, with `--out`, and `--threads` where they matter."""
    parser = argparse.ArgumentParser(
        prog=f"python -m benchmarks.{module}",
        description=teaches,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    if threads is not None:
        parser.add_argument(
            "--threads", type=int, default=threads, help=f"of torch; default: {threads}"
        )
    parser.add_argument("--out", type=Path, help="default: a file in benchmarks/results")
    return parser


def write(record: Any, out: Path | None, name: str) -> Path:
    """Keep a record as JSON, with the processor and the paths that ran; returns where."""
    path = out or RESULTS / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    record = {**record, "machine": kind_of_machine()}
    path.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    return path


def apart(record: Any, now: Any) -> str:
    """Why the ratios of two records cannot be judged by one another; "" if they can.

    Even a ratio to a yardstick depends on the processor: its caches and its vector units favour one
    side or the other.
    """
    before, here = record.get("machine", ""), now.get("machine", "")
    if before == here != "":
        return ""
    return f"the record is of {before or 'a processor that it does not name'}, this is {here}"


def peak_memory() -> int:
    """Most resident bytes that this process has had."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.split("VmHWM:")[1].split()[0]) * 1024


def in_fresh_process(task: Callable[..., Any], *arguments: Any) -> Any:
    """What `task` returns from a process of its own, so that its memory is its own, too."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(task, *arguments).result()


def timed(*ways: Callable[[], Any], repeats: int) -> list[float]:
    """Median seconds of some ways of doing a thing, which take turns."""
    laps: list[list[float]] = [[] for _ in ways]
    for _ in range(repeats):
        for way, lap in zip(ways, laps, strict=True):
            started = time.perf_counter()
            way()
            lap.append(time.perf_counter() - started)
    return [statistics.median(lap) for lap in laps]
