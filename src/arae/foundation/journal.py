"""A stage's journal: an append-only JSONL file that a separate writer ships to MLflow.

Tracking must never stop or slow a stage, so a stage only appends lines to a local file in the
folder named by ARAE_JOURNAL (set by the workflow); without it nothing is written. Lines:
`{"event": "start", …}`, `{"event": "metrics", "time": ms, "step": n, "values": {…}}`,
`{"event": "end", "status": "FINISHED"|"FAILED"|"KILLED", …}`.
"""

from __future__ import annotations

import json
import math
import os
import sys
import time
from pathlib import Path
from typing import Any


class Journal:
    """Append-only event file of one stage run; every failure to write is swallowed once, loudly."""

    def __init__(self, path: Path | None) -> None:
        self._path = path

    @classmethod
    def open(
        cls,
        stage: str,
        key: str,
        artefact: str,
        settings: Any,
        seed: int | None,
        inputs: dict[str, Any],
    ) -> Journal:
        """Start the journal of a stage run, if the workflow asked for one."""
        folder = os.environ.get("ARAE_JOURNAL")
        if not folder:
            return cls(None)
        journal = cls(Path(folder) / f"{stage}-{key}-{os.getpid()}.jsonl")
        journal._append(
            {
                "event": "start",
                "stage": stage,
                "key": key,
                "artefact": artefact,
                "settings": settings,
                "seed": seed,
                "inputs": {path: entry["sha256"] for path, entry in inputs.items()},
            }
        )
        return journal

    def metrics(self, step: int, values: dict[str, float]) -> None:
        """Append numbers at a step; non-finite ones are left out (SQL stores refuse them)."""
        finite = {name: float(value) for name, value in values.items() if math.isfinite(value)}
        self._append({"event": "metrics", "step": step, "values": finite})

    def end(self, status: str, message: str, outputs: dict[str, str]) -> None:
        """Append the end of the run: status, error message, outputs' hashes."""
        self._append({"event": "end", "status": status, "message": message, "outputs": outputs})

    def _append(self, event: dict[str, Any]) -> None:
        if self._path is None:
            return
        line = json.dumps({"time": int(time.time() * 1000), **event}, ensure_ascii=False)
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("a", encoding="utf-8") as handle:
                handle.write(line + "\n")
        except OSError as error:
            print(f"tracking is off for this stage: {self._path}: {error}", file=sys.stderr)
            self._path = None
