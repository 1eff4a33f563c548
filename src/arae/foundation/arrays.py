"""Arrays from .npy files, whatever such a file may hold."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from arae.foundation.errors import DataError

# All that numpy makes of headers that lie about size, type or shape.
_BAD_HEADER = (ValueError, EOFError, OverflowError, MemoryError, RecursionError, SyntaxError)


def map_array(path: Path, remedy: str) -> np.ndarray:
    """Memory-map the array of a .npy file; nothing is unpickled and no announced size is believed.

    A missing or malformed file is a `DataError`, which ends with `remedy`.
    """
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except FileNotFoundError as error:
        raise DataError(f"{path}: not found; {remedy}") from error
    except _BAD_HEADER as error:
        # numpy's own words quote the header at length, or advise to unpickle the file.
        raise DataError(f"{path}: not a whole .npy file of numbers; {remedy}") from error
    if not isinstance(array, np.ndarray):  # numpy opens a zip archive of any name
        raise DataError(f"{path}: an archive, not a .npy file; {remedy}")
    return array
