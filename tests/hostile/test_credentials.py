"""A store's address with a user name and password: it reaches the store, and no file and no screen."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from arae.tracking.places import redact
from tests.usage.conftest import folder_of
from tests.workflow.conftest import Project, make_project

__all__ = ["folder_of"]

SECRET = "s3cr3t-w0rd"
# Nothing listens there.
URIS = [
    f"http://user:{SECRET}@127.0.0.1:1/",
    f"http://{SECRET}@127.0.0.1:1/path?x=y@z",
    f"postgresql://user:{SECRET}@127.0.0.1:1/db",
    f"postgresql://user:a/{SECRET}@127.0.0.1:1/db",
    f"postgresql://127.0.0.1:1/db?user=me&password={SECRET}",
    f"nonsense://user:{SECRET}@127.0.0.1:1/",
    f"http://user:{SECRET}@[broken/",
    f"http://user:{SECRET}@127.0.0.1:notaport/",
]


@pytest.mark.parametrize("uri", URIS)
@pytest.mark.parametrize("around", ["{}", "to '{}' failed", 'url="{}", again', "({})", "a\n{}\nb"])
def test_no_address_keeps_its_password(uri: str, around: str) -> None:
    shown = redact(around.format(uri))
    assert SECRET not in shown
    assert redact(shown) == shown
    if "127.0.0.1" in uri and "y@z" not in uri:
        assert "127.0.0.1" in shown


@pytest.mark.parametrize(
    "harmless",
    [
        "http://host/x@y failed",
        "https://mlflow.example/#/experiments/1?tokens=3",
        "write to me@example.org about key=value",
        "models:/arae-scenes/1",
        "sqlite:////a/b.db?timeout=3",
    ],
)
def test_other_texts_stay_as_they_are(harmless: str) -> None:
    assert redact(harmless) == harmless


def arae(folder: Path, uri: str, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the command against a store."""
    environ = {"MLFLOW_TRACKING_URI": uri, "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0"}
    return subprocess.run(
        [sys.executable, "-m", "arae", *words],
        cwd=folder,
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


VERBS = {
    "publish": ("publish", "--name", "toy", "--model"),
    "generate": ("generate", "--count", "1", "--model", "models:/toy/1"),
}


@pytest.mark.slow
@pytest.mark.parametrize("verb", list(VERBS))
@pytest.mark.parametrize("uri", [URIS[0], URIS[5]])
def test_what_a_person_is_told(
    tmp_path: Path, folder_of: Callable[[str], Path], uri: str, verb: str
) -> None:
    words = [*VERBS[verb], *([str(folder_of("ae"))] if verb == "publish" else []), "--debug"]
    done = arae(tmp_path, uri, *words)
    told = done.stdout + done.stderr
    assert done.returncode == 3, told
    assert SECRET not in told
    # The causes are there, with the address as other packages tell it.
    assert "Traceback" in told
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("arae: error: ") and "***@127.0.0.1" in last
    assert_nowhere(tmp_path)


@pytest.mark.slow
@pytest.mark.workflow
def test_a_run_keeps_it_out_of_every_file(tmp_path: Path) -> None:
    project = make_project(tmp_path / "project")
    uri = URIS[0]
    project.environ.update(
        ARAE_TRACKING="on", MLFLOW_TRACKING_URI=uri, MLFLOW_HTTP_REQUEST_MAX_RETRIES="0"
    )
    running = project.start("snakemake", "-p", "data/raw/scenes/train.txt")
    told, _ = running.communicate(timeout=120)
    assert running.returncode == 0, told
    (folder,) = project.journals()
    log = folder / "writer.log"
    try:
        wait_for_text(log, "the store is away")
        assert "***@127.0.0.1" in log.read_text(encoding="utf-8")
        assert SECRET not in told
        assert (project.path / "data/raw/scenes/provenance.json").exists()
        assert list(folder.glob("fetch-*.jsonl"))
        assert_nowhere(tmp_path)
    finally:
        stop_writer(project, folder)


@pytest.mark.slow
@pytest.mark.workflow
def test_an_address_on_the_command_line_is_recorded_without_it(tmp_path: Path) -> None:
    """Not the way to say it, but somebody will."""
    project = make_project(tmp_path / "project")
    project.environ["ARAE_TRACKING"] = "on"
    project.run("snakemake", "data/raw/scenes/train.txt", "--config", f"store={URIS[0]}")
    (folder,) = project.journals()
    record = (folder / "invocation.json").read_text(encoding="utf-8")
    assert "store=http://***@127.0.0.1:1/" in record
    wait_for_text(folder / "shipped.json", "{")


def test_the_search_below_can_fail(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a/log").write_text(f"to {URIS[0]}\n")
    with pytest.raises(AssertionError, match="a/log"):
        assert_nowhere(tmp_path)


def assert_nowhere(folder: Path) -> None:
    """No file below the folder, and no name, holds the password."""
    for path in folder.rglob("*"):
        assert SECRET not in str(path.relative_to(folder))
        if path.is_file() and not path.is_symlink():
            assert SECRET.encode() not in path.read_bytes(), path


def wait_for_text(file: Path, text: str, seconds: float = 60.0) -> None:
    """Wait until a file holds a text."""
    deadline = time.monotonic() + seconds
    while not (file.exists() and text in file.read_text(encoding="utf-8")):
        assert time.monotonic() < deadline, f"waited {seconds:.0f} s for '{text}' in {file}"
        time.sleep(0.1)


def stop_writer(project: Project, folder: Path) -> None:
    """End the writer, which would wait another minute for its store."""
    import psutil

    for process in psutil.process_iter(["pid", "cmdline"]):
        if str(folder) in (process.info["cmdline"] or []):
            process.kill()
