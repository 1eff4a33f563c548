"""Example:

  arae publish --model results/models/arae-scenes/seed-1 --name arae-scenes

Prints the name to load it by, `models:/NAME/VERSION`, which is the same as long as the model is:
publishing it again makes nothing new. The store is that of MLFLOW_TRACKING_URI, or ./mlflow.db.
To serve it on this machine:

  mlflow models serve --model-uri models:/arae-scenes/1 --env-manager local --port 5001
"""

from __future__ import annotations

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The verb's options."""
    parser.add_argument("--model", type=Path, required=True, help="model directory")
    parser.add_argument("--name", required=True, help="name in the MLflow registry")


def run(arguments: argparse.Namespace) -> None:
    """Register a model with MLflow."""
    import re

    from arae.foundation.errors import SettingsError
    from arae.serving.publish import publish

    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]*", arguments.name):
        raise SettingsError(
            f"--name {arguments.name!r}: a name is made of letters, digits, '-', '_' and '.'"
        )
    print(publish(arguments.model, arguments.name), flush=True)
