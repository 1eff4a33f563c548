"""The injector itself: which boundaries it sees, and what it leaves at each."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from .bench import KILL, read_boundaries
from .through_snakemake import INJECT

WRITER = """
import os
from pathlib import Path
Path("new").mkdir()
with open("new/.x.partial", "w") as handle:
    handle.write("12345678")
    handle.flush()
    os.fsync(handle.fileno())
os.replace("new/.x.partial", "new/x")
Path("old").unlink()
open("new/x").read()
"""
EXPECTED = [
    ("mkdir", "new"),
    ("open", "new/.x.partial"),
    ("write", "new/.x.partial"),
    ("fsync", "new/.x.partial"),
    ("rename", "new/x"),
    ("unlink", "old"),
]


def write(folder: Path, at: int, action: str = "kill", words: tuple[str, ...] = ()) -> int:
    """Run the writer in a folder; its exit code."""
    log = folder.parent / "boundaries"
    log.unlink(missing_ok=True)
    point = {"words": ["-c", *words], "at": at, "action": action, "log": str(log)}
    environment = {**os.environ, "FAULT_POINT": json.dumps(point), "PYTHONPATH": str(INJECT)}
    done = subprocess.run(
        [sys.executable, "-c", WRITER],
        cwd=folder,
        env=environment,
        capture_output=True,
        check=False,
    )
    return done.returncode


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "old").touch()
    return folder


def test_every_boundary_is_seen(folder: Path) -> None:
    assert write(folder, at=0) == 0
    seen = read_boundaries(folder.parent / "boundaries")
    assert [(kind, path) for _, kind, path in seen] == EXPECTED
    assert [number for number, _, _ in seen] == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize(
    ("at", "left"),
    [
        (1, {"old": ""}),
        (2, {"old": ""}),
        (3, {"old": "", "new/.x.partial": "1234"}),
        (4, {"old": "", "new/.x.partial": "1234"}),
        (5, {"old": "", "new/.x.partial": "12345678"}),
        (6, {"old": "", "new/x": "12345678"}),
    ],
)
def test_a_kill_leaves_what_was_done_before_it(folder: Path, at: int, left: dict[str, str]) -> None:
    assert write(folder, at) == KILL
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert {str(path.relative_to(folder)): path.read_text() for path in files} == left


def test_a_full_disk_fails_all_that_needs_space(folder: Path) -> None:
    assert write(folder, 2, "full") == 1
    assert not list((folder / "new").iterdir())


def test_another_command_is_left_alone(folder: Path) -> None:
    assert write(folder, 1, words=("another",)) == 0
