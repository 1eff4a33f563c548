"""The small PNG writer against Pillow's reader."""

from __future__ import annotations

import base64
import io

import numpy as np
import pytest
from PIL import Image

from arae.reporting.charts import png


@pytest.mark.parametrize("shape", [(1, 1), (7, 9), (16, 8), (3, 30)])
def test_a_png_holds_its_pixels(shape: tuple[int, int]) -> None:
    pixels = np.random.default_rng(1).integers(0, 2, shape)
    read = np.asarray(Image.open(io.BytesIO(png.png(pixels))).convert("L"))
    assert np.array_equal(read, 255 * (1 - pixels))
    address = png.data_uri(pixels)
    assert base64.b64decode(address.partition(",")[2]) == png.png(pixels)


def test_a_grid_keeps_the_order_of_its_images() -> None:
    images = np.zeros((5, 2, 3), np.uint8)
    images[1], images[4, 0, 0] = 1, 1
    sheet = png.grid(images, 3)
    gap = png.GAP
    assert sheet.shape == (2 * (2 + gap) + gap, 3 * (3 + gap) + gap)
    assert np.array_equal(sheet[gap : gap + 2, 3 + 2 * gap : 6 + 2 * gap], np.ones((2, 3)))
    assert sheet[2 * gap + 2, 3 + 2 * gap] == 1
    assert sheet.sum() == 7


def test_unpacking_gives_what_was_packed() -> None:
    images = np.random.default_rng(2).integers(0, 2, (7, 5, 3)).astype(np.uint8)
    bits = np.packbits(images.ravel()).tobytes().hex()
    assert np.array_equal(png.unpack({"shape": [5, 3], "count": 7, "bits": bits}), images)
