"""Model directories of formats 1 and 2 open as what they were."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from arae.engine.modeldir import load_image_model, load_model, save_image_model, save_model
from arae.foundation.errors import IntegrityError
from arae.foundation.files import sha256_file
from arae.text.vocabulary import SPECIALS
from toy import IMAGE_RECIPES, LABELS, SHAPE, VOCABULARY_SIZE, store_for, toy_store, toy_system

# What format 1 wrote in the place of today's keys, for the toy recipes of these names.
OLD = {
    "ae": ({"sphere": True, "ridge": 1e-5}, ("posterior", "prior", "corruption")),
    "ae-adam": ({"sphere": False, "ridge": 1e-5}, ("posterior", "prior", "corruption")),
    "aae-gaussian": ({"posterior": "gaussian"}, ("prior", "corruption")),
    "vae": (
        {"kl_start": 0.0, "kl_end": 1.0, "kl_epochs": 10.0},
        ("posterior", "prior", "gap", "floor", "weight", "corruption"),
    ),
    "arae-paper": ({}, ("corruption",)),
}
TENSORS = {"prior.mean": "code_mean", "prior.factor": "code_factor"}


def in_format_1(folder: Path, name: str) -> None:
    """Write a model directory again as format 1 had it."""
    weights, path = folder / "model.safetensors", folder / "recipe.json"
    tensors = {TENSORS.get(key, key): tensor for key, tensor in load_file(weights).items()}
    save_file(tensors, weights)
    recipe = json.loads(path.read_text())
    added, removed = OLD[name]
    settings = {key: v for key, v in recipe["settings"].items() if key not in removed} | added
    del recipe["domain"]
    recipe |= {"format": 1, "settings": settings, "weights": {"sha256": sha256_file(weights)}}
    path.write_text(json.dumps(recipe))


@pytest.fixture
def saved(tmp_path: Path):
    words = (*SPECIALS, *(f"w{n}" for n in range(VOCABULARY_SIZE - len(SPECIALS))))
    (tmp_path / "words").write_text("".join(f"{word}\n" for word in words))

    def save(name: str) -> tuple[Path, object]:
        system, folder = toy_system(name).eval(), tmp_path / name
        system.fit_prior(toy_store())
        save_model(folder, system, 1, tmp_path / "words", [], {"epoch": 1, "score": 2.0}, LABELS)
        return folder, system

    return save


@pytest.mark.parametrize("name", OLD)
def test_a_directory_of_format_1_is_the_same_model(saved, name: str) -> None:
    folder, system = saved(name)
    in_format_1(folder, name)
    loaded = load_model(folder).system
    assert loaded.settings == system.settings
    wanted = system.state_dict()
    assert wanted.keys() == loaded.state_dict().keys()
    assert all(torch.equal(tensor, wanted[key]) for key, tensor in loaded.state_dict().items())


# What recipes of images held in format 2, though it meant nothing there.
OF_TEXT = {"max_length": 15, "start": None, "observe": {"every": 0, "sentences": 1000}}


@pytest.mark.parametrize("name", IMAGE_RECIPES)
def test_a_directory_of_images_of_format_2_is_the_same_model(tmp_path: Path, name: str) -> None:
    system = toy_system(name).eval()
    system.fit_prior(store_for(name))
    save_image_model(tmp_path, system, 1, SHAPE, [], {"epoch": 1, "score": 2.0})
    path = tmp_path / "recipe.json"
    recipe = json.loads(path.read_text())
    assert recipe.pop("domain") == "images"
    settings = recipe["settings"] | OF_TEXT
    settings["system"] = f"image_{settings['system']}"
    settings["selection"] |= {"order": 5}
    path.write_text(json.dumps(recipe | {"format": 2, "settings": settings}))
    loaded = load_image_model(tmp_path)
    assert loaded.system.settings == system.settings and loaded.shape == SHAPE
    wanted = system.state_dict()
    assert wanted.keys() == loaded.system.state_dict().keys()
    for key, tensor in loaded.system.state_dict().items():
        assert torch.equal(tensor, wanted[key])
    with pytest.raises(IntegrityError, match=r"missing; a model directory holds .* vocabulary.txt"):
        load_model(tmp_path)


def test_a_directory_of_text_is_no_model_of_images(saved) -> None:
    folder, _ = saved("vae")
    with pytest.raises(IntegrityError, match="a model of text, not of images"):
        load_image_model(folder)


def test_an_unknown_format_is_refused_in_one_line(saved) -> None:
    folder, _ = saved("ae")
    path = folder / "recipe.json"
    path.write_text(path.read_text().replace('"format": 3', '"format": 4'))
    with pytest.raises(IntegrityError, match="format 4 is of another version; open the model with"):
        load_model(folder)
