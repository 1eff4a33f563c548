"""A whole small project in a folder of its own, run once; tests work on copies of it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

import psutil
import pytest

from arae.foundation.files import sha256_file

ROOT = Path(__file__).resolve().parents[2]
PARAMS = Path(__file__).with_name("tiny_params.yaml")
SKELETON = ["Snakefile", "workflow", "profiles", "src", ".dvc/config", ".dvc/.gitignore"]
SKELETON += [".dvcignore", ".gitignore"]
# A name that breaks every unquoted shell line.
FOLDER = "it's; a project"
BIN = Path(sys.executable).parent
GIT = ["git", "-c", "user.name=test", "-c", "user.email=test@example.org"]


@dataclass
class Project:
    """A checkout with its own params.yaml, in which commands can be run."""

    path: Path
    environ: dict[str, str] = field(default_factory=dict)

    def start(self, *command: str) -> subprocess.Popen[str]:
        """Start a command in a session of its own, so that a test may kill all of it."""
        return subprocess.Popen(
            command,
            cwd=self.path,
            env=self.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def run(self, *command: str, code: int | None = 0, seconds: float = 240) -> str:
        """Run a command and return all that it printed; `code` is the expected exit code."""
        done = subprocess.run(
            command,
            cwd=self.path,
            env=self.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=seconds,
        )
        if code is not None:
            assert done.returncode == code, f"{command}: {done.returncode}\n{done.stdout[-4000:]}"
        return done.stdout

    def git(self, *words: str) -> str:
        """Run git."""
        return self.run(*GIT, *words)

    def commit(self, message: str = "a state") -> None:
        """Commit all that git does not ignore."""
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", message)

    def planned(self, *targets: str) -> dict[str, int]:
        """Number of jobs that `snakemake -n` would run, by rule; targets themselves left out."""
        told = self.run("snakemake", "-n", *targets)
        table = told.partition("Job stats:")[2].partition("total")[0]
        jobs = {rule: int(count) for rule, count in re.findall(r"(?m)^(\w\S*) +(\d+)$", table)}
        return {rule: count for rule, count in jobs.items() if rule in STAGES}

    def edit(self, file: str, old: str, new: str) -> None:
        """Replace a text that occurs exactly once in a file."""
        path = self.path / file
        text = path.read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{old!r} occurs {text.count(old)} times in {file}"
        path.write_text(text.replace(old, new), encoding="utf-8")

    def hashes(self) -> dict[str, str]:
        """Hashes of all results that must not depend on when or how they were made."""
        files = [path for top in ("data", "results") for path in (self.path / top).rglob("*")]
        return {
            str(path.relative_to(self.path)): sha256_file(path)
            for path in files
            if path.is_file()
            and not path.name.endswith("provenance.json")
            and path.name != "report.html"  # shows times
            and path.name[0] != "."
        }

    def journals(self) -> list[Path]:
        """Folders of the invocations, oldest first."""
        return sorted((self.path / "work" / "journals").glob("*/"))

    def recorded(self, output: str) -> dict[str, object]:
        """Provenance of an output."""
        path = self.path / output
        return dict(json.loads(path.read_text(encoding="utf-8")))

    def environment(self, more: Mapping[str, str] = MappingProxyType({})) -> dict[str, str]:
        """Environment of the project's commands."""
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("MLFLOW", "DVC", "SNAKEMAKE", "ARAE", "PYTHONPATH"))
        }
        path = os.pathsep.join([str(BIN), os.environ["PATH"]])
        return {**kept, "PATH": path, "ARAE_TRACKING": "off", **self.environ, **more}


STAGES = {
    "fetch", "tokenize", "vocabulary", "encode", "train", "sample",
    "train_lm", "evaluate", "tabulate_coverage", "report", "study_report",
}  # fmt: skip


def stages_of(project: Project) -> list[int]:
    """Processes of this project's stages."""
    found = []
    for process in psutil.process_iter():
        try:
            line = " ".join(process.cmdline())
            mine = "bin/arae " in line and process.cwd() == str(project.path)
            if mine and "track" not in process.cmdline():
                found.append(process.pid)
        except psutil.Error:
            continue
    return found


def make_project(folder: Path, params: Path = PARAMS, *targets: str) -> Project:
    """A fresh checkout in `folder`, nothing run yet, committed to git; `targets` are for `dvc.yaml`."""
    for name in SKELETON:
        source, target = ROOT / name, folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(
                source, target, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info")
            )
        else:
            shutil.copy2(source, target)
    shutil.copy2(params, folder / "params.yaml")
    project = Project(folder)
    project.run("git", "init", "-q", ".")
    project.run(sys.executable, "workflow/scripts/dvc_sync.py", "generate", *targets)
    project.commit("the project")
    return project


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project whose default target has been made. Not to be changed: copy it."""
    project = make_project(tmp_path_factory.mktemp("finished") / FOLDER)
    project.run("snakemake")
    return project


@pytest.fixture
def copy_of(tmp_path: Path) -> Iterator[Callable[[Project], Project]]:
    """Makes a copy of a project, with all file times kept."""

    def copy(project: Project) -> Project:
        target = tmp_path / FOLDER
        shutil.copytree(project.path, target, symlinks=True)
        return Project(target, dict(project.environ))

    yield copy
    shutil.rmtree(tmp_path / FOLDER, ignore_errors=True)


@pytest.fixture
def project(finished: Project, copy_of: Callable[[Project], Project]) -> Project:
    """A copy of the finished project."""
    return copy_of(finished)
