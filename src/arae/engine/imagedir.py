"""A model directory of an image system: as of text, with the images' shape and no vocabulary."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import torch

from arae.engine.checkpoint import load_weights, save_tensors
from arae.engine.modeldir import FORMAT, expect_hash, in_todays_names, write_history
from arae.foundation.errors import DataError, IntegrityError, SettingsError
from arae.foundation.files import read_json, sha256_file, write_json
from arae.foundation.provenance import require_unchanged
from arae.foundation.settings import plain
from arae.systems.autoencoder import Autoencoder
from arae.systems.registry import build_system, parse_recipe

FILES = ("model.safetensors", "recipe.json", "history.jsonl")
BAD_CONTENT = (KeyError, TypeError, ValueError, RuntimeError)


@dataclass(frozen=True)
class LoadedImageModel:
    """A system ready to use, the height and width of its images, and its recipe."""

    system: Autoencoder
    shape: tuple[int, int]
    recipe: dict[str, Any]


def save_image_model(
    folder: Path,
    system: Autoencoder,
    seed: int,
    shape: tuple[int, int],
    history: Iterable[dict[str, Any]],
    selected: dict[str, Any],
) -> None:
    """Write the files of a model directory, each atomically."""
    weights, recipe, curve = (folder / name for name in FILES)
    save_tensors(weights, system.state_dict())
    write_history(curve, history)
    content = {
        "format": FORMAT,
        "settings": plain(system.settings),
        "seed": seed,
        "selected": selected,
        "parameters": sum(parameter.numel() for parameter in system.parameters()),
        "shape": list(shape),
        "weights": {"sha256": sha256_file(weights)},
    }
    write_json(recipe, content)


def load_image_model(folder: Path, device: torch.device | str = "cpu") -> LoadedImageModel:
    """Load a model directory; raises `IntegrityError` naming any file that is not what was saved."""
    weights, path, _ = (folder / name for name in FILES)
    for file in (weights, path):
        if not file.is_file():
            raise IntegrityError(f"{file}: missing; a model directory holds {', '.join(FILES)}")
    require_unchanged(folder)
    try:
        recipe = read_json(path)
        expect_hash(weights, recipe["weights"]["sha256"])
        height, width = map(int, recipe["shape"])
        recipe, renamed = in_todays_names(recipe)
        settings = parse_recipe(recipe["settings"], str(path))
        system = cast(Autoencoder, build_system(settings, height * width, int(recipe["seed"])))
        load_weights(system, weights, renamed)
    except (*BAD_CONTENT, DataError, SettingsError) as error:
        raise IntegrityError(f"{folder}: not a usable model directory: {error}") from error
    return LoadedImageModel(system.to(device).eval(), (height, width), recipe)
