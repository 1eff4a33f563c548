"""A model directory: weights, recipe, history, and the vocabulary of a model of text.

A model of images has their height and width in its recipe instead. Loading checks hashes, never unpickles.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from arae.corpora.source import IMAGES, TEXT
from arae.engine.checkpoint import load_parts, load_weights, save_tensors
from arae.foundation.errors import DataError, IntegrityError, SettingsError
from arae.foundation.files import (
    atomic_write,
    commit_partial,
    partial_path,
    read_json,
    sha256_file,
    write_json,
)
from arae.foundation.provenance import require_unchanged
from arae.foundation.settings import plain
from arae.systems import former
from arae.systems.registry import build_system, parse_recipe
from arae.systems.system import System
from arae.text.vocabulary import Vocabulary

FILES = ("model.safetensors", "recipe.json", "vocabulary.txt", "history.jsonl")
IMAGE_FILES = ("model.safetensors", "recipe.json", "history.jsonl")
FORMAT = 3


@dataclass(frozen=True)
class LoadedModel:
    """A system ready to use, with its vocabulary and recipe."""

    system: System
    vocabulary: Vocabulary
    recipe: dict[str, Any]

    @property
    def labels(self) -> tuple[str, ...]:
        """Names of the classes that the model was trained with; none for unlabelled text."""
        return tuple(self.recipe.get("labels", ()))


@dataclass(frozen=True)
class LoadedImageModel:
    """A system ready to use, the height and width of its images, and its recipe."""

    system: Any  # an `Autoencoder`
    shape: tuple[int, int]
    recipe: dict[str, Any]


def save_model(
    folder: Path,
    system: System,
    seed: int,
    vocabulary: Path,
    history: Iterable[dict[str, Any]],
    selected: dict[str, Any],
    labels: tuple[str, ...] = (),
    tokens: dict[str, Any] | None = None,
) -> list[Path]:
    """Write the files of a model directory of text, each atomically; returns them.

    `tokens`: how the model's corpus was tokenised, for those who give it text later.
    """
    folder.mkdir(parents=True, exist_ok=True)
    weights, recipe, words, curve = (folder / name for name in FILES)
    partial = partial_path(words)
    shutil.copyfile(vocabulary, partial)
    commit_partial(partial, words)
    size = system.decoder.output.out_features
    kept = {
        "tokens": tokens or {},
        "vocabulary": {"size": size, "sha256": sha256_file(words)},
        **({"labels": list(labels)} if labels else {}),
    }
    _write(weights, recipe, curve, system, seed, history, selected, kept)
    return [weights, recipe, words, curve]


def save_image_model(
    folder: Path,
    system: System,
    seed: int,
    shape: tuple[int, int],
    history: Iterable[dict[str, Any]],
    selected: dict[str, Any],
) -> None:
    """Write the files of a model directory of images, each atomically."""
    folder.mkdir(parents=True, exist_ok=True)
    weights, recipe, curve = (folder / name for name in IMAGE_FILES)
    _write(weights, recipe, curve, system, seed, history, selected, {"shape": list(shape)})


def _write(
    weights: Path,
    recipe: Path,
    curve: Path,
    system: System,
    seed: int,
    history: Iterable[dict[str, Any]],
    selected: dict[str, Any],
    kept: dict[str, Any],
) -> None:
    """Weights, history, and the recipe with what a domain keeps in it beside."""
    save_tensors(weights, system.state_dict())
    with atomic_write(curve) as handle:
        handle.writelines(json.dumps(record, sort_keys=True) + "\n" for record in history)
    content = {
        "format": FORMAT,
        "domain": system.settings.domain,
        "settings": plain(system.settings),
        "seed": seed,
        "selected": selected,
        "parameters": sum(parameter.numel() for parameter in system.parameters()),
        "weights": {"sha256": sha256_file(weights)},
    }
    write_json(recipe, content | kept)


def load_model(folder: Path, device: torch.device | str = "cpu") -> LoadedModel:
    """Load a model of text; raises `IntegrityError` naming any file that is not what was saved."""
    words = folder / FILES[2]

    def vocabulary_of(recipe: dict[str, Any]) -> tuple[Vocabulary, int]:
        expect_hash(words, recipe["vocabulary"]["sha256"])
        vocabulary = Vocabulary.load(words)
        if len(vocabulary) != recipe["vocabulary"]["size"]:
            raise IntegrityError(
                f"{words}: holds {len(vocabulary)} types, another model's vocabulary"
            )
        return vocabulary, len(vocabulary)

    return LoadedModel(*_load(folder, FILES, TEXT, vocabulary_of, device))


def load_image_model(folder: Path, device: torch.device | str = "cpu") -> LoadedImageModel:
    """Load a model of images; raises `IntegrityError` naming any file that is not what was saved."""

    def shape_of(recipe: dict[str, Any]) -> tuple[tuple[int, int], int]:
        height, width = map(int, recipe["shape"])
        return (height, width), height * width

    return LoadedImageModel(*_load(folder, IMAGE_FILES, IMAGES, shape_of, device))


def _load(
    folder: Path,
    files: Sequence[str],
    domain: str,
    kept_in: Callable[[dict[str, Any]], tuple[Any, int]],
    device: torch.device | str,
) -> tuple[Any, Any, dict[str, Any]]:
    """The system of a directory, what its domain keeps (whose size `kept_in` tells), and the recipe."""
    for path in (folder / name for name in files[:-1]):
        if not path.is_file():
            raise IntegrityError(f"{path}: missing; a model directory holds {', '.join(files)}")
    require_unchanged(folder)
    weights, path = folder / files[0], folder / files[1]
    try:
        recipe, renamed = in_todays_names(read_json(path))
        if recipe["domain"] != domain:
            raise ValueError(f"recipe.json: a model of {recipe['domain']}, not of {domain}")
        expect_hash(weights, recipe["weights"]["sha256"])
        kept, size = kept_in(recipe)
        settings = parse_recipe(recipe["settings"], str(path), domain)
        labels = len(recipe.get("labels", ()))
        system = build_system(settings, size, int(recipe["seed"]), labels)
        load_weights(system, weights, renamed)
    except (KeyError, TypeError, ValueError, RuntimeError, DataError, SettingsError) as error:
        raise IntegrityError(f"{folder}: not a usable model directory: {error}") from error
    return system.to(device).eval(), kept, recipe


def in_todays_names(recipe: dict[str, Any]) -> tuple[dict[str, Any], Callable[[Any], Any]]:
    """A recipe.json's content as of the present format, and what renames its tensors.

    Raises `ValueError` for a format that this version does not know.
    """
    if recipe["format"] in (1, 2):
        renamed = former.tensors_of if recipe["format"] == 1 else dict
        return former.content_of(recipe), renamed
    if recipe["format"] != FORMAT:
        raise ValueError(
            f"recipe.json: format {recipe['format']} is of another version; open the model with the "
            "version that trained it, or train it again"
        )
    return recipe, dict


def start_from(system: System, folder: Path, vocabulary: Path) -> dict[str, Any]:
    """Give a new system the parts that its recipe starts with, from a model directory; says which.

    `DataError` if it was trained with another vocabulary, or a part does not fit.
    """
    start = system.settings.start
    assert start is not None
    loaded = load_model(folder)
    if loaded.recipe["vocabulary"]["sha256"] != sha256_file(vocabulary):
        raise DataError(
            f"{folder} and {vocabulary} do not belong together: the model was trained with another "
            "vocabulary; start from a recipe of the same corpus"
        )
    weights = folder / FILES[0]
    load_parts(system, weights, start.parts)
    return {
        "recipe": start.recipe,
        "seed": loaded.recipe["seed"],
        "parts": list(start.parts),
        "weights": loaded.recipe["weights"]["sha256"],
    }


def expect_hash(path: Path, sha256: str) -> None:
    """`IntegrityError` unless a file is there with the hash that was recorded."""
    if not path.is_file():
        raise IntegrityError(f"{path}: missing; fetch or train the model again")
    if sha256_file(path) != sha256:
        raise IntegrityError(
            f"{path}: its bytes are not those that were saved; fetch or train again"
        )
