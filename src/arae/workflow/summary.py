"""What a run of the workflow says: doubts as they arise, and at its end what was made of what."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from arae.foundation.doubts import SHOWN_BY, doubts_in
from arae.foundation.errors import DataError
from arae.foundation.files import read_json

SECONDS = 0.5
SIDECAR = "provenance.json"


def show_doubts(folder: Path) -> None:
    """Print what stages doubt on this terminal when they say it, for as long as this process lives."""
    folder.mkdir(parents=True, exist_ok=True)
    shown = (folder / "doubts.txt").resolve()
    shown.write_text("", encoding="utf-8")
    os.environ[SHOWN_BY] = str(shown)

    def follow() -> None:
        with shown.open(encoding="utf-8") as handle:
            while True:
                for line in handle:
                    print(line, end="", file=sys.stderr, flush=True)
                time.sleep(SECONDS)

    threading.Thread(target=follow, name="doubts", daemon=True).start()


def summary(jobs: Iterable[Any]) -> list[str]:
    """Lines about the finished jobs of Snakemake's graph: texts, doubts, and where results are."""
    made = sorted({str(path) for job in jobs for path in job.output})
    lines = [line for path in made for line in _of_text(Path(path))]
    lines += [f"warning: {doubt}" for doubt in _doubts(made)]
    lines += [f"results: {path}" for path in made if Path(path).name == "report.html"]
    return lines


def _of_text(path: Path) -> Iterator[str]:
    """What `arae tokenize` and `arae encode` counted."""
    if path.name != "report.json" or path.parent.name not in ("tokens", "ids"):
        return
    corpus, counts = path.parent.parent.name, _read(path)
    if path.parent.name == "ids":
        shares = (f"{split} {found['unknown_share']:.2%}" for split, found in counts.items())
        yield f"{corpus}: unknown words: {', '.join(shares)}"
        return
    for split, found in counts.get("splits", {}).items():
        dropped = found["read"] - found["kept"]
        yield f"{corpus}: {split}: {found['kept']} of {found['read']} sentences kept, {dropped} dropped"
    overlaps = [f"{count} of {pair}" for pair, count in counts.get("overlaps", {}).items() if count]
    if overlaps:
        yield f"{corpus}: sentences in two splits: {', '.join(overlaps)}"


def _doubts(made: Iterable[str]) -> list[str]:
    sidecars = [Path(path) for path in made if path.endswith(SIDECAR)]
    found = (
        (folder, doubt)
        for path in sidecars
        for folder in [path.parent]
        for doubt in doubts_in([_read(path)])
    )
    return list(dict.fromkeys(f"{_place(folder)}: {doubt['message']}" for folder, doubt in found))


def _place(folder: Path) -> str:
    """A folder without its seed: what every seed says is said once."""
    return str(folder.parent if folder.name.startswith("seed-") else folder)


def _read(path: Path) -> dict[str, Any]:
    try:
        return dict(read_json(path))
    except (DataError, ValueError, TypeError):
        return {}
