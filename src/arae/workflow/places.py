"""Places of the user and places of the workflow, which must not be the same.

Before a job runs, Snakemake removes the files that the job is to make. So a plan is refused if a file
or folder that it names lies where the workflow writes, or holds such a place; and a run is refused if a
file that no stage made lies in the place of an output.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from arae.foundation.claims import refuse_strangers
from arae.foundation.errors import SettingsError

# Where the workflow writes; of `data`, only the folders of the plan's corpora.
WRITTEN = ("results", "logs", "work", ".snakemake", ".dvc")
OF_A_CORPUS = ("data/raw", "data/processed")


def check_places(params: Mapping[str, Any], where: str) -> None:
    """Raise `SettingsError` if a path in params.yaml is, lies in, or holds a place of the workflow.

    Paths are told by what they lead to, so that links and other spellings make no difference.
    """
    corpora = [f"{top}/{name}" for name in params["corpora"] for top in OF_A_CORPUS]
    places = {place: _Place(place) for place in (*WRITTEN, *corpora)}
    for key, text in _paths(params):
        mine = _Place(text)
        for place, theirs in places.items():
            if mine.lies_in(theirs) or theirs.lies_in(mine):
                raise SettingsError(
                    f"{where}: {key}: '{text}' and the workflow's own '{place}' are one place or lie in "
                    "each other; the workflow clears and writes its own, so move your files elsewhere, "
                    "for example to data/external, and name them there"
                )


def check_outputs(jobs: Iterable[Any]) -> None:
    """Raise `DataError` if a job of Snakemake would remove a file that no stage made."""
    for job in jobs:
        outputs = [Path(str(path)) for path in job.output]
        for sidecar in (path for path in outputs if path.name.endswith("provenance.json")):
            refuse_strangers(sidecar, [path for path in outputs if path != sidecar])


class _Place:
    """A path, as a person may write it, and what it leads to."""

    def __init__(self, text: str) -> None:
        self.path = Path(os.path.realpath(text))
        self._chain = (self.path, *self.path.parents)
        self._identities = [_identity(path) for path in self._chain]

    def lies_in(self, other: _Place) -> bool:
        """Whether it is the other, or something in it."""
        own = other._identities[0]
        return other.path in self._chain or (own is not None and own in self._identities)


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except (OSError, ValueError):
        return None
    return found.st_dev, found.st_ino


def _paths(params: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """(key, text) of all that may be a path: what a source names, and other texts with a slash."""
    for section, entries in params.items():
        for name, entry in entries.items() if isinstance(entries, Mapping) else ():
            for key, text in _texts(entry, f"{section}.{name}"):
                own = key.removeprefix(f"corpora.{name}.source.")
                if (own != key and own != "kind") or (os.sep in text and _identity(Path(text))):
                    yield key, text


def _texts(value: Any, key: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str) and "\0" not in value:
        yield key, value
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _texts(inner, f"{key}.{name}")
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _texts(inner, f"{key}[{number}]")
