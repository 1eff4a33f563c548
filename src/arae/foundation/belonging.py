"""Which artefacts belong together: told by the hashes in their sidecars, never by where they lie.

A file without a sidecar is somebody's own, and nothing is known of it: it passes.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from arae.foundation.errors import IntegrityError
from arae.foundation.files import read_sealed, sha256_file
from arae.foundation.provenance import sidecar_of


def require_made_from(made: Path, *sources: Path) -> None:
    """Each of `sources` must be, byte for byte, a file that `made` was made from."""
    record = _record(made)
    if record is None:
        return
    inputs = {name: entry["sha256"] for name, entry in record["inputs"].items()}
    for source in sources:
        if sha256_file(source) not in inputs.values():
            same_role = [name for name in inputs if Path(name).name == source.name]
            raise IntegrityError(
                f"{made} and {source} do not belong together: the first was "
                f"{_origin(same_role, source)}"
            )


def require_relatives(one: Path, other: Path) -> None:
    """Two files must come from one corpus: one stage made both, or read one, or read both."""
    if one.resolve() == other.resolve():
        return
    families = [_family(path) for path in (one, other)]
    if all(families) and not set.intersection(*families):
        raise IntegrityError(
            f"{one} and {other} do not belong together: no file that the first was made from has "
            "to do with the second; name two of the same corpus"
        )


def _origin(same_role: list[str], source: Path) -> str:
    if str(source) in same_role:
        return "made from the second as it was before it changed; make the first again"
    if same_role:
        return f"made from {same_role[0]}; name that one, or make the first again"
    return "made from other files; make it again from the second, or name what it was made from"


def _family(path: Path) -> set[str]:
    """Hashes of a file and of all that its stage read and made; empty for somebody's own file."""
    record = _record(path)
    if record is None:
        return set()
    parts = (*record["inputs"].values(), *record["outputs"].values())
    return {sha256_file(path), *(entry["sha256"] for entry in parts)}


def _record(path: Path) -> dict[str, Any] | None:
    """The sidecar that vouches for a file; None if there is none."""
    sidecar = sidecar_of(path)
    if not sidecar.is_file():
        return None
    record = read_sealed(sidecar)
    try:
        return record if _entry(record["outputs"], path) and record["inputs"] is not None else None
    except (KeyError, TypeError, AttributeError) as error:
        raise IntegrityError(f"{sidecar}: not a provenance record ({error})") from error


def _entry(outputs: dict[str, Any], path: Path) -> str | None:
    """Recorded hash of a file, which may have been moved with its folder since."""
    found = (entry["sha256"] for name, entry in outputs.items() if Path(name).name == path.name)
    return next(found, None)
