"""Binarisation, the idx format and the image sources, on small files of the official layout."""

from __future__ import annotations

import gzip
import hashlib
import lzma
import struct
from dataclasses import replace

import numpy as np
import pytest

from arae.corpora import mnist
from arae.corpora.idx import parse_idx
from arae.corpora.images import Images, binarise
from arae.corpora.sources import parse_image_source
from arae.foundation.errors import DataError, IntegrityError, SettingsError

PACKERS = {"": bytes, ".gz": gzip.compress, ".xz": lzma.compress}


def idx(array: np.ndarray) -> bytes:
    header = bytes((0, 0, 8, array.ndim)) + struct.pack(f">{array.ndim}I", *array.shape)
    return header + array.astype(np.uint8).tobytes()


@pytest.fixture
def files(tmp_path, monkeypatch):
    """Small official files in a mirror, and their contents by name."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mirror").mkdir()
    rng = np.random.default_rng(1)
    contents = {}

    def make(part: mnist.Part, count: int) -> mnist.Part:
        arrays = {
            part.images.name: rng.integers(0, 256, (count, 28, 28)),
            part.labels.name: rng.integers(0, 10, count),
        }
        changed = []
        for file in (part.images, part.labels):
            contents[file.name] = content = idx(arrays[file.name])
            changed.append(
                replace(
                    file,
                    unpacked_bytes=len(content),
                    unpacked_sha256=hashlib.sha256(content).hexdigest(),
                )
            )
        return mnist.Part(images=changed[0], labels=changed[1])

    for name, count in (("TRAIN", 12), ("TEST", 5)):
        monkeypatch.setattr(mnist, name, make(getattr(mnist, name), count))
    # Nothing listens there: a file that is not in the mirror cannot be had.
    monkeypatch.setattr(mnist, "ADDRESS", "http://127.0.0.1:9/")
    return contents


def put(contents: dict[str, bytes], end: str) -> None:
    from pathlib import Path

    for name, content in contents.items():
        Path("mirror", name + end).write_bytes(PACKERS[end](content))


def test_binarising_twice_changes_nothing_and_the_middle_is_black() -> None:
    grey = np.array([[0, 127, 128, 255]], np.uint8)
    once = binarise(grey, 255)
    assert once.tolist() == [[0, 0, 1, 1]]
    assert np.array_equal(binarise(once, 1), once)
    assert binarise(np.array([8.0, 9.0]), 16).tolist() == [0, 1]


@pytest.mark.parametrize("end", PACKERS)
def test_mnist_from_a_mirror_however_packed(files, tmp_path, end) -> None:
    put(files, end)
    source = parse_image_source({"kind": "mnist", "mirror": "mirror", "valid": 4})
    facts = source.write(tmp_path / "out")
    assert facts["images"] == {"train": 8, "valid": 4, "test": 5}
    raw = parse_idx(files["train-images-idx3-ubyte"], 3, "train")
    train, valid = (Images.open(tmp_path / "out", split) for split in ("train", "valid"))
    assert np.array_equal(np.concatenate([train.pixels, valid.pixels]), raw > 127)
    labels = parse_idx(files["train-labels-idx1-ubyte"], 1, "labels")
    assert np.array_equal(np.concatenate([train.labels, valid.labels]), labels)


def test_a_file_with_other_content_is_refused_and_leaves_nothing(files, tmp_path) -> None:
    files["t10k-labels-idx1-ubyte"] = files["t10k-labels-idx1-ubyte"][:-1]
    put(files, ".gz")
    with pytest.raises(IntegrityError, match=r"t10k-labels-idx1-ubyte\.gz: its content \(12 of 13"):
        parse_image_source({"kind": "mnist", "mirror": "mirror"}).write(tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_damaged_archive_is_named(files, tmp_path) -> None:
    put(files, ".gz")
    path = tmp_path / "mirror/train-images-idx3-ubyte.gz"
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(DataError, match=r"train-images-idx3-ubyte\.gz: damaged compressed file"):
        parse_image_source({"kind": "mnist", "mirror": "mirror"}).write(tmp_path / "out")


def test_a_file_that_the_mirror_lacks_is_looked_for_on_the_web(files, tmp_path) -> None:
    with pytest.raises(DataError, match=r"127\.0\.0\.1:9/train-images-idx3-ubyte\.gz: .*mirror"):
        parse_image_source({"kind": "mnist", "mirror": "mirror"}).write(tmp_path / "out")


def test_images_of_another_shape_are_refused(files, tmp_path, monkeypatch) -> None:
    content = idx(np.zeros((12, 8, 8)))
    file = mnist.TRAIN.images
    changed = replace(
        file,
        unpacked_bytes=len(content),
        unpacked_sha256=hashlib.sha256(content).hexdigest(),
    )
    monkeypatch.setattr(mnist, "TRAIN", replace(mnist.TRAIN, images=changed))
    put({**files, file.name: content}, "")
    with pytest.raises(DataError, match="images of 8x8 pixels, expected 28x28"):
        parse_image_source({"kind": "mnist", "mirror": "mirror"}).write(tmp_path / "out")


def test_the_official_files_are_pinned() -> None:
    names = [f.name for p in (mnist.TRAIN, mnist.TEST) for f in (p.images, p.labels)]
    assert names == [
        "train-images-idx3-ubyte",
        "train-labels-idx1-ubyte",
        "t10k-images-idx3-ubyte",
        "t10k-labels-idx1-ubyte",
    ]
    assert mnist.TRAIN.images.unpacked_bytes == 16 + 60_000 * 28 * 28
    assert mnist.TEST.labels.unpacked_bytes == 8 + 10_000
    assert mnist.TRAIN.images.download.url.startswith("https://")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "starts with nothing"),
        (b"<html>", "starts with 3c 68 74 6d, not 00 00 08 03"),
        (idx(np.zeros(4)), "not 00 00 08 03"),
        (bytes((0, 0, 8, 3)) + b"\0" * 5, "truncated inside its header"),
        (idx(np.zeros((2, 3, 3)))[:-1], "truncated: it announces 2x3x3 bytes and holds 17"),
        (idx(np.zeros((2, 3, 3))) + b"x", "wrong size: it announces 2x3x3 bytes and holds 19"),
        (idx(np.zeros((0, 3, 3))), "wrong size"),
        (bytes((0, 0, 8, 3)) + b"\xff" * 12, "truncated: it announces"),
    ],
)
def test_bad_idx_files_give_one_clear_line(content, message) -> None:
    with pytest.raises(DataError, match=message) as caught:
        parse_idx(content, 3, "file")
    assert "\n" not in str(caught.value) and str(caught.value).startswith("file: ")


def test_digits_are_split_without_overlap_by_the_seed_alone(tmp_path) -> None:
    values = {"kind": "digits", "images": {"train": 1000, "valid": 297, "test": 500}}
    for name, seed in (("one", 1), ("again", 1), ("other", 2)):
        parse_image_source({**values, "seed": seed}).write(tmp_path / name)
    one, again, other = (
        [Images.open(tmp_path / name, split) for split in ("train", "valid", "test")]
        for name in ("one", "again", "other")
    )
    assert [len(part) for part in one] == [1000, 297, 500]
    assert all(np.array_equal(a.pixels, b.pixels) for a, b in zip(one, again, strict=True))
    assert not np.array_equal(one[0].pixels, other[0].pixels)
    counts = [np.bincount(np.concatenate([p.labels for p in split])) for split in (one, other)]
    assert counts[0].tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    assert np.array_equal(*counts)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"kind": "digts"}, "did you mean 'digits'"),
        ({"kind": "digits", "images": {"train": 1}}, r"images\.valid: must be given"),
        ({"kind": "digits", "images": {"trian": 1}}, "did you mean 'train'"),
        ({"kind": "digits", "images": dict(train=1700, valid=90, test=90)}, "there are 1797"),
        ({"kind": "mnist", "valid": 0}, "below its least value"),
    ],
)
def test_bad_settings_name_the_key(values, message) -> None:
    with pytest.raises(SettingsError, match=message):
        parse_image_source(values)


@pytest.mark.parametrize(
    ("pixels", "labels"),
    [
        (np.full((3, 2, 2), 2, np.uint8), np.zeros(3, np.uint8)),
        (np.zeros((3, 2, 2), np.uint8), np.zeros(2, np.uint8)),
        (np.zeros((3, 2, 2), np.uint8), np.full(3, 10, np.uint8)),
        (np.zeros((3, 4), np.uint8), np.zeros(3, np.uint8)),
        (np.zeros((0, 2, 2), np.uint8), np.zeros(0, np.uint8)),
    ],
)
def test_arrays_that_are_no_binary_images_are_refused(tmp_path, pixels, labels) -> None:
    np.save(tmp_path / "train.npy", pixels)
    np.save(tmp_path / "train.labels.npy", labels)
    with pytest.raises(DataError, match="arrays of train are not binary images"):
        Images.open(tmp_path, "train")


def test_a_cut_array_is_refused(tmp_path) -> None:
    Images(np.ones((3, 2, 2), np.uint8), np.zeros(3, np.uint8)).save(tmp_path, "train")
    path = tmp_path / "train.npy"
    path.write_bytes(path.read_bytes()[:-2])
    with pytest.raises(DataError, match=r"train\.npy: not a whole \.npy file"):
        Images.open(tmp_path, "train")
