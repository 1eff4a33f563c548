"""Grids of binary images as small PNG files, for figures that carry their pictures in them."""

from __future__ import annotations

import base64
import struct
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np

SIGNATURE = b"\x89PNG\r\n\x1a\n"
GAP = 2


def png(pixels: np.ndarray) -> bytes:
    """A black-and-white PNG of pixels [H, W], 1 black, one bit each."""
    height, width = pixels.shape
    rows = np.packbits(1 - pixels.astype(np.uint8), axis=1)
    lines = b"".join(b"\0" + row.tobytes() for row in rows)  # filter 0 before each line
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(lines, 9)), (b"IEND", b""))
    return SIGNATURE + b"".join(_chunk(name, content) for name, content in chunks)


def data_uri(pixels: np.ndarray) -> str:
    """The same as a `data:` address."""
    return "data:image/png;base64," + base64.b64encode(png(pixels)).decode()


def unpack(picture: Mapping[str, Any]) -> np.ndarray:
    """Images [N, H, W] of a score's details: {shape, count, bits}, see `arae score-images`."""
    height, width = picture["shape"]
    count = int(picture["count"])
    bits = np.unpackbits(np.frombuffer(bytes.fromhex(picture["bits"]), np.uint8))
    return bits[: count * height * width].reshape(count, height, width)


def grid(images: np.ndarray, across: int) -> np.ndarray:
    """Images [N, H, W], `across` a row, with white gaps between and around: [rows, columns]."""
    count, height, width = images.shape
    down = -(-count // across)
    sheet = np.zeros((down * (height + GAP) + GAP, across * (width + GAP) + GAP), np.uint8)
    for place, image in enumerate(images):
        top = GAP + (place // across) * (height + GAP)
        left = GAP + (place % across) * (width + GAP)
        sheet[top : top + height, left : left + width] = image
    return sheet


def _chunk(name: bytes, content: bytes) -> bytes:
    check = struct.pack(">I", zlib.crc32(name + content))
    return struct.pack(">I", len(content)) + name + content + check
