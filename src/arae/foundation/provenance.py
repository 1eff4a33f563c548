"""Sidecars: what made an artefact, from what, with which settings and code.

A stage that ends well writes one JSON sidecar covering all its outputs, last of all. A reader
can then prove that a file is the very one that was made, and follow its inputs back to the raw
text. `verify_chain` is that proof; the report refuses whatever fails it.
"""

from __future__ import annotations

import functools
import platform
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from arae.foundation.errors import DataError, IntegrityError
from arae.foundation.files import read_json, read_sealed, sha256_file
from arae.foundation.machine import paths, processor

FORMAT = 2


def fingerprint(path: Path) -> dict[str, Any]:
    """{"sha256", "bytes"} of a file."""
    return {"sha256": sha256_file(path), "bytes": path.stat().st_size}


def sidecar_of(output: Path) -> Path:
    """Where the sidecar of an output is found: `<output>.provenance.json` or its folder's."""
    own = output.with_name(output.name + ".provenance.json")
    return own if own.is_file() else output.parent / "provenance.json"


@functools.cache
def git_state() -> dict[str, Any]:
    """Commit of the checkout and whether tracked files differ from it; empty outside git."""

    def git(*words: str) -> str:
        done = subprocess.run(["git", *words], capture_output=True, text=True, check=True)
        return done.stdout.strip()

    try:
        return {
            "commit": git("rev-parse", "HEAD"),
            "modified": bool(
                git(
                    "status",
                    "--porcelain",
                    "--untracked-files=no",
                    "--",
                    "src",
                    "workflow",
                    "Snakefile",
                    "params.yaml",
                )
            ),
        }
    except (OSError, subprocess.CalledProcessError):
        return {}


def environment() -> dict[str, Any]:
    """Versions and machine of this process, with what rounds as it does."""
    from importlib import metadata

    versions = {"python": platform.python_version()}
    for package in ("arae", "torch", "numpy", "spacy", "snakemake", "dvc", "mlflow"):
        try:
            versions[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return {
        "versions": versions,
        "machine": platform.machine(),
        "system": platform.platform(),
        "processor": processor(),
        "paths": paths(),
    }


def require_unchanged(folder: Path) -> None:
    """Every file that the sidecar of a folder names must be there as it was made.

    A folder without a sidecar passes; `IntegrityError` names what does not.
    """
    sidecar = folder / "provenance.json"
    if not sidecar.is_file():
        return
    try:
        outputs = {
            Path(name).name: entry["sha256"]
            for name, entry in read_json(sidecar)["outputs"].items()
        }
    except (DataError, KeyError, TypeError, AttributeError) as error:
        raise IntegrityError(f"{sidecar}: not a provenance record ({error})") from error
    for name, expected in outputs.items():
        path = folder / name
        if not path.is_file():
            raise IntegrityError(f"{path}: missing; fetch it or make it again")
        if sha256_file(path) != expected:
            raise IntegrityError(
                f"{path}: its bytes are not those that were saved; fetch it or make it again"
            )


@dataclass
class ChainCheck:
    """Result of following a chain: every file seen (path → sha256), every fault in words, and the
    sidecars' records.
    """

    files: dict[str, str] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    records: list[dict[str, Any]] = field(default_factory=list)

    def require(self) -> None:
        """Raise `IntegrityError` listing the faults, if any."""
        if self.faults:
            raise IntegrityError("provenance does not check out: " + "; ".join(self.faults))


def verify_chain(outputs: Iterable[str | Path]) -> ChainCheck:
    """Follow the provenance of `outputs` back to files that no stage made.

    Checked for each file: its bytes match its sidecar's record, and each input that its sidecar
    names still has the hash that it had then. Shared parts of chains are checked once.
    """
    check = ChainCheck()
    waiting = [Path(path) for path in outputs]
    done: set[str] = set()
    while waiting:
        path = waiting.pop()
        if str(path) in done:
            continue
        done.add(str(path))
        record = _record(path, check)
        if record is None:
            continue
        check.records.append(record)
        for name, expected in record["inputs"].items():
            if _matches(Path(name), expected["sha256"], check, f"input of {path}"):
                waiting.append(Path(name))
    return check


def _record(path: Path, check: ChainCheck) -> dict[str, Any] | None:
    sidecar = sidecar_of(path)
    if not sidecar.is_file():
        if str(path) not in check.files:  # nothing vouches for it, not even as somebody's input
            check.faults.append(f"{path}: has no provenance sidecar")
        return None
    try:
        record = read_sealed(sidecar)
        entry = record["outputs"].get(str(path))
        if entry is None:
            if str(path) in check.files:  # a raw input that lies beside somebody's outputs
                return None
            check.faults.append(f"{path}: its sidecar {sidecar} does not name it")
            return None
        record["inputs"].items()
        expected = entry["sha256"]
    except (DataError, KeyError, AttributeError, TypeError) as error:
        check.faults.append(f"{sidecar}: not a provenance record ({error})")
        return None
    return record if _matches(path, expected, check, "it is not the file that was made") else None


def _matches(path: Path, expected: str, check: ChainCheck, why: str) -> bool:
    key = str(path)
    if key not in check.files:
        if not path.is_file():
            check.faults.append(f"{path}: missing ({why})")
            return False
        check.files[key] = sha256_file(path)
    if check.files[key] != expected:
        check.faults.append(f"{path}: changed since ({why}); make it again")
        return False
    return True
