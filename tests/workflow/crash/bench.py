"""A bench for killing stages: two whole projects, and a folder in which one stage is killed.

`old` and `new` are made from different seeds of the corpus, so that no file of one is a file of the
other. A stage of `new` is killed over what `old` left behind, or over nothing.
"""

from __future__ import annotations

import json
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from arae.foundation.files import sha256_file

from ..conftest import PARAMS, ROOT, Project

SEED, OTHER_SEED = ", seed: 1,", ", seed: 2,"
# Files that no sidecar is found for by their own names.
UNVOUCHED = ("provenance.json", "metrics.json", "seed-1.jsonl")
KILL = -int(signal.SIGKILL)
NO_SPACE = "no space left on the disk; free some and run the same command again"


@dataclass(frozen=True)
class Scope:
    """What is made and killed: the parameters, the target, and one job of each stage.

    `killed`: stage -> a word of its `--out`, where there are several such jobs.
    """

    params: Path
    target: str
    killed: Mapping[str, str]


COVERAGE = Scope(PARAMS, "reproduce", {
    "fetch": "", "tokenize": "", "vocabulary": "", "encode": "", "train": "models/arae-tiny",
    "sample": "arae-tiny", "train-lm": "arae-tiny", "evaluate": "scores/coverage-tiny/arae-tiny",
    "tabulate": "", "report": "",
})  # fmt: skip
OTHERS = Scope(PARAMS.with_name("other_params.yaml"), "embedded", {
    "fetch-images": "", "train-image-classifier": "", "train-images": "", "score-images": "vae-tiny",
    "train-classifier": "", "transfer-split": "ae-reviews-tiny", "score-transfer": "ae-reviews-tiny",
    "probe": "", "report": "embedded",
})  # fmt: skip


@dataclass(frozen=True)
class Job:
    """A stage's real command line, and its place in the order of the jobs."""

    place: int
    argv: tuple[str, ...]

    @property
    def verb(self) -> str:
        """The stage."""
        return self.argv[0]

    @property
    def words(self) -> list[str]:
        """Words that no other job's command line has all of."""
        return [self.verb, self.argv[self.argv.index("--out") + 1]]


@dataclass
class Made:
    """What uninterrupted runs of all jobs made: the folder, and the files of each job."""

    folder: Path
    files: list[set[str]] = field(default_factory=list)
    hashes: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Point:
    """What came of one failure."""

    stage: str
    over: str  # "old" results, or "nothing"
    number: int
    kind: str
    path: str
    failed: bool
    equal: bool
    report: str  # after the failure: "refused", "old" or "new" if whole, "mixed" if not
    told: str = ""

    @property
    def good(self) -> bool:
        """Failed as asked, made good by the same command, and no report over a mixture."""
        return self.failed and self.equal and self.report != "mixed"


class Bench:
    """Runs jobs, whole or killed, in a folder below `place`."""

    def __init__(self, place: Path, zygote: subprocess.Popen[str], scope: Scope) -> None:
        self._place, self._zygote, self._asked = place, zygote, 0
        self.scope = scope
        self.jobs: dict[str, list[Job]] = {}
        self.made: dict[str, Made] = {}

    def prepare(self, planner: Project) -> None:
        """Read the jobs from the workflow as planned by `planner`, and make both projects."""
        file = planner.path / "params.yaml"
        params = file.read_text(encoding="utf-8")
        assert SEED in params
        for name, seed in (("old", OTHER_SEED), ("new", SEED)):
            file.write_text(params.replace(SEED, seed), encoding="utf-8")
            self.jobs[name] = _jobs(planner.run("snakemake", "-n", "-p", "-F", self.scope.target))
            self.made[name] = self._make(name)
            file.write_text(params, encoding="utf-8")

    def _make(self, name: str) -> Made:
        made = Made(self._place / name)
        made.folder.mkdir()
        for job in self.jobs[name]:
            before = _files(made.folder)
            assert self.run(made.folder, job) == 0, self.log.read_text(encoding="utf-8")
            made.files.append(_files(made.folder) - before)
        made.hashes = hashes(made.folder)
        return made

    @property
    def log(self) -> Path:
        """What the last stage printed; a file for each, as a killed one's children may still write."""
        return self._place / f"log-{self._asked}"

    @property
    def boundaries(self) -> Path:
        """Boundaries of the last stage that counted them."""
        return self._place / "boundaries"

    def run(self, folder: Path, job: Job, at: int | None = None, action: str = "kill") -> int:
        """Run a job in a folder, to fail at a boundary (0: count only); its exit code."""
        self.boundaries.unlink(missing_ok=True)
        fault = None if at is None else [at, action, str(self.boundaries)]
        return self._ask(do="stage", argv=job.argv, cwd=str(folder), fault=fault)

    def verify(self, folder: Path, *paths: str) -> dict[str, Any]:
        """{"files": path -> hash, "faults": […]} of the provenance chain of some files."""
        assert self._ask(do="verify", paths=paths, cwd=str(folder)) == 0
        return dict(json.loads(self.log.read_text(encoding="utf-8")))

    def _ask(self, **request: Any) -> int:
        self._asked += 1
        assert self._zygote.stdin is not None and self._zygote.stdout is not None
        self._zygote.stdin.write(json.dumps({**request, "log": str(self.log)}) + "\n")
        self._zygote.stdin.flush()
        return int(self._zygote.stdout.readline())

    def job(self, stage: str) -> Job:
        """The job of a stage that is killed."""
        word = self.scope.killed.get(stage, "")
        found = [j for j in self.jobs["new"] if j.verb == stage and word in " ".join(j.argv)]
        return next(job for job in found if word in job.words[1])

    def state(self, job: Job, over: str) -> Path:
        """A folder as it is before a job: what comes before is new, the rest is old or absent."""
        folder = self._place / "state"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        if over == "old":
            for top in ("data", "results"):
                shutil.copytree(self.made["old"].folder / top, folder / top)
        for files in self.made["new"].files[: job.place]:
            for name in files:
                if _result(name):
                    (folder / name).parent.mkdir(parents=True, exist_ok=True)
                    shutil.copy2(self.made["new"].folder / name, folder / name)
        return folder

    def count(self, stage: str, over: str) -> list[tuple[int, str, str]]:
        """The boundaries of a stage: number, kind, path."""
        job = self.job(stage)
        assert self.run(self.state(job, over), job, at=0) == 0, self.log.read_text(encoding="utf-8")
        return read_boundaries(self.boundaries)

    def fail(self, stage: str, over: str, number: int, action: str = "kill") -> Point:
        """Let a stage fail at a boundary, ask for a report, and run the same command again."""
        job = self.job(stage)
        folder = self.state(job, over)
        code = self.run(folder, job, at=number, action=action)
        first = self.log.read_text(encoding="utf-8")
        # A process that was killed says nothing; one without space says so in its last line.
        failed = code == KILL if action == "kill" else code == 1 and NO_SPACE in first
        failed = failed or (action == "full" and code == 0)  # what failed was not needed
        kind, path = next((k, p) for n, k, p in read_boundaries(self.boundaries) if n == number)
        report = self.report(folder)
        equal = self.run(folder, job) == 0 and self.as_uninterrupted(folder, job)
        told = "" if failed and equal else first + self.log.read_text(encoding="utf-8")[-400:]
        return Point(stage, over, number, kind, path, failed, equal, report, told)

    def as_uninterrupted(self, folder: Path, job: Job) -> bool:
        """Whether a job's files are those of an uninterrupted run, with a chain that checks out."""
        wanted = self.made["new"].files[job.place]
        names = [name for name in wanted if name in self.made["new"].hashes]
        same = all(_hash(folder / name) == self.made["new"].hashes[name] for name in names)
        shown = [name for name in wanted if _result(name) and not name.endswith(UNVOUCHED)]
        litter = list(folder.rglob(".*.partial"))
        whole = same and all((folder / name).is_file() for name in wanted if _result(name))
        return whole and not litter and not self.verify(folder, *shown)["faults"]

    def report(self, folder: Path) -> str:
        """What the report does now: refuse in one line, or show old or new results, or a mixture."""
        job = self.job("report")
        probe = ["work/probe/report.html", "work/probe/metrics.json"]
        argv = list(job.argv)
        argv[argv.index("--out") + 1], argv[argv.index("--metrics") + 1] = probe
        if self.run(folder, Job(job.place, tuple(argv))) != 0:
            lines = self.log.read_text(encoding="utf-8").splitlines()
            return (
                "refused" if len(lines) == 1 and lines[0].startswith("arae: error: ") else "mixed"
            )
        shutil.rmtree(folder / "work/probe")
        page = folder / job.words[1]
        if page.exists() and not page.read_bytes().rstrip().endswith(b"</html>"):
            return "mixed"
        shown = {
            self._shown(folder, table) for table in folder.glob("results/studies/*/table.json")
        }
        return shown.pop() if len(shown) == 1 else "mixed" if "mixed" in shown else "old"

    def _shown(self, folder: Path, table: Path) -> str:
        """Whose results a study's table rests on: those of one whole run, or of a mixture."""
        seen = self.verify(folder, str(table.relative_to(folder)))["files"]
        for name in ("old", "new"):
            if all(self.made[name].hashes[path] == digest for path, digest in seen.items()):
                return name
        return "mixed"


@contextmanager
def open_bench(planner: Project, scope: Scope = COVERAGE) -> Iterator[Bench]:
    """A bench that is ready, in a temporary folder."""
    zygote = subprocess.Popen(
        [sys.executable, "-m", "tests.workflow.crash.zygote"],
        cwd=ROOT,
        env=planner.environment({"PYTHONPATH": str(ROOT / "src"), "OMP_NUM_THREADS": "1"}),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        with tempfile.TemporaryDirectory() as place:
            bench = Bench(Path(place), zygote, scope)
            bench.prepare(planner)
            yield bench
    finally:
        zygote.kill()
        zygote.communicate()


def hashes(folder: Path) -> dict[str, str]:
    """Hashes of the results, as `Project.hashes`."""
    return Project(folder).hashes()


def sample(numbers: int, points: int) -> list[int]:
    """`points` of the numbers 1 to `numbers`, evenly spaced, with the first and the last."""
    if points >= numbers:
        return list(range(1, numbers + 1))
    if points == 1:
        return [numbers]
    return sorted({1 + round(i * (numbers - 1) / (points - 1)) for i in range(points)})


def _jobs(told: str) -> list[Job]:
    lines = re.findall(r"(?m)^Shell command: arae (.*) > logs/", told)
    once = list(dict.fromkeys(lines))
    return [Job(place, tuple(shlex.split(line))) for place, line in enumerate(once)]


def _result(name: str) -> bool:
    return name.startswith(("data/", "results/"))


def _files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def _hash(path: Path) -> str:
    return sha256_file(path) if path.is_file() else ""


def read_boundaries(log: Path) -> list[tuple[int, str, str]]:
    """What a process wrote about its boundaries: number, kind, path."""
    lines = log.read_text(encoding="utf-8").splitlines() if log.exists() else []
    return [(int(n), str(kind), str(path)) for n, kind, path in map(json.loads, lines)]
