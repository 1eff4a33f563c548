"""What a job costs beside its work, and a rerun with nothing to do, as jobs grow in number.

Runs the project's own rules (fetch, tokenize, vocabulary, encode) on many corpora of a few
sentences each, in a copy of the project in a temporary folder, then the same command again.
Examples:

  python -m benchmarks.jobs                      20, 100, 400 and 1,000 jobs on 2 cores
  python -m benchmarks.jobs --jobs 8 --no-tracking
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.command import parser_of, write

ROOT = Path(__file__).resolve().parents[1]
PARTS = ("Snakefile", "workflow", "profiles", "src")
STAGES = 4  # jobs for each corpus
SPLITS = {"train": 60, "valid": 10, "test": 10}


def copy_project(folder: Path, corpora: int) -> list[str]:
    """The rules with a params.yaml of so many corpora; returns the targets."""
    for part in PARTS:
        source = ROOT / part
        if source.is_dir():
            shutil.copytree(source, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, folder / part)
    names = [f"corpus-{number}" for number in range(corpora)]
    params = {
        "corpora": {
            name: {
                "source": {"kind": "scenes", "seed": number + 1, "sentences": SPLITS},
                "tokens": {"tokenizer": "whitespace", "lowercase": True, "max_length": 15},
                "vocabulary": {"size": 300},
            }
            for number, name in enumerate(names)
        },
        "recipes": {},
        "evaluation": {},
        "studies": {},
    }
    # JSON is YAML too.
    (folder / "params.yaml").write_text(json.dumps(params), encoding="utf-8")
    return [f"data/processed/{name}/ids/report.json" for name in names]


def timed_run(folder: Path, targets: list[str], cores: int, tracking: bool) -> tuple[float, int]:
    """Wall seconds of one `snakemake`, and the most resident bytes of any one of its processes."""
    paths = [str(Path(sys.executable).parent), os.environ["PATH"]]
    environ = {**os.environ, "PATH": os.pathsep.join(paths), "PYTHONPATH": str(folder / "src")}
    if not tracking:
        environ["ARAE_TRACKING"] = "off"
    command = ["snakemake", "--cores", str(cores), *targets]
    started = time.perf_counter()
    with (folder / "run.log").open("w+", encoding="utf-8") as log:
        run = subprocess.Popen(command, cwd=folder, env=environ, stdout=log, stderr=log)
        _, status, usage = os.wait4(run.pid, 0)
        run.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.perf_counter() - started
        log.seek(0)
        if run.returncode:
            raise SystemExit(f"snakemake failed:\n{log.read()[-4000:]}")
    return seconds, usage.ru_maxrss * 1024


def inside(folder: Path) -> list[float]:
    """Seconds that the stages themselves say they took."""
    sidecars = (folder / "data").rglob("*provenance.json")
    return [json.loads(path.read_text(encoding="utf-8"))["seconds"] for path in sidecars]


def measure(jobs: int, cores: int, tracking: bool) -> dict[str, Any]:
    """One run from nothing and three with nothing to do."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        targets = copy_project(folder, max(1, jobs // STAGES))
        seconds, memory = timed_run(folder, targets, cores, tracking)
        work = inside(folder)
        again = [timed_run(folder, targets, cores, tracking)[0] for _ in range(3)]
    return {
        "jobs": len(work),
        "seconds": seconds,
        "seconds_inside": sum(work),
        "core_seconds_a_job": seconds * cores / len(work),
        "no_op_seconds": statistics.median(again),
        "peak_memory": memory,
    }


def main() -> None:
    """Command line."""
    parser = parser_of("jobs", __doc__, threads=None)
    parser.add_argument("--jobs", type=int, nargs="+", default=[20, 100, 400, 1000])
    parser.add_argument("--cores", type=int, default=2, help="of Snakemake; default: 2")
    parser.add_argument("--no-tracking", action="store_true", help="without MLflow's writer")
    a = parser.parse_args()
    runs = []
    for jobs in a.jobs:
        runs.append(measure(jobs, a.cores, not a.no_tracking))
        print(", ".join(f"{key} {value:.4g}" for key, value in runs[-1].items()), flush=True)
    write({"cores": a.cores, "tracking": not a.no_tracking, "runs": runs}, a.out, "jobs")


if __name__ == "__main__":
    main()
