"""Files named .npy that hold a pickle, objects, an archive, or a header that lies."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from arae.corpora.images import Images
from arae.foundation.errors import DataError
from arae.text.encoded import EncodedText

from .pickles import MakesFile, payload

ENCODED = {
    "train.npy": np.array([4, 5, 6], np.uint16),
    "train.offsets.npy": np.array([0, 1, 3], np.int64),
    "train.labels.npy": np.array([0, 1], np.uint8),
}
IMAGES = {
    "train.npy": np.ones((2, 3, 3), np.uint8),
    "train.labels.npy": np.array([0, 1], np.uint8),
}
READERS: dict[str, tuple[dict[str, np.ndarray], Callable[[Path], object]]] = {
    "encoded text": (ENCODED, lambda folder: EncodedText.open(folder, "train")),
    "images": (IMAGES, lambda folder: Images.open(folder, "train")),
}
FILES = [(kind, name) for kind, (arrays, _) in READERS.items() for name in arrays]


def header(shape: str, descr: str = "'|u1'", data: bytes = b"\0" * 8) -> bytes:
    """A .npy file with the header's values as given."""
    text = f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}".encode()
    text += b" " * (-(len(text) + 11) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + data


def archive() -> bytes:
    """A zip archive, which numpy opens as several arrays, whatever its name."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as made:
        made.writestr("a.npy", header("(8,)"))
    return packed.getvalue()


HOSTILE = {
    "more than any memory": header("(1000000000000,)"),
    "more than an integer": header("(99999999999999999999999,)"),
    "negative": header("(-8,)"),
    "nested": header("(" * 4000 + ")" * 4000),
    "exhausting the parser": header(f"({'-' * 9000}8,)"),
    "code for a shape": header("__import__('os').system('touch pwned')"),
    "code for a type": header("(8,)", "__import__('os').system('touch pwned')"),
    "elements of no size": header("(8,)", "'|V0'"),
    "an archive": archive(),
    "random bytes": bytes(range(256)),
    "nothing": b"",
}


@pytest.fixture(params=FILES, ids=" ".join)
def spoil(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[bytes], str]:
    """Replaces one array of a good folder, opens it and returns the message of the refusal."""
    kind, name = request.param
    arrays, read = READERS[kind]
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "ids"
    folder.mkdir()
    (folder / "labels.txt").write_text("cold\nwarm\n")
    for file, array in arrays.items():
        np.save(folder / file, array)
    read(folder)  # good so far

    def refused(content: bytes) -> str:
        (folder / name).write_bytes(content)
        with pytest.raises(DataError) as caught:
            read(folder)
        message = str(caught.value)
        assert "\n" not in message and len(message) < 400
        assert str(folder) in message
        assert re.search("make it|encode it|fetch them", message)
        return message

    return refused


@pytest.mark.parametrize("name", list(HOSTILE))
def test_files_that_are_no_such_array(
    spoil: Callable[[bytes], str], tmp_path: Path, name: str
) -> None:
    spoil(HOSTILE[name])
    assert not (tmp_path / "pwned").exists()


def test_a_pickle_is_refused_unread(spoil: Callable[[bytes], str], tmp_path: Path) -> None:
    marker = tmp_path / "pwned"
    message = spoil(payload(marker))
    assert not marker.exists()
    assert "allow_pickle" not in message  # numpy's advice, which nobody should follow


def test_an_array_of_objects_is_refused_unread(
    spoil: Callable[[bytes], str], tmp_path: Path
) -> None:
    marker = tmp_path / "pwned"
    packed = io.BytesIO()
    np.save(packed, np.array([MakesFile(marker)], dtype=object), allow_pickle=True)
    np.load(io.BytesIO(packed.getvalue()), allow_pickle=True)[0].close()
    assert marker.exists()  # loaded the unsafe way it does its work
    marker.unlink()
    spoil(packed.getvalue())
    assert not marker.exists()
