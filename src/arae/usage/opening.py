"""A model by its directory or by its MLflow name."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from arae.engine.modeldir import LoadedModel, load_model
from arae.foundation.errors import DataError

if TYPE_CHECKING:
    import torch

REGISTERED = "models:/"
# Where a published model keeps the files of its model directory.
FILES_WITHIN = "artifacts/model"


def open_model(name: str, device: torch.device | str = "cpu") -> LoadedModel:
    """Load a model directory, or `models:/NAME/VERSION` from the MLflow store.

    Raises `DataError` if there is none of that name, `IntegrityError` if its files are damaged.
    """
    if not name.startswith(REGISTERED):
        if not Path(name).is_dir():
            raise DataError(
                f"--model {name}: no such folder; name a model directory such as "
                "results/models/arae-scenes/seed-1, or models:/NAME/VERSION"
            )
        return load_model(Path(name), device)
    with tempfile.TemporaryDirectory(prefix="arae-model-") as folder:
        return load_model(_download(name, Path(folder)), device)


def _download(name: str, folder: Path) -> Path:
    from arae.tracking.registry import registry

    with registry(f"--model {name}") as mlflow:
        within = f"{name.rstrip('/')}/{FILES_WITHIN}"
        return Path(mlflow.artifacts.download_artifacts(within, dst_path=str(folder)))
