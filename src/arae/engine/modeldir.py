"""A model directory: weights, recipe, vocabulary, history. Loading checks hashes, never unpickles."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from arae.engine.checkpoint import load_parts, load_weights, save_tensors
from arae.foundation.errors import DataError, IntegrityError
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
FORMAT = 2


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
    """Write the files of a model directory, each atomically; returns them.

    `tokens`: how the model's corpus was tokenised, for those who give it text later.
    """
    folder.mkdir(parents=True, exist_ok=True)
    weights, recipe, words, curve = (folder / name for name in FILES)
    save_tensors(weights, system.state_dict())
    partial = partial_path(words)
    shutil.copyfile(vocabulary, partial)
    commit_partial(partial, words)
    write_history(curve, history)
    size = system.decoder.output.out_features
    write_json(
        recipe,
        {
            "format": FORMAT,
            "settings": plain(system.settings),
            "seed": seed,
            "selected": selected,
            "tokens": tokens or {},
            "parameters": sum(p.numel() for p in system.parameters()),
            "vocabulary": {"size": size, "sha256": sha256_file(words)},
            "weights": {"sha256": sha256_file(weights)},
            **({"labels": list(labels)} if labels else {}),
        },
    )
    return [weights, recipe, words, curve]


def write_history(path: Path, history: Iterable[dict[str, Any]]) -> None:
    """Write the records of a training, one JSON object a line."""
    with atomic_write(path) as handle:
        handle.writelines(json.dumps(record, sort_keys=True) + "\n" for record in history)


def load_model(folder: Path, device: torch.device | str = "cpu") -> LoadedModel:
    """Load a model directory; raises `IntegrityError` naming any file that is not what was saved."""
    weights, recipe_path, words, _ = (folder / name for name in FILES)
    for path in (weights, recipe_path, words):
        if not path.is_file():
            raise IntegrityError(f"{path}: missing; a model directory holds {', '.join(FILES)}")
    require_unchanged(folder)
    try:
        recipe = read_json(recipe_path)
        expect_hash(weights, recipe["weights"]["sha256"])
        expect_hash(words, recipe["vocabulary"]["sha256"])
        vocabulary = Vocabulary.load(words)
        recipe, renamed = in_todays_names(recipe)
        settings = parse_recipe(recipe["settings"], str(recipe_path))
        if len(vocabulary) != recipe["vocabulary"]["size"]:
            raise IntegrityError(
                f"{words}: holds {len(vocabulary)} types, another model's vocabulary"
            )
        labels = len(recipe.get("labels", ()))
        system = build_system(settings, len(vocabulary), int(recipe["seed"]), labels)
        load_weights(system, weights, renamed)
    except (KeyError, TypeError, ValueError, RuntimeError, DataError) as error:
        raise IntegrityError(f"{folder}: not a usable model directory: {error}") from error
    return LoadedModel(system.to(device).eval(), vocabulary, recipe)


def in_todays_names(recipe: dict[str, Any]) -> tuple[dict[str, Any], Callable[[Any], Any]]:
    """A recipe.json's content as of the present format, and what renames its tensors.

    Raises `ValueError` for a format that this version does not know.
    """
    if recipe["format"] == 1:
        now = {**recipe, "format": FORMAT, "settings": former.settings_of(recipe["settings"])}
        return now, former.tensors_of
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
