"""Checkpoints survive damage; model directories refuse it."""

import json
from pathlib import Path

import pytest
import torch

from arae.engine.checkpoint import KEPT, Checkpoint, load_checkpoint, save_checkpoint
from arae.engine.modeldir import load_model, save_model
from arae.foundation.errors import IntegrityError
from arae.text.vocabulary import SPECIALS
from toy import toy_system


def _save(folder: Path, step: int) -> None:
    save_checkpoint(
        folder, step, Checkpoint({"t": torch.full((4,), float(step))}, {"iteration": step})
    )


def test_last_two_are_kept_and_the_newest_is_loaded(tmp_path: Path) -> None:
    for step in range(5):
        _save(tmp_path, step)
    assert (
        len(list(tmp_path.glob("step-*.json"))) == KEPT == len(list(tmp_path.glob("*.safetensors")))
    )
    loaded = load_checkpoint(tmp_path)
    assert (
        loaded is not None and loaded.progress == {"iteration": 4} and loaded.tensors["t"][0] == 4
    )


@pytest.mark.parametrize("damage", ["flip", "progress", "truncate", "remove", "torn json"])
def test_a_damaged_newest_falls_back_to_the_one_before(tmp_path: Path, damage: str, capsys) -> None:
    _save(tmp_path, 1)
    _save(tmp_path, 2)
    tensors = tmp_path / "step-0000000002.safetensors"
    content = bytearray(tensors.read_bytes())
    if damage == "flip":
        content[-1] ^= 1
        tensors.write_bytes(content)
    elif damage == "progress":
        record = tensors.with_suffix(".json")
        text = record.read_text()
        assert text.count('"iteration": 2') == 1
        record.write_text(text.replace('"iteration": 2', '"iteration": 3'))
    elif damage == "truncate":
        tensors.write_bytes(content[:-3])
    elif damage == "remove":
        tensors.unlink()
    else:
        tensors.with_suffix(".json").write_text('{"sha')
    loaded = load_checkpoint(tmp_path)
    assert loaded is not None and loaded.progress == {"iteration": 1}
    assert "passed over" in capsys.readouterr().err


def test_no_checkpoint_is_none(tmp_path: Path) -> None:
    assert load_checkpoint(tmp_path / "nowhere") is None


@pytest.fixture
def model(tmp_path: Path) -> Path:
    vocabulary = tmp_path / "vocabulary.txt"
    words = [*SPECIALS, *(f"w{i}" for i in range(20))]
    vocabulary.write_text("".join(word + "\n" for word in words))
    system = toy_system("arae-code2018")
    save_model(tmp_path / "model", system, 1, vocabulary, [{"step": 1}], {"epoch": 1, "score": 2.0})
    return tmp_path / "model"


def test_model_round_trip(model: Path) -> None:
    loaded = load_model(model)
    expected = toy_system("arae-code2018").state_dict()
    assert all(torch.equal(t, expected[k]) for k, t in loaded.system.state_dict().items())
    assert not loaded.system.training and len(loaded.vocabulary) == 24


@pytest.mark.parametrize("name", ["model.safetensors", "vocabulary.txt"])
def test_a_flipped_bit_is_refused_by_name(model: Path, name: str) -> None:
    content = bytearray((model / name).read_bytes())
    content[len(content) // 2] ^= 1
    (model / name).write_bytes(content)
    with pytest.raises(IntegrityError, match=name):
        load_model(model)


@pytest.mark.parametrize("name", ["model.safetensors", "recipe.json", "vocabulary.txt"])
def test_a_missing_file_is_named(model: Path, name: str) -> None:
    (model / name).unlink()
    with pytest.raises(IntegrityError, match=f"{name}: missing"):
        load_model(model)


def test_another_models_vocabulary_is_refused(model: Path) -> None:
    path = model / "vocabulary.txt"
    path.write_text(path.read_text() + "extra\n")
    with pytest.raises(IntegrityError, match=r"vocabulary\.txt"):
        load_model(model)


def test_a_recipe_for_other_sizes_is_refused(model: Path) -> None:
    recipe = json.loads((model / "recipe.json").read_text())
    recipe["settings"]["latent"] = 9
    (model / "recipe.json").write_text(json.dumps(recipe))
    with pytest.raises(IntegrityError, match="not a usable model directory"):
        load_model(model)
