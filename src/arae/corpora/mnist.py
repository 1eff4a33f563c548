"""The source `mnist`: the four official idx files, binarised at mid-grey.

The last `valid` images of the official train files become the validation split, the rest `train`;
`test` is the official one. MNIST: LeCun, Cortes and Burges, public.
"""

from __future__ import annotations

import gzip
import hashlib
import lzma
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from arae.corpora.download import Download, obtain
from arae.corpora.idx import parse_idx
from arae.corpora.images import CLASSES, Images, binarise
from arae.foundation.console import say
from arae.foundation.errors import DataError, IntegrityError, SettingsError
from arae.foundation.settings import bounded
from arae.foundation.stage import WORK

ADDRESS = "https://ossci-datasets.s3.amazonaws.com/mnist/"
HEIGHT = WIDTH = 28
WHITE = 255


@dataclass(frozen=True, kw_only=True)
class IdxFile:
    """An official file: its name, the hash of its unpacked content, its packed size and hash."""

    name: str
    unpacked_bytes: int
    unpacked_sha256: str
    packed_bytes: int
    packed_sha256: str

    @property
    def download(self) -> Download:
        """The gzip file at its public address."""
        return Download(
            url=f"{ADDRESS}{self.name}.gz", bytes=self.packed_bytes, sha256=self.packed_sha256
        )


@dataclass(frozen=True, kw_only=True)
class Part:
    """An official part: its file of images and its file of labels."""

    images: IdxFile
    labels: IdxFile


TRAIN = Part(
    images=IdxFile(
        name="train-images-idx3-ubyte",
        unpacked_bytes=47_040_016,
        unpacked_sha256="ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
        packed_bytes=9_912_422,
        packed_sha256="440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
    ),
    labels=IdxFile(
        name="train-labels-idx1-ubyte",
        unpacked_bytes=60_008,
        unpacked_sha256="65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
        packed_bytes=28_881,
        packed_sha256="3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
    ),
)
TEST = Part(
    images=IdxFile(
        name="t10k-images-idx3-ubyte",
        unpacked_bytes=7_840_016,
        unpacked_sha256="0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
        packed_bytes=1_648_877,
        packed_sha256="8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
    ),
    labels=IdxFile(
        name="t10k-labels-idx1-ubyte",
        unpacked_bytes=10_008,
        unpacked_sha256="ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
        packed_bytes=4_542,
        packed_sha256="f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
    ),
)
# How a file may be packed, by the end of its name.
OPENERS: dict[str, Callable[..., Any]] = {"": Path.open, ".gz": gzip.open, ".xz": lzma.open}
DAMAGE = (EOFError, lzma.LZMAError, gzip.BadGzipFile, zlib.error)


@dataclass(frozen=True, kw_only=True)
class MnistSource:
    """`mirror`: a local folder that may hold the files, plain, .gz or .xz; tried before the web.

    `valid`: how many images are cut from the end of the official train part.
    """

    kind: Literal["mnist"] = "mnist"
    mirror: str | None = None
    valid: int = bounded(10_000, low=1)

    def count(self, split: str, most: int) -> int | None:
        """Known from the official files."""
        return {"train": 60_000 - self.valid, "valid": self.valid, "test": 10_000}[split]

    def write(self, folder: Path) -> dict[str, Any]:
        """Get and verify the files, write the splits; returns facts for the provenance."""
        train, test = (_read(part, self.mirror) for part in (TRAIN, TEST))
        kept = len(train) - self.valid
        if kept < 1:
            raise SettingsError(f"source.valid: {self.valid} of {len(train)} leave no train image")
        splits = {"train": train.part(0, kept), "valid": train.part(kept, len(train)), "test": test}
        for split, images in splits.items():
            images.save(folder, split)
        files = [part.images for part in (TRAIN, TEST)] + [part.labels for part in (TRAIN, TEST)]
        return {
            "images": {split: len(images) for split, images in splits.items()},
            "shape": list(train.shape),
            "files": {file.name: file.unpacked_sha256 for file in files},
        }


def _read(part: Part, mirror: str | None) -> Images:
    pixels, labels = (
        parse_idx(_content(file, mirror), dimensions, file.name)
        for file, dimensions in ((part.images, 3), (part.labels, 1))
    )
    if pixels.shape[1:] != (HEIGHT, WIDTH):
        raise DataError(
            f"{part.images.name}: images of {pixels.shape[1]}x{pixels.shape[2]} pixels, expected "
            f"{HEIGHT}x{WIDTH}; is it an MNIST file?"
        )
    if len(pixels) != len(labels):
        raise DataError(f"{part.labels.name}: {len(labels)} labels for {len(pixels)} images")
    if int(labels.max()) >= CLASSES:
        raise DataError(f"{part.labels.name}: label {int(labels.max())}, expected 0 … 9")
    return Images(binarise(pixels, WHITE), np.asarray(labels))


def _content(file: IdxFile, mirror: str | None) -> bytes:
    """A file's verified, unpacked bytes."""
    path = _in_mirror(file, mirror)
    if path is None:
        path = obtain(file.download, WORK / "downloads")
    try:
        with OPENERS[path.name.removeprefix(file.name)](path, "rb") as handle:
            content: bytes = handle.read(file.unpacked_bytes + 1)
    except DAMAGE as error:
        raise DataError(f"{path}: damaged compressed file ({error}); get it again") from error
    found = hashlib.sha256(content).hexdigest()
    if found != file.unpacked_sha256:
        size = f"{len(content)} of {file.unpacked_bytes} bytes"
        raise IntegrityError(
            f"{path}: its content ({size}, sha256 {found}) is not the official {file.name}; "
            "remove it, or put a good copy there"
        )
    return content


def _in_mirror(file: IdxFile, mirror: str | None) -> Path | None:
    if mirror is None:
        return None
    folder = Path(mirror)
    found = [folder / f"{file.name}{end}" for end in OPENERS]
    path = next((candidate for candidate in found if candidate.is_file()), None)
    if path is None:
        say(f"{folder / file.name}[.gz|.xz]: not there; trying {file.download.url}")
    return path
