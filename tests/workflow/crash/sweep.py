"""Kill every stage at every boundary, run the same command again, compare; prints a table.

    python -m tests.workflow.crash.sweep [--points N] [--out FILE]

Where a stage has more boundaries than are asked for, they are evenly spaced. Two more ways to fail are
tried at some of them: a full disk, and a kill of a stage that the real `snakemake` has started.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import asdict
from pathlib import Path

from ..conftest import FOLDER, ROOT, make_project
from .bench import COVERAGE, OTHERS, Bench, Point, Scope, open_bench, sample
from .through_snakemake import kill_through_snakemake

# Some checkpoints in the middle of training, so that a stage is also killed with something to lose.
MORE_CHECKPOINTS = ("    epochs: 1\n", "    epochs: 2\n    checkpoint_minutes: 0.000001\n")
RESULTS = ROOT / "benchmarks" / "results" / "crash.json"
HEAD = ("stage", "over", "boundaries", "tried", "killed", "equal", "report: refused", "old", "new")
HEAD += ("mixed",)
# How many boundaries of each stage are tried by default; only training has more than 60.
LIMITS = (
    ("points", 60, "kills over the results of another corpus"),
    ("nothing", 20, "kills where there is nothing yet"),
    ("full", 5, "full disks, over either"),
    ("snakemake", 1, "kills under snakemake"),
)
Row = dict[str, int | str]
SCOPES = {"coverage": COVERAGE, "others": OTHERS}


def main() -> int:
    """Run the sweep; 0 if every point ended well."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    for name, points, what in LIMITS:
        parser.add_argument(f"--{name}", type=int, default=points, help=what)
    parser.add_argument("--scope", choices=[*SCOPES, "all"], default="all", help="default: all")
    parser.add_argument("--out", type=Path, default=RESULTS, help="JSON of all points")
    arguments = parser.parse_args()
    started = time.monotonic()
    every: list[Point] = []
    rows: list[Row] = []
    for name, scope in SCOPES.items():
        if arguments.scope in (name, "all"):
            points, own = sweep_scope(scope, arguments)
            every += points
            rows += own
    seconds = round(time.monotonic() - started)
    bad = [point for point in every if not point.good]
    summary = {
        "points": len(every),
        "equal": sum(point.equal for point in every),
        "mixed_reports": sum(point.report == "mixed" for point in every),
        "seconds": seconds,
    }
    print(
        f"\n{summary['points']} points, {summary['equal']} ended with the hashes of an "
        f"uninterrupted run, {summary['mixed_reports']} reports over stale or half results; "
        f"{seconds} s"
    )
    for point in bad:
        print(f"NOT GOOD: {point}", file=sys.stderr)
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    result = {
        "summary": summary,
        "rows": rows,
        "points": [*map(asdict, every)],
    }
    arguments.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    return 1 if bad else 0


def sweep_scope(scope: Scope, arguments: argparse.Namespace) -> tuple[list[Point], list[Row]]:
    """All ways of failing, tried on the stages of a scope; prints their tables."""
    limits = {"old": arguments.points, "nothing": arguments.nothing}
    with tempfile.TemporaryDirectory() as place:
        planner = make_project(Path(place) / FOLDER, scope.params, scope.target)
        if scope is COVERAGE:
            planner.edit("params.yaml", *MORE_CHECKPOINTS)
        with open_bench(planner, scope) as bench:
            killed, rows = sweep(bench, limits, "kill")
            show("Killed at a boundary, same command again", rows)
            full, full_rows = sweep(bench, dict.fromkeys(limits, arguments.full), "full")
            show("Disk full from a boundary on, same command again", full_rows)
            if scope is not COVERAGE:
                return [*killed, *full], [*rows, *full_rows]
            planner.run("snakemake")
            real = [
                point
                for stage in scope.killed
                for point in kill_through_snakemake(bench, planner, stage, arguments.snakemake)
            ]
    show("Killed at a boundary under snakemake, snakemake again", tally(real))
    return [*killed, *full, *real], [*rows, *full_rows, *tally(real)]


def sweep(
    bench: Bench,
    points: dict[str, int],
    action: str,
    say: Callable[[str], object] = lambda line: print(line, file=sys.stderr, flush=True),
) -> tuple[list[Point], list[Row]]:
    """Fail at boundaries of each stage; `points`: how many at most, over old results and over nothing."""
    made: list[Point] = []
    boundaries: dict[tuple[str, str], int] = {}
    for stage in bench.scope.killed:
        for over in points:
            seen = bench.count(stage, over)
            boundaries[stage, over] = len(seen)
            made += [bench.fail(stage, over, at, action) for at in sample(len(seen), points[over])]
        say(f"{action} {stage}: {sum(p.stage == stage for p in made)} points")
    return made, tally(made, boundaries)


def tally(
    points: Iterable[Point], boundaries: dict[tuple[str, str], int] | None = None
) -> list[Row]:
    """One row for each stage and what it was made over."""
    points = list(points)
    rows: list[Row] = []
    for stage, over in dict.fromkeys((point.stage, point.over) for point in points):
        own = [point for point in points if (point.stage, point.over) == (stage, over)]
        reports = Counter(point.report for point in own)
        rows.append(
            {
                "stage": stage,
                "over": over,
                "boundaries": (boundaries or {}).get((stage, over), "-"),
                "tried": len(own),
                "killed": sum(point.failed for point in own),
                "equal": sum(point.equal for point in own),
                "report: refused": reports["refused"],
                **{name: reports[name] for name in ("old", "new", "mixed")},
            }
        )
    return rows


def show(title: str, rows: list[Row]) -> None:
    """Print a table in Markdown, with totals."""
    print(f"\n{title}\n")
    print(f"| {' | '.join(HEAD)} |\n|{'---|' * len(HEAD)}")
    for row in rows:
        print(f"| {' | '.join(str(row[name]) for name in HEAD)} |")
    sums = [sum(v for row in rows if isinstance(v := row[name], int)) for name in HEAD[2:]]
    print(f"| total | | {' | '.join(map(str, sums))} |", flush=True)


if __name__ == "__main__":
    sys.exit(main())
