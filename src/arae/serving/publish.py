"""Putting a model directory into the MLflow registry, once."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path
from typing import Any

from arae.engine.modeldir import FILES, load_model
from arae.foundation.code import PACKAGE_ROOT
from arae.foundation.files import read_json, sha256_file
from arae.foundation.settings import plain
from arae.tracking.registry import registry
from arae.tracking.store import output_tag
from arae.usage.opening import FILES_WITHIN, REGISTERED
from arae.usage.requests import Options

ENTRY = PACKAGE_ROOT / "serving" / "entry.py"
SIDECAR = "provenance.json"
# What loading and answering imports, beside the package itself.
REQUIREMENTS = ("mlflow", "torch", "numpy", "safetensors", "PyYAML", "tqdm", "spacy")
# recipe.json names weights and vocabulary by hash, so its hash is the whole model's.
IDENTITY, WEIGHTS = "arae.recipe", "arae.weights"


def publish(folder: Path, name: str) -> str:
    """Register the model as `name`; returns `models:/NAME/VERSION`.

    A model that is registered under the name already keeps its version. Raises `IntegrityError` if
    the directory is damaged, `DataError` if the store fails.
    """
    recipe = load_model(folder).recipe
    identity = sha256_file(folder / "recipe.json")
    with registry(f"publish {name}", create=True) as mlflow:
        version = _registered(mlflow, name, identity)
        if version is None:
            tags = {
                IDENTITY: identity,
                WEIGHTS: recipe["weights"]["sha256"],
                "arae.system": recipe["settings"]["system"],
                "arae.seed": str(recipe["seed"]),
            }
            version = _register(mlflow, name, _log(mlflow, folder, name, tags), folder, tags)
    return f"{REGISTERED}{name}/{version}"


def _registered(mlflow: Any, name: str, identity: str) -> str | None:
    found = mlflow.MlflowClient().search_model_versions(
        f"name = '{name}' and tags.`{IDENTITY}` = '{identity}'"
    )
    ready = [version for version in found if version.status == "READY"]
    return str(min(int(version.version) for version in ready)) if ready else None


def _log(mlflow: Any, folder: Path, name: str, tags: dict[str, str]) -> str:
    with tempfile.TemporaryDirectory(prefix="arae-publish-") as scratch, _no_bytecode():
        files = Path(scratch) / Path(FILES_WITHIN).name
        files.mkdir()
        for file in (*FILES, SIDECAR):
            if (folder / file).is_file():
                shutil.copyfile(folder / file, files / file)
        logged = mlflow.pyfunc.log_model(
            name=name,
            python_model=str(ENTRY),
            artifacts={files.name: str(files)},
            code_paths=[str(PACKAGE_ROOT)],
            signature=_signature(),
            input_example=_example(),
            pip_requirements=_requirements(),
            tags=tags,
        )
    return str(logged.model_id)


@contextmanager
def _no_bytecode() -> Iterator[None]:
    """MLflow tries the model out where it is kept: nothing that Python caches is to stay there."""
    before, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        yield
    finally:
        sys.dont_write_bytecode = before


def _register(mlflow: Any, name: str, model: str, folder: Path, tags: dict[str, str]) -> str:
    """Make the logged model a version of `name`, under the run that trained it if the store has it."""
    from mlflow.entities import LoggedModelOutput

    client = mlflow.MlflowClient()
    if not client.search_registered_models(f"name = '{name}'"):
        client.create_registered_model(name)
    run = _training_run(client, folder, tags[WEIGHTS])
    version = client.create_model_version(
        name, f"{REGISTERED}{model}", run, tags=tags, model_id=model
    )
    if run is not None:
        client.log_outputs(run, [LoggedModelOutput(model, step=0)])
    return str(version.version)


def _training_run(client: Any, folder: Path, weights: str) -> str | None:
    """The run whose stage made these weights; None if it was tracked elsewhere, or never."""
    sidecar = folder / SIDECAR
    made = read_json(sidecar)["outputs"] if sidecar.is_file() else {}
    for path in (path for path in made if Path(path).name == FILES[0]):
        found = client.search_runs(
            [experiment.experiment_id for experiment in client.search_experiments()],
            f"tags.`{output_tag(path)}` = '{weights}'",
            max_results=1,
        )
        if found:
            return str(found[0].info.run_id)
    return None


def _signature() -> Any:
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, DataType, ParamSchema, ParamSpec, Schema
    from mlflow.types.schema import Array

    kinds = {int: DataType.long, float: DataType.double, str: DataType.string}
    return ModelSignature(
        inputs=Schema(
            [
                ColSpec(DataType.string, "task"),
                *(
                    ColSpec(DataType.string, column, required=False)
                    for column in ("text", "other", "target")
                ),
            ]
        ),
        outputs=Schema(
            [
                ColSpec(Array(DataType.string), "texts"),
                ColSpec(DataType.double, "value", required=False),
                ColSpec(DataType.string, "quantity", required=False),
                ColSpec(Array(DataType.string), "unknown"),
            ]
        ),
        params=ParamSchema(
            [
                ParamSpec(key, kinds[type(default)], default)
                for key, default in plain(Options()).items()
            ]
        ),
    )


def _example() -> Any:
    import pandas

    # What every system can answer.
    return pandas.DataFrame({"task": ["generate"], "text": [""], "other": [""], "target": [""]})


def _requirements() -> list[str]:
    # A local version such as 2.13.0+cpu is in no package index.
    versions = {package: metadata.version(package).partition("+")[0] for package in REQUIREMENTS}
    return [f"{package}=={version}" for package, version in versions.items()]
