"""One execution of one stage: lock, journal, provenance, and a clean end whatever happens."""

from __future__ import annotations

import fcntl
import hashlib
import time
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from arae.foundation.claims import claim, settle
from arae.foundation.code import code_version
from arae.foundation.doubts import Doubt, tell
from arae.foundation.errors import AraeError, Preempted
from arae.foundation.files import canonical_json, remove_partials, write_sealed
from arae.foundation.journal import Journal
from arae.foundation.owner import SILENCE_SECONDS, end_with_owner
from arae.foundation.provenance import FORMAT, environment, fingerprint, git_state

WORK = Path("work")
# Longer than the stage of a workflow that was killed can live on, on whichever host.
LOCK_PATIENCE_SECONDS = SILENCE_SECONDS + 60.0


@dataclass
class StageRun:
    """What a running stage tells about itself."""

    name: str
    settings: Any
    seed: int | None
    key: str
    journal: Journal
    sidecar: Path
    facts: dict[str, Any] = field(default_factory=dict)
    doubts: list[Doubt] = field(default_factory=list)

    @property
    def work(self) -> Path:
        """Folder for this very computation's checkpoints: named by inputs, settings, seed and code."""
        return WORK / self.name / self.key

    def claim(self, *outputs: Path) -> None:
        """Before writing or removing outputs that the stage knows only now: they must be its own."""
        claim(self.sidecar, outputs)

    def doubt(self, *doubts: Doubt) -> None:
        """Keep what a reader must know in the sidecar, and say it."""
        for doubt in doubts:
            self.doubts.append(doubt)
            tell(doubt, str(self.sidecar.parent))

    def metrics(self, step: int, values: dict[str, float]) -> None:
        """Record numbers at a step for live tracking."""
        self.journal.metrics(step, values)


@contextmanager
def stage_run(
    name: str,
    *,
    sidecar: str | Path,
    inputs: Iterable[str | Path],
    outputs: Collection[str | Path],
    settings: Any,
    modules: Sequence[str] = (),
    seed: int | None = None,
) -> Iterator[StageRun]:
    """Run the body of stage `name`; on success write the provenance sidecar, last of all.

    `inputs` and `outputs` are files; `modules` are package modules chosen by name at run time,
    added to `arae.stages.<name>` for the code version. Inputs are hashed first. Only one process
    at a time may make the same sidecar: another waits for a few minutes, then gives up. A file that
    no stage made is not overwritten: in the place of an output it is a `DataError`.
    """
    sidecar = Path(sidecar)
    started = time.time()
    with _exclusive(sidecar):
        _clear(sidecar, *outputs)
        made_from = {str(path): fingerprint(Path(path)) for path in sorted(map(str, inputs))}
        claim(sidecar, map(Path, outputs))
        code_modules = [f"arae.stages.{name.replace('-', '_')}", *modules]
        identity = {
            "stage": name,
            "inputs": {path: entry["sha256"] for path, entry in made_from.items()},
            "settings": settings,
            "seed": seed,
            "code": code_version(code_modules),
        }
        key = hashlib.sha256(canonical_json(identity).encode()).hexdigest()[:24]
        journal = Journal.open(name, key, str(sidecar), settings, seed, made_from)
        run = StageRun(name, settings, seed, key, journal, sidecar)
        end_with_owner()
        try:
            yield run
            _clear(*outputs)  # some are known only now
            record = {
                "format": FORMAT,
                "stage": name,
                "settings": settings,
                "seed": seed,
                "inputs": made_from,
                "outputs": {
                    str(path): fingerprint(Path(path)) for path in sorted(map(str, outputs))
                },
                "code": {"version": identity["code"], "modules": code_modules},
                "git": git_state(),
                "started": datetime.fromtimestamp(started, UTC).isoformat(timespec="seconds"),
                "seconds": round(time.time() - started, 3),
                **environment(),
                **run.facts,
                "doubts": [doubt.as_json() for doubt in run.doubts],
            }
            # The sidecar comes last: until it is there, nothing counts as made.
            settle(sidecar, {path: made["sha256"] for path, made in record["outputs"].items()})
            write_sealed(sidecar, record)
        except BaseException as error:
            journal.end(_status(error), str(error), {})
            raise
        journal.end(
            "FINISHED", "", {path: entry["sha256"] for path, entry in record["outputs"].items()}
        )


def _clear(*outputs: str | Path) -> None:
    for output in outputs:
        remove_partials(Path(output))


def _status(error: BaseException) -> str:
    stopped = isinstance(error, Preempted | KeyboardInterrupt)
    return "KILLED" if stopped else "FAILED"


@contextmanager
def _exclusive(sidecar: Path) -> Iterator[None]:
    """Hold the lock of one output; the kernel frees it when the holder dies, however it dies."""
    locks = WORK / "locks"
    locks.mkdir(parents=True, exist_ok=True)
    path = locks / hashlib.sha256(str(sidecar).encode()).hexdigest()[:24]
    with path.open("w") as handle:
        deadline = time.monotonic() + LOCK_PATIENCE_SECONDS
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise AraeError(
                        f"{sidecar}: another process has been making it for "
                        f"{LOCK_PATIENCE_SECONDS:.0f} s; wait for it to end, then run again"
                    ) from None
                time.sleep(0.2)
        yield
