"""Checkpoints that no kill can spoil: written beside, fsynced, renamed, hashed, the last two kept."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from arae.foundation.console import say
from arae.foundation.errors import DataError
from arae.foundation.files import (
    commit_partial,
    partial_path,
    read_sealed,
    sha256_file,
    write_sealed,
)
from arae.foundation.settings import suggest

KEPT = 2


@dataclass(frozen=True)
class Checkpoint:
    """Tensors (parameters, buffers, optimiser moments, best weights) and plain counters."""

    tensors: dict[str, Tensor]
    progress: dict[str, Any]


def save_tensors(path: Path, tensors: dict[str, Tensor]) -> None:
    """Write a safetensors file atomically."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = partial_path(path)
    try:
        save_file({name: t.detach().cpu().contiguous() for name, t in tensors.items()}, partial)
        commit_partial(partial, path)
    except SafetensorError as error:
        raise OSError(
            f"{path}: {error}; free space or check permissions, then run again"
        ) from error
    finally:
        partial.unlink(missing_ok=True)


def load_weights(
    module: nn.Module,
    path: Path,
    renamed: Callable[[Mapping[str, Tensor]], Mapping[str, Tensor]] = lambda tensors: tensors,
) -> None:
    """Give a module the tensors of a safetensors file; `DataError` if they are not all its own.

    `renamed` gives the tensors of an older file their names of today.
    """
    try:
        set_state(module, renamed(load_file(path)))
    except (SafetensorError, ValueError) as error:
        raise DataError(f"{path}: {' '.join(str(error).split())}") from error


def set_state(module: nn.Module, tensors: Mapping[str, Tensor]) -> None:
    """Set a module's state; `ValueError` unless names, types and shapes are those of the module.

    PyTorch itself would convert numbers of another type in silence.
    """
    own = module.state_dict()
    odd = sorted(set(own) ^ set(tensors))
    if odd:
        raise ValueError(f"the tensor {odd[0]} is {'missing' if odd[0] in own else 'unknown'}")
    for name, tensor in tensors.items():
        found, wanted = (f"{t.dtype} {tuple(t.shape)}" for t in (tensor, own[name]))
        if found != wanted:
            raise ValueError(f"the tensor {name} is {found}, not {wanted}")
    module.load_state_dict(tensors)


def load_parts(module: nn.Module, weights: Path, parts: Sequence[str]) -> None:
    """Give the parts of a module that are named the tensors that a safetensors file has of them.

    `DataError` naming the part that one of both lacks, or whose tensors are of other shapes.
    """
    there = load_file(weights)
    for part in parts:
        own = dict(module.named_children()).get(part)
        tensors = {
            name.removeprefix(f"{part}."): tensor
            for name, tensor in there.items()
            if name.startswith(f"{part}.")
        }
        for has, where, known in (
            (own is not None, "the model to be trained", [n for n, _ in module.named_children()]),
            (bool(tensors), str(weights), sorted({name.split(".")[0] for name in there})),
        ):
            if not has:
                raise DataError(f"start.parts: {where} has no part '{part}'{suggest(part, known)}")
        assert own is not None
        try:
            set_state(own, tensors)
        except ValueError as error:
            raise DataError(
                f"start.parts: '{part}' of {weights} does not fit: {error}; give both recipes the same "
                "sizes"
            ) from error


def save_checkpoint(folder: Path, iteration: int, checkpoint: Checkpoint) -> None:
    """Write `step-<iteration>.{safetensors,json}`; the JSON, last, makes it valid by its hash."""
    tensors = folder / f"step-{iteration:010d}.safetensors"
    save_tensors(tensors, checkpoint.tensors)
    record = {"sha256": sha256_file(tensors), "progress": checkpoint.progress}
    write_sealed(tensors.with_suffix(".json"), record)
    for old in sorted(folder.glob("step-*.json"))[:-KEPT]:
        old.unlink()
        old.with_suffix(".safetensors").unlink(missing_ok=True)


def load_checkpoint(folder: Path) -> Checkpoint | None:
    """The newest checkpoint whose hash holds; a damaged one is reported and passed over."""
    for record in sorted(folder.glob("step-*.json"), reverse=True):
        tensors = record.with_suffix(".safetensors")
        try:
            content = read_sealed(record)
            if sha256_file(tensors) != content["sha256"]:
                raise DataError("does not match its hash")
            return Checkpoint(load_file(tensors), content["progress"])
        except (DataError, OSError, KeyError, TypeError, SafetensorError) as error:
            say(f"{tensors}: damaged checkpoint passed over ({error})")
    return None


def discard_checkpoints(folder: Path) -> None:
    """Remove the folder of a finished training."""
    shutil.rmtree(folder, ignore_errors=True)
