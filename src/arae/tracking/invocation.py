"""One invocation of the workflow: the folder of its journals, its owner, its end.

The folder holds `invocation.json` (what was started, by whom), one journal per stage run, and at
the end `finished.json` (how it ended). All Snakemake runs of one `dvc repro` share a folder.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from arae.foundation.files import read_json, write_json
from arae.foundation.owner import owner_name, process_birth
from arae.foundation.provenance import git_state
from arae.tracking.places import home, journals, redact

RECORD, FINISHED, FAILED = "invocation.json", "finished.json", "failed.json"


@dataclass
class Invocation:
    """A running invocation, as the workflow's main process sees it."""

    folder: Path
    shared: bool
    writer: subprocess.Popen[bytes] | None

    def finish(self, status: str) -> None:
        """Say how it ended. A shared invocation goes on until its owner ends; failures stay."""
        if not self.shared:
            write_json(self.folder / FINISHED, {"status": status, "time": _now()})
        elif status != "FINISHED":
            write_json(self.folder / FAILED, {"status": status, "time": _now()})

    def wait(self, seconds: float) -> None:
        """Give the writer a little time to finish; it goes on by itself afterwards."""
        if self.writer is None or self.shared:
            return
        try:
            self.writer.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            return


def begin(environ: Mapping[str, str] = os.environ) -> Invocation:
    """Make the folder of this invocation and start its writer in the background."""
    dvc = _enclosing_dvc() if "DVC_STAGE" in environ else None
    folder = journals() / _identity(dvc)
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / RECORD).exists():
        write_json(folder / RECORD, _record(folder.name, dvc, environ))
    return Invocation(folder, dvc is not None, start_writer(folder))


def start_writer(folder: Path) -> subprocess.Popen[bytes] | None:
    """Start `arae track --follow` detached; None if the system refuses (tracking never stops work)."""
    try:
        with (folder / "writer.log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "arae", "track", "--follow", str(folder)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=home(),
                start_new_session=True,
            )
    except OSError as error:
        print(f"tracking is off: {error}", file=sys.stderr)
        return None


def is_over(folder: Path) -> bool:
    """Whether nothing more will be started in this invocation: it said so, or its owner is dead."""
    return (folder / FINISHED).exists() or not _alive(str(read_json(folder / RECORD)["owner"]))


def outcome(folder: Path, stages: list[str]) -> str:
    """Status of the whole invocation, given its stages' statuses."""
    stopped = "KILLED" in stages and "FAILED" not in stages  # Ctrl-C, not a failure
    if (folder / FINISHED).exists():
        return "KILLED" if stopped else str(read_json(folder / FINISHED)["status"])
    if (folder / FAILED).exists() or "FAILED" in stages:
        return "FAILED"
    shared = read_json(folder / RECORD)["launcher"] == "dvc"
    return "FINISHED" if shared and "KILLED" not in stages else "KILLED"


def _record(name: str, dvc: int | None, environ: Mapping[str, str]) -> dict[str, Any]:
    return {
        "id": name,
        "owner": owner_name(dvc),
        "started": _now(),
        "launcher": "snakemake" if dvc is None else "dvc",
        "command": redact(" ".join(_command(os.getpid() if dvc is None else dvc))),
        "dvc_experiment": environ.get("DVC_EXP_NAME", ""),
        "git_commit": git_state().get("commit", ""),
    }


def _identity(dvc: int | None) -> str:
    if dvc is not None:
        return f"dvc-{dvc}-{process_birth(dvc)}"
    return f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{os.getpid()}"


def _enclosing_dvc() -> int | None:
    """Process id of the `dvc` that started this process, if any."""
    import psutil

    for process in psutil.Process().parents():
        if any(Path(word).name == "dvc" for word in _command(process.pid)[:3]):
            return int(process.pid)
    return None


def _command(pid: int) -> list[str]:
    try:
        raw = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return []
    return raw.decode("utf-8", "replace").rstrip("\0").split("\0")


def _alive(owner: str) -> bool:
    host, _, rest = owner.rpartition("@")
    pid, _, born = rest.partition(":")
    if host != os.uname().nodename:
        return True  # cannot be seen from here; `finished.json` tells
    return process_birth(int(pid)) == born


def _now() -> int:
    return int(time.time() * 1000)
