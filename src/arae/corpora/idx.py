"""The idx format of the MNIST files: a magic number, big-endian sizes, then raw bytes."""

from __future__ import annotations

import math
import struct

import numpy as np

from arae.foundation.errors import DataError

UNSIGNED_BYTE = 8


def parse_idx(content: bytes, dimensions: int, where: str) -> np.ndarray:
    """The array of unsigned bytes, with `dimensions` axes, that an unpacked idx file holds.

    `DataError`, naming `where`, for another magic number, another number of axes, an empty array,
    and more or fewer bytes than the announced sizes ask for.
    """
    header = 4 + 4 * dimensions
    magic = bytes((0, 0, UNSIGNED_BYTE, dimensions))
    if content[:4] != magic:
        raise DataError(
            f"{where}: not an idx file of unsigned bytes with {dimensions} dimensions (it starts "
            f"with {content[:4].hex(' ') or 'nothing'}, not {magic.hex(' ')}); get it again"
        )
    if len(content) < header:
        raise DataError(f"{where}: truncated inside its header of {header} bytes; get it again")
    sizes = struct.unpack(f">{dimensions}I", content[4:header])
    wanted, found = math.prod(sizes), len(content) - header
    if wanted != found or wanted == 0:
        relation = "truncated" if found < wanted else "wrong size"
        shape = "x".join(map(str, sizes))
        raise DataError(
            f"{where}: {relation}: it announces {shape} bytes and holds {found}; get it again"
        )
    return np.frombuffer(content, np.uint8, offset=header).reshape(sizes)
