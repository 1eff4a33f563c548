"""Files that are either whole or absent: atomic writes, hashes, JSON."""

from __future__ import annotations

import glob
import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from arae.foundation.errors import DataError

CHUNK_BYTES = 1 << 20
# Nothing of ours is nested a tenth as deeply; what is could exhaust the stack of whoever walks it.
DEEPEST = 100


@contextmanager
def atomic_write(path: str | os.PathLike[str], mode: str = "w") -> Iterator[IO[Any]]:
    """Open `path` for writing so that a kill at any instant leaves the old file or the whole new one.

    The bytes go to `.<name>.<pid>.partial` beside it, are fsynced, then renamed over `path`, and the
    folder is fsynced. On any exception the partial file is removed and `path` is untouched.
    `mode` is "w" (UTF-8, "\\n" line ends) or "wb".
    """
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = partial_path(target)
    text = {} if "b" in mode else {"encoding": "utf-8", "newline": "\n"}
    try:
        with partial.open(mode, **text) as handle:  # type: ignore[call-overload]
            yield handle
            handle.flush()
            os.fsync(handle.fileno())
        commit_partial(partial, target)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def partial_path(target: Path) -> Path:
    """Temporary name, beside `target`, for writers (numpy, safetensors) that need a path."""
    return target.with_name(f".{target.name}.{os.getpid()}.partial")


def commit_partial(partial: Path, target: Path) -> None:
    """Fsync `partial`, rename it over `target` and make the rename durable."""
    with partial.open("rb") as handle:
        os.fsync(handle.fileno())
    partial.replace(target)
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def remove_partials(target: Path) -> None:
    """Remove what killed writers of `target` left beside it; only for who holds its lock."""
    before, after = f".{target.name}.", ".partial"
    for left in target.parent.glob(f"{glob.escape(before)}*{after}"):
        if left.name.removeprefix(before).removesuffix(after).isdigit():
            left.unlink(missing_ok=True)


def require_file(path: Path, remedy: str) -> Path:
    """`path`, if it is a file; else a `DataError` that tells a folder from nothing at all."""
    if path.is_dir():
        raise DataError(f"{path}: is a folder; name a file")
    if not path.is_file():
        raise DataError(f"{path}: not found; {remedy}")
    return path


def sha256_file(path: str | os.PathLike[str]) -> str:
    """Hex SHA-256 of a file's bytes, read in chunks."""
    with Path(path).open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def canonical_json(value: Any) -> str:
    """JSON with sorted keys and no spaces: equal values give equal text."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def write_json(path: str | os.PathLike[str], value: Any) -> None:
    """Write `value` atomically as indented JSON with sorted keys; NaN and infinities are refused."""
    with atomic_write(path) as handle:
        json.dump(value, handle, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False)
        handle.write("\n")


def read_json(path: str | os.PathLike[str]) -> Any:
    """Read a JSON file; a missing or malformed one is a `DataError` that names it."""
    try:
        return parse_json(Path(path).read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise DataError(f"{path}: not found") from error
    except ValueError as error:
        raise DataError(f"{path}: not readable as JSON ({error})") from error


def parse_json(text: str | bytes) -> Any:
    """The value of a JSON text; `ValueError` if it is none, or is nested too deeply."""
    too_deep = f"nested more than {DEEPEST} levels deep"
    try:
        value = json.loads(text)
    except RecursionError as error:
        raise ValueError(too_deep) from error
    if is_too_deep(value):
        raise ValueError(too_deep)
    return value


def is_too_deep(value: Any) -> bool:
    """Whether lists and mappings lie in one another more than `DEEPEST` levels deep."""
    level = [value]
    for _ in range(DEEPEST + 1):
        # By identity: what YAML's aliases name many times, or within itself, is looked at once.
        outer = {id(item): item for item in level if isinstance(item, dict | list)}.values()
        if not outer:
            return False
        level = [v for item in outer for v in (item.values() if isinstance(item, dict) else item)]
    return True


def write_sealed(path: str | os.PathLike[str], record: dict[str, Any]) -> None:
    """Write a JSON object atomically with a hash of itself, so that no bit can change unnoticed."""
    write_json(path, {**record, "seal": _seal(record)})


def read_sealed(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Read what `write_sealed` wrote; a `DataError` names a file that is not as it was written."""
    record = read_json(path)
    if not isinstance(record, dict) or record.pop("seal", None) != _seal(record):
        raise DataError(f"{path}: its content is not what was written; make it again")
    return record


def _seal(record: dict[str, Any]) -> str:
    plain = json.loads(json.dumps(record))  # as it will be read: keys are strings
    return hashlib.sha256(canonical_json(plain).encode()).hexdigest()
