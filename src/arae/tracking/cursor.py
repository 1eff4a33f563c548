"""Reading a journal piece by piece, and remembering how far it has been shipped."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from arae.foundation.errors import DataError
from arae.foundation.files import parse_json, read_json, write_json

READ_BYTES = 4 << 20


@dataclass
class Cursor:
    """How far a journal has been shipped: bytes, the MLflow run it became, its status if ended."""

    path: Path
    offset: int = 0
    run_id: str = ""
    status: str = ""

    @classmethod
    def of(cls, journal: Path) -> Cursor:
        """The saved cursor of a journal, or a fresh one (also if the saved one is unreadable)."""
        path = journal.with_name(journal.name + ".cursor.json")
        try:
            saved = read_json(path)
            return cls(path, int(saved["offset"]), str(saved["run_id"]), str(saved["status"]))
        except (DataError, KeyError, TypeError, ValueError):
            return cls(path)

    def save(self) -> None:
        """Write the cursor atomically."""
        values = asdict(self)
        del values["path"]
        write_json(self.path, values)


def read_events(journal: Path, offset: int) -> Iterator[tuple[dict[str, Any], int]]:
    """Whole events after `offset`, each with the offset behind it.

    A last line without its newline is still being written, or was cut by a kill: it is left alone.
    A whole line that is no event (a cut line that a later write has closed) is passed over.
    """
    with journal.open("rb") as handle:
        handle.seek(offset)
        block = handle.read(READ_BYTES)
    for line in block[: block.rfind(b"\n") + 1].splitlines(keepends=True):
        offset += len(line)
        try:
            event = parse_json(line)
        except ValueError:
            continue
        if isinstance(event, dict) and "event" in event and isinstance(event.get("time"), int):
            yield event, offset


def has_more(journal: Path, offset: int) -> bool:
    """Whether bytes have been appended behind `offset`."""
    try:
        return journal.stat().st_size > offset
    except OSError:
        return False
