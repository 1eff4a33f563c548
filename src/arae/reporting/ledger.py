"""What stands behind shown artefacts: every file and sidecar of their chains, summed up."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from arae.foundation.files import read_json
from arae.foundation.provenance import ChainCheck, sidecar_of, verify_chain

# Stages in the order of the way of the data; others follow by name.
STAGES = (
    *("fetch", "tokenize", "vocabulary", "encode", "train", "sample"),
    *("train-lm", "evaluate", "tabulate"),
)
DATA_STAGES = frozenset(STAGES[:4])


@dataclass(frozen=True, kw_only=True)
class Ledger:
    """A chain that checked out: file -> sha256, and the provenance record of every sidecar."""

    files: dict[str, str]
    records: dict[str, dict[str, Any]] = field(default_factory=dict)

    def by_stage(self) -> dict[str, list[dict[str, Any]]]:
        """Records by stage, stages in order."""
        found: dict[str, list[dict[str, Any]]] = {}
        for _, record in sorted(self.records.items()):
            found.setdefault(record["stage"], []).append(record)
        return dict(sorted(found.items(), key=lambda item: stage_place(item[0])))

    def seconds(self, stage: str) -> list[float]:
        """Run time of each execution of a stage."""
        return [float(record.get("seconds", 0.0)) for record in self.by_stage()[stage]]

    def distinct(self, key: str) -> list[Any]:
        """Different values of a field of the records, in order of their text."""
        values = {repr(record.get(key)): record.get(key) for record in self.records.values()}
        return [value for _, value in sorted(values.items()) if value]

    def versions(self) -> dict[str, list[str]]:
        """Package -> its versions among all records; more than one is worth seeing."""
        found: dict[str, set[str]] = {}
        for record in self.records.values():
            for package, version in record.get("versions", {}).items():
                found.setdefault(package, set()).add(version)
        return {package: sorted(versions) for package, versions in sorted(found.items())}

    def data(self) -> list[tuple[str, str, int]]:
        """(path, sha256, bytes) of the corpora's files: what the data stages made, and raw files."""
        made = {path: stage for path, stage in self._makers().items()}
        sizes = {
            path: entry["bytes"]
            for record in self.records.values()
            for side in ("inputs", "outputs")
            for path, entry in record[side].items()
        }
        return [
            (path, digest, int(sizes[path]))
            for path, digest in sorted(self.files.items())
            if made.get(path) is None or made[path] in DATA_STAGES
        ]

    def _makers(self) -> dict[str, str]:
        return {
            path: record["stage"] for record in self.records.values() for path in record["outputs"]
        }


def open_ledger(shown: Iterable[Path]) -> Ledger:
    """Verify the chains of what is to be shown; `IntegrityError` lists everything that fails."""
    check = verify_chain(shown)
    check.require()
    return Ledger(files=check.files, records=_records(check))


def processor_of(record: dict[str, Any]) -> str:
    """The processor that a stage ran on: its GPU if it used one; "" in records that do not say it."""
    device = str(record.get("device", "cpu"))
    return str(record.get("processor", "")) if device == "cpu" else device


def stage_place(stage: str) -> tuple[int, str]:
    """Sorting key of a stage."""
    return (STAGES.index(stage) if stage in STAGES else len(STAGES), stage)


def _records(check: ChainCheck) -> dict[str, dict[str, Any]]:
    sidecars = {sidecar_of(Path(path)) for path in check.files}
    records = {str(path): read_json(path) for path in sorted(sidecars) if path.is_file()}
    return {
        name: record
        for name, record in records.items()
        if any(path in check.files for path in record.get("outputs", {}))
    }
