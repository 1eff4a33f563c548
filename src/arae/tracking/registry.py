"""The MLflow module itself, pointed at the project's store, for logging and loading models."""

from __future__ import annotations

import contextlib
import io
import logging
import os
import warnings
from collections.abc import Iterator
from typing import Any

from arae.foundation.errors import DataError
from arae.tracking.places import redact, sqlite_file, tracking_uri
from arae.tracking.store import Store, StoreAway, prepare_environment


@contextlib.contextmanager
def registry(what: str, create: bool = False) -> Iterator[Any]:
    """The `mlflow` module with the project's store as its default.

    `what` begins the message of the `DataError` that any failure of the store becomes. `create`
    makes an empty sqlite store and the project's experiment if there are none.
    """
    uri = tracking_uri()
    file = sqlite_file(uri)
    if file is not None and not file.exists() and not create:
        raise DataError(
            f"{what}: there is no MLflow store {file}; MLFLOW_TRACKING_URI names the store, and "
            "`arae publish` puts a model there"
        )
    prepare_environment()
    with _environment("MLFLOW_TRACKING_URI", uri), _quiet():
        import mlflow
        from mlflow.exceptions import MlflowException

        try:
            if create:
                mlflow.set_experiment(experiment_id=Store.connect(uri).experiment)
            yield mlflow
        except (MlflowException, StoreAway, OSError) as error:
            reason = redact(" ".join(str(error).split()))
            raise DataError(f"{what}: the MLflow store {redact(uri)} says: {reason}") from error


@contextlib.contextmanager
def _environment(name: str, value: str) -> Iterator[None]:
    before = os.environ.get(name)
    os.environ[name] = value
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """No advice and no progress bars from MLflow; errors are raised, not printed."""
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    loggers = [logging.getLogger(name) for name in ("mlflow", "alembic")]
    levels = [logger.level for logger in loggers]
    try:
        import mlflow  # noqa: F401 - sets the levels of its loggers when it is imported

        for logger in loggers:
            logger.setLevel(logging.ERROR)
        with warnings.catch_warnings(), contextlib.redirect_stderr(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
