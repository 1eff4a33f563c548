"""The whole suite, each part in a process of its own, and a table of now beside the committed record.

Some four minutes on two quiet cores. It ends with 1 if a ratio to a yardstick has fallen below 0.6
of the one on record. A record names the processor and the libraries' paths: on another one it is
shown and not judged. Examples:

  python -m benchmarks                       everything; JSON into benchmarks/results
  python -m benchmarks training stages       some parts
  python -m benchmarks --quick               few repeats and small sizes: shows that it works, judges nothing

`growth`, `processes`, `seeds`, `precision`, `replay` and `same_tokens` are commands of their own: they answer other
questions than whether something has become slow.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.command import RESULTS, apart

RECORD = Path(__file__).parent / "record"
MARGIN = 0.6
Figure = tuple[str, float, bool]  # what it is, its value, whether it is a ratio to a yardstick


@dataclass(frozen=True)
class Part:
    """One command of the suite, and what its record says."""

    module: str
    options: str
    quick: str
    record: str
    figures: Callable[[Any], Iterator[Figure]]


def _training(record: Any) -> Iterator[Figure]:
    _, yardstick = record["loops"]
    yield f"ARAE, {record['size']}, against {yardstick}: ratio", record["ratio"], True
    ours = record["loops"]["ours"]
    yield "  sentences/s", ours["sentences_per_second"], False
    yield "  share of the matrix products' peak", ours["share_of_peak"], False
    yield "  peak memory, MB", ours["peak_memory"] / 1e6, False


def _autoencoders(record: Any) -> Iterator[Figure]:
    for one in record["measures"]:
        yield f"{one['kind'].upper()}, against {one['yardstick']}: ratio", one["ratio"], True
        yield "  peak memory, MB", one["peak_memory"] / 1e6, False


def _stages(record: Any) -> Iterator[Figure]:
    for name, numbers in record["measures"].items():
        if "ratio" in numbers:
            yield f"{name}, against its yardstick: ratio", numbers["ratio"], True
        yield f"{name}: seconds", numbers["seconds"], False
        yield "  peak memory, MB", numbers["peak_memory"] / 1e6, False


def _checkpoints(record: Any) -> Iterator[Figure]:
    yield "a checkpoint: seconds", record["save_seconds"], False
    yield "SIGTERM to the end: seconds at most", max(record["stop_seconds"]), False
    yield "  peak memory, MB", record["peak_memory"] / 1e6, False


def _jobs(record: Any) -> Iterator[Figure]:
    for run in record["runs"]:
        yield f"{run['jobs']} jobs: core-seconds each", run["core_seconds_a_job"], False
        yield "  again, nothing to do: seconds", run["no_op_seconds"], False
        yield "  peak memory of one process, MB", run["peak_memory"] / 1e6, False


_TIMED = "--iterations 12 --warm-up 3"
_TINY = "--size tiny --iterations 2 --warm-up 1"
PARTS = [
    Part("training", _TIMED, _TINY, "training-paper", _training),
    Part(
        "training",
        f"--yardstick authors {_TIMED}",
        f"--yardstick authors {_TINY}",
        "training-paper-authors",
        _training,
    ),
    Part(
        "training",
        "--size scenes --threads 1 --clock cpu --iterations 40",
        f"{_TINY} --threads 1 --clock cpu",
        "training-scenes",
        _training,
    ),
    Part("autoencoders", _TIMED, _TINY, "autoencoders-paper", _autoencoders),
    Part("stages", "", "--quick", "stages", _stages),
    Part("checkpoints", "", "--size tiny --repeats 1", "checkpoints", _checkpoints),
    Part("jobs", "--jobs 20 100", "--jobs 20", "jobs", _jobs),
]


def run(part: Part, folder: Path, quick: bool) -> Any:
    """What a part measures now; its own table passes through to the terminal."""
    out = folder / f"{part.record}.json"
    words = [sys.executable, "-m", f"benchmarks.{part.module}"]
    words += (part.quick if quick else part.options).split()
    print(f"\n$ {' '.join(words[1:])}", flush=True)
    subprocess.run([*words, "--out", str(out)], check=True)
    return json.loads(out.read_text(encoding="utf-8"))


def on_record(part: Part) -> Any:
    """What is committed of a part."""
    return json.loads((RECORD / f"{part.record}.json").read_text(encoding="utf-8"))


def compared(part: Part, now: Any) -> Iterator[tuple[str, float, float | None, bool]]:
    """(figure, now, on record if it is there, whether it has fallen) of a part."""
    record = on_record(part)
    judged = not apart(record, now)
    known = {label: value for label, value, _ in _labelled(part, record)}
    for label, value, is_ratio in _labelled(part, now):
        before = known.get(label)
        fell = is_ratio and before is not None and value < MARGIN * before
        yield label, value, before, judged and fell


def _labelled(part: Part, record: Any) -> Iterator[Figure]:
    """Figures of a part, those of one thing under its own name."""
    above = ""
    for label, value, is_ratio in part.figures(record):
        if label.startswith("  "):
            yield f"{above}: {label.strip()}", value, is_ratio
        else:
            above = label.split(":")[0]
            yield label, value, is_ratio


def main() -> int:
    """Command line; 1 if a ratio has fallen."""
    names = list(dict.fromkeys(part.module for part in PARTS))
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("names", nargs="*", metavar="part", help=f"of {', '.join(names)}")
    parser.add_argument("--quick", action="store_true", help="few repeats and small sizes")
    parser.add_argument("--out", type=Path, default=RESULTS, help=f"folder; default: {RESULTS}")
    a = parser.parse_args()
    unknown = set(a.names) - set(names)
    if unknown:
        parser.error(f"no part {', '.join(sorted(unknown))}; there are {', '.join(names)}")
    a.out.mkdir(parents=True, exist_ok=True)
    chosen = [part for part in PARTS if not a.names or part.module in a.names]
    found = [(part, run(part, a.out, a.quick)) for part in chosen]
    if a.quick:
        return 0
    rows = [row for part, now in found for row in compared(part, now)]
    print(f"\n{'':68}{'now':>10}{'on record':>11}")
    for label, now, before, fell in rows:
        shown = "" if before is None else f"{before:11.3g}"
        print(f"{label:68}{now:10.3g}{shown}{'  FELL' if fell else ''}")
    for why in dict.fromkeys(filter(None, (apart(on_record(part), now) for part, now in found))):
        print(f"not judged: {why}")
    return int(any(fell for *_, fell in rows))


if __name__ == "__main__":
    sys.exit(main())
