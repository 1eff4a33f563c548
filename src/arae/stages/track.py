"""Ship stage journals to MLflow.

The workflow starts this by itself. By hand, `arae track` ships everything that a store which was
away has not got yet. The store is `mlflow.db` in the checkout, or MLFLOW_TRACKING_URI.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from arae.foundation.errors import AraeError, DataError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `arae track`."""
    parser.add_argument(
        "--follow",
        type=Path,
        metavar="DIR",
        help="follow one invocation's folder (work/journals/<id>) until it is over",
    )


def run(arguments: argparse.Namespace) -> None:
    """Ship what is waiting.

    Raises:
        AraeError: the store cannot be reached; the journals are kept.
    """
    from arae.tracking.store import StoreAway
    from arae.tracking.writer import main

    if arguments.follow is not None and not arguments.follow.is_dir():
        raise DataError(f"--follow {arguments.follow}: no such folder")
    try:
        main(arguments.follow)
    except StoreAway as error:
        raise AraeError(f"the MLflow store is away ({error}); the journals are kept") from error
