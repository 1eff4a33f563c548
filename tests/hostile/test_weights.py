"""Weights that are not what they seem, in every kind of folder that holds some.

Each file's hash is recorded anew, as one who makes such a file would do.
"""

from __future__ import annotations

import io
import json
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from arae.engine.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from arae.engine.modeldir import load_image_model, load_model, save_image_model, save_model
from arae.evaluation import classifiers, image_classifier, text_cnn
from arae.evaluation.image_classifier import ClassifierSettings
from arae.foundation.errors import IntegrityError
from arae.foundation.files import sha256_file
from arae.nn.convnet import Convnet
from arae.text.vocabulary import SPECIALS, Vocabulary
from toy import SHAPE, toy_system

from .pickles import as_torch_archive, payload

WORDS = [*SPECIALS, *(f"w{i}" for i in range(20))]
WEIGHTS = "model.safetensors"
# Deep enough for every parser, and then some.
DEEP = 10_000


def text_model(folder: Path) -> Path:
    vocabulary = folder.with_name("words.txt")
    vocabulary.write_text("".join(f"{word}\n" for word in WORDS))
    save_model(folder, toy_system("ae"), 1, vocabulary, [{"step": 1}], {"epoch": 1, "score": 2.0})
    return folder / "recipe.json"


def image_model(folder: Path) -> Path:
    folder.mkdir()
    save_image_model(folder, toy_system("image-ae"), 1, SHAPE, [], {"epoch": 1})
    return folder / "recipe.json"


def judge_of_images(folder: Path) -> Path:
    folder.mkdir()
    settings = ClassifierSettings()
    network = Convnet((8, 8), image_classifier.CLASSES, settings.network, settings.seed)
    image_classifier.save_classifier(folder, network, settings, {})
    return folder / "recipe.json"


def judge_of_text(folder: Path) -> Path:
    folder.mkdir()
    settings, words = text_cnn.Settings(dimension=4, widths=(1, 2), filters=3), Vocabulary(WORDS)
    network = text_cnn.TextCnnClassifier(words, ("cold", "warm"), settings)
    classifiers.save_classifier(folder, network, words, settings, 1, {})
    return folder / "classifier.json"


# Makes a folder and names its record; loads it.
KINDS: dict[str, tuple[Callable[[Path], Path], Callable[[Path], Any]]] = {
    "text model": (text_model, load_model),
    "image model": (image_model, load_image_model),
    "judge of images": (judge_of_images, image_classifier.load_classifier),
    "judge of text": (judge_of_text, classifiers.load_classifier),
}


class Forged:
    """A folder whose weights are replaced and recorded as if they had been saved."""

    def __init__(self, kind: str, folder: Path) -> None:
        make, self._load = KINDS[kind]
        self.folder, self.record = folder, make(folder)
        self.whole = (folder / WEIGHTS).read_bytes()

    def load(self, content: bytes) -> Any:
        path = self.folder / WEIGHTS
        path.write_bytes(content)
        record = json.loads(self.record.read_text())
        record["weights"]["sha256"] = sha256_file(path)
        self.record.write_text(json.dumps(record))
        return self._load(self.folder)

    def refuse(self, content: bytes, message: str) -> None:
        with pytest.raises(IntegrityError, match=message) as caught:
            self.load(content)
        assert "\n" not in str(caught.value)
        assert str(self.folder) in str(caught.value)


@pytest.fixture(params=list(KINDS))
def forged(request: pytest.FixtureRequest, tmp_path: Path) -> Forged:
    """One of each kind."""
    return Forged(request.param, tmp_path / "model")


def packed(header: object, data: bytes) -> bytes:
    """A safetensors file."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def unpacked(content: bytes) -> tuple[dict[str, Any], bytes]:
    """Header and data of a safetensors file."""
    (size,) = struct.unpack("<Q", content[:8])
    return json.loads(content[8 : 8 + size]), content[8 + size :]


def test_forging_as_such_is_not_what_is_refused(forged: Forged) -> None:
    forged.load(packed(*unpacked(forged.whole)))


def _entry(change: Callable[[dict[str, Any], int], None]) -> Callable[[bytes], bytes]:
    """Changes the first tensor's entry of the header, given the size of the data."""

    def forge(whole: bytes) -> bytes:
        header, data = unpacked(whole)
        change(next(value for name, value in header.items() if name != "__metadata__"), len(data))
        return packed(header, data)

    return forge


def _all_overlap(whole: bytes) -> bytes:
    header, data = unpacked(whole)
    for entry in header.values():
        start, end = entry["data_offsets"]
        entry["data_offsets"] = [0, end - start]
    return packed(header, data)


def _as_doubles(whole: bytes) -> bytes:
    """The same numbers in a type twice as wide: a sound file, but not of this model."""
    import safetensors.torch

    tensors = safetensors.torch.load(whole)
    return safetensors.torch.save({name: tensor.double() for name, tensor in tensors.items()})


def _with_infinite_depth(whole: bytes) -> bytes:
    return packed(b'{"a":' + b"[" * DEEP + b"]" * DEEP + b"}", unpacked(whole)[1])


HEADERS: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "nothing": (lambda whole: b"", "header"),
    "size of 2^63": (lambda whole: struct.pack("<Q", 1 << 63) + whole[8:], "header"),
    "size beyond the file": (lambda whole: struct.pack("<Q", len(whole)) + whole[8:], "header"),
    "size over 100 MB": (lambda whole: struct.pack("<Q", 100_000_001) + whole[8:], "header"),
    "no JSON": (lambda whole: packed(b"{" * 50, b""), "header"),
    "no UTF-8": (lambda whole: packed(b'{"\xff\xfe": 1}', b""), "header"),
    "no mapping": (lambda whole: packed([1, 2], b""), "header"),
    "nested": (_with_infinite_depth, "header"),
    "overlapping": (_all_overlap, "offset"),
    "beyond the file": (
        _entry(lambda e, size: e.update(data_offsets=[0, size * 1000], shape=[size * 250])),
        "header|offset|buffer",
    ),
    "backwards": (_entry(lambda e, size: e.update(data_offsets=e["data_offsets"][::-1])), "offset"),
    "negative": (_entry(lambda e, size: e.update(data_offsets=[-8, 0])), "header"),
    "shape too large": (
        _entry(lambda e, size: e.update(shape=[1 << 62, 1 << 62])),
        "overflow|info",
    ),
    "shape of other size": (_entry(lambda e, size: e.update(shape=[1])), "info|shape|header"),
    "unknown type": (_entry(lambda e, size: e.update(dtype="OBJECT")), "header"),
    "other type of the same size": (_entry(lambda e, size: e.update(dtype="I32")), "int32"),
    "other type": (_as_doubles, "float64"),
    "data cut": (lambda whole: whole[:-4], "header|buffer"),
    "data behind the end": (lambda whole: whole + b"\0" * 64, "header|buffer"),
    "no tensor": (lambda whole: packed({}, b""), "missing"),
}


@pytest.mark.parametrize("name", list(HEADERS))
def test_headers(tmp_path: Path, name: str) -> None:
    forge, message = HEADERS[name]
    forged = Forged("text model", tmp_path / "model")
    forged.refuse(forge(forged.whole), f"(?i){message}")


@pytest.mark.parametrize("name", ["size of 2^63", "overlapping", "other type", "no tensor"])
def test_headers_in_every_kind_of_folder(forged: Forged, name: str) -> None:
    forge, message = HEADERS[name]
    forged.refuse(forge(forged.whole), f"(?i){message}|words")


@pytest.mark.parametrize("wrap", ["bare", "as torch.save"])
def test_a_pickle_named_as_weights_is_refused_unread(
    forged: Forged, tmp_path: Path, wrap: str
) -> None:
    marker = tmp_path / "pwned"
    content = payload(marker)
    if wrap == "as torch.save":
        content = as_torch_archive(content, tmp_path / "archive.zip")
        torch.load(io.BytesIO(content), weights_only=False).close()
        assert marker.exists()  # loaded the unsafe way it does its work
        marker.unlink()
    forged.refuse(content, "(?i)header")
    assert not marker.exists()


def test_a_pickle_named_as_a_checkpoint_is_passed_over(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for step in (1, 2):
        save_checkpoint(tmp_path, step, Checkpoint({"a": torch.ones(2)}, {"step": step}))
    newest = sorted(tmp_path.glob("*.safetensors"))[-1]
    marker = tmp_path / "pwned"
    newest.write_bytes(payload(marker))
    record = {"sha256": sha256_file(newest), "progress": {"step": 2}}
    newest.with_suffix(".json").write_text(json.dumps(record))
    loaded = load_checkpoint(tmp_path)
    assert loaded is not None and loaded.progress == {"step": 1}
    assert "damaged checkpoint passed over" in capsys.readouterr().err
    assert not marker.exists()


@pytest.mark.parametrize(
    ("key", "value"),
    [("size", 10**12), ("size", -1), ("size", float("inf")), ("size", None), ("sha256", 7)],
)
def test_a_recipe_that_lies_about_its_vocabulary(tmp_path: Path, key: str, value: object) -> None:
    forged = Forged("text model", tmp_path / "model")
    record = json.loads(forged.record.read_text())
    record["vocabulary"][key] = value
    forged.record.write_text(json.dumps(record))
    forged.refuse(forged.whole, r"vocabulary\.txt")
