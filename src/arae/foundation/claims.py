"""Which files are a stage's own, so that nothing that no stage made is ever removed or overwritten.

A file is a stage's own if the sidecar beside it names it, if a stage that was stopped had begun to write
it, or if it is, byte for byte, what a stage wrote last in this checkout. A stage notes what it is
about to write in `work/claims`, before it writes.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path

from arae.foundation.errors import DataError
from arae.foundation.files import read_json, remove_partials, sha256_file, write_json

CLAIMS = Path("work", "claims")


def claim(sidecar: Path, outputs: Iterable[Path]) -> None:
    """Note that the stage of `sidecar` begins to write `outputs`.

    Raises:
        DataError: one of them, or the sidecar, is there and no stage made it.
    """
    wanted = [Path(path) for path in outputs]
    refuse_strangers(sidecar, wanted)
    _note(sidecar, {**(_claimed(sidecar) or {}), **{path.name: "" for path in wanted}})


def settle(sidecar: Path, hashes: dict[str, str]) -> None:
    """Note what the stage has written (path -> hash), at its end."""
    _note(sidecar, {Path(path).name: value for path, value in hashes.items()})


def refuse_strangers(sidecar: Path, outputs: Iterable[Path]) -> None:
    """Raise `DataError` if an output, or the sidecar, is there and no stage made it."""
    named, claimed = _named(sidecar), _claimed(sidecar)
    strangers = [path for path in outputs if not _own(path, named, claimed)]
    if os.path.lexists(sidecar) and named is None and claimed is None:
        strangers.append(sidecar)
    if strangers:
        more = f" (and {len(strangers) - 1} more there)" if len(strangers) > 1 else ""
        raise DataError(
            f"{strangers[0]}{more}: this file is in the place of an output, and no stage has made it; "
            "move it elsewhere, or delete it if you do not need it"
        )


def _own(path: Path, named: set[str] | None, claimed: dict[str, str] | None) -> bool:
    if not os.path.lexists(path) or path.name in (named or ()):
        return True
    wrote = (claimed or {}).get(path.name)
    return wrote == "" or (wrote is not None and path.is_file() and sha256_file(path) == wrote)


def _named(sidecar: Path) -> set[str] | None:
    """Names of the outputs that a sidecar tells of; none if it is no sidecar."""
    try:
        return {Path(path).name for path in read_json(sidecar)["outputs"]}
    except (DataError, OSError, KeyError, TypeError):
        return None


def _claimed(sidecar: Path) -> dict[str, str] | None:
    try:
        return dict(read_json(_claim_of(sidecar))["outputs"])
    except (DataError, OSError, KeyError, TypeError, ValueError):
        return None


def _note(sidecar: Path, outputs: dict[str, str]) -> None:
    remove_partials(_claim_of(sidecar))  # of a stage that was killed here
    write_json(_claim_of(sidecar), {"sidecar": str(sidecar), "outputs": outputs})


def _claim_of(sidecar: Path) -> Path:
    place = os.path.relpath(sidecar)
    return CLAIMS / f"{hashlib.sha256(place.encode()).hexdigest()[:24]}.json"
