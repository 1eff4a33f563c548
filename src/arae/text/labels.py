"""Labels of sentences (styles, topics, relations) as small integers beside the encoded text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np

from arae.corpora.lines import read_lines
from arae.foundation.arrays import map_array
from arae.foundation.errors import DataError
from arae.foundation.files import atomic_write

NAMES = "labels.txt"
MOST = 256


def label_file(folder: Path, split: str) -> Path:
    """The array of a split's labels."""
    return folder / f"{split}.labels.npy"


def label_files(folder: Path, splits: Iterable[str]) -> list[Path]:
    """The files that labels are stored in, those that exist."""
    paths = [folder / NAMES, *(label_file(folder, split) for split in splits)]
    return [path for path in paths if path.is_file()]


def encode_labels(texts: Mapping[str, Path], folder: Path) -> dict[str, dict[str, int]]:
    """Write labels.txt (names, sorted) and one array a split; returns how many there are of each.

    `texts`: split -> file of one label a line; the names are those of `train`. A `DataError` names
    the file and line of a label that training never sees.
    """
    names = sorted(set(read_lines(texts["train"])))
    if len(names) > MOST:
        raise DataError(
            f"{texts['train']}: {len(names)} different labels; at most {MOST} are meant"
        )
    places = {name: place for place, name in enumerate(names)}
    with atomic_write(folder / NAMES) as handle:
        handle.writelines(f"{name}\n" for name in names)
    counts = {}
    for split, path in texts.items():
        labels = np.fromiter(_places(path, places), dtype=np.uint8)
        with atomic_write(label_file(folder, split), "wb") as handle:
            np.save(handle, labels, allow_pickle=False)
        found = np.bincount(labels, minlength=len(names))
        counts[split] = {name: int(found[place]) for name, place in places.items()}
    return counts


def _places(path: Path, places: Mapping[str, int]) -> Iterable[int]:
    for number, name in enumerate(read_lines(path), start=1):
        if name not in places:
            raise DataError(
                f"{path}:{number}: the label '{name}' does not occur in training; "
                f"known: {', '.join(places)}"
            )
        yield places[name]


def open_labels(folder: Path, split: str, count: int) -> tuple[np.ndarray | None, tuple[str, ...]]:
    """(labels [count] or None, their names); a `DataError` if they do not fit the text."""
    path, names = label_file(folder, split), folder / NAMES
    if not path.exists() and not names.exists():
        return None, ()
    labels = np.array(map_array(path, "make it with `arae encode`"))
    known = tuple(read_lines(names))
    if labels.shape != (count,) or labels.dtype != np.uint8 or labels.max(initial=0) >= len(known):
        raise DataError(f"{path}: these labels do not fit the sentences; encode it again")
    return labels, known
