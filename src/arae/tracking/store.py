"""The MLflow store: found or made runs, batches of metrics, ends. Every call may be repeated."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from arae.tracking.places import redact, sqlite_file, tracking_uri

BATCH_METRICS, BATCH_PARAMS, BATCH_TAGS = 1000, 100, 100
LONGEST_KEY, LONGEST_VALUE = 250, 5000
_FORBIDDEN = re.compile(r"[^\w\-./: ]")
# MLflow would itself repeat a request whose reply was lost, and so make a run twice; the writer looks
# first what is there. It would print the store's address, with the password, at the end of a run.
_ENVIRONMENT = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
}

Point = tuple[str, float, int, int]  # name, value, time in ms, step


class StoreAway(Exception):
    """The store cannot be reached or failed; what was sent may be sent again later."""


class Store:
    """A connected MLflow store and the project's experiment in it."""

    def __init__(self, client: Any, experiment: str) -> None:
        self._client = client
        self.experiment = experiment

    @classmethod
    def connect(cls, uri: str | None = None) -> Store:
        """Connect, initialising an empty sqlite store first.

        Raises:
            StoreAway: the store cannot be reached.
        """
        prepare_environment()
        uri = tracking_uri() if uri is None else uri
        with _calls():
            from mlflow import MlflowClient

            file = sqlite_file(uri)
            if file is not None:
                _initialise(file)
            client = MlflowClient(tracking_uri=uri)
            return cls(client, _experiment_id(client))

    def run(self, tag: str, value: str, name: str, start: int, tags: Mapping[str, str]) -> str:
        """Id of the run whose `tag` is `value`; made if there is none."""
        with _calls():
            found = self._client.search_runs(
                [self.experiment], filter_string=f"tags.`{tag}` = '{value}'", max_results=1
            )
            if found:
                return str(found[0].info.run_id)
            run = self._client.create_run(
                self.experiment,
                start_time=start,
                run_name=name,
                tags={**_clean(tags), tag: value},
            )
            return str(run.info.run_id)

    def describe(self, run_id: str, params: Mapping[str, Any], tags: Mapping[str, str]) -> None:
        """Set params and tags of a run."""
        from mlflow.entities import Param, RunTag

        with _calls(pass_over_invalid=True):
            for part in _parts(list(_clean(params).items()), BATCH_PARAMS):
                self._client.log_batch(run_id, params=[Param(*item) for item in part])
            for part in _parts(list(_clean(tags).items()), BATCH_TAGS):
                self._client.log_batch(run_id, tags=[RunTag(*item) for item in part])

    def metrics(self, run_id: str, points: Sequence[Point]) -> None:
        """Send points; the store drops those that it already has."""
        from mlflow.entities import Metric

        with _calls(pass_over_invalid=True):
            for part in _parts(points, BATCH_METRICS):
                batch = [Metric(_key(name), *rest) for name, *rest in part]
                self._client.log_batch(run_id, metrics=batch)

    def end(self, run_id: str, status: str, time: int) -> None:
        """Set the status and end time of a run."""
        with _calls():
            self._client.set_terminated(run_id, status=status, end_time=time)


def prepare_environment() -> None:
    """Settings of MLflow itself, unless the user has set them."""
    for name, value in _ENVIRONMENT.items():
        os.environ.setdefault(name, value)


@contextlib.contextmanager
def _calls(pass_over_invalid: bool = False) -> Iterator[None]:
    """Turn whatever the store raises into `StoreAway`, without credentials in its message.

    What the store calls invalid would be so for ever; it is reported, and passed over if asked.
    """
    try:
        yield
    except StoreAway:
        raise
    except Exception as error:
        message = redact(f"{type(error).__name__}: {error}")
        if pass_over_invalid and getattr(error, "error_code", "") == "INVALID_PARAMETER_VALUE":
            print(f"not accepted by the store, left out: {message}", file=sys.stderr)
            return
        raise StoreAway(message) from None


def _experiment_id(client: Any) -> str:
    name = os.environ.get("MLFLOW_EXPERIMENT_NAME", "arae")
    found = client.get_experiment_by_name(name)
    return str(found.experiment_id if found else client.create_experiment(name))


def _initialise(file: Path) -> None:
    """Make an empty store under another name and rename it: a kill leaves no half-made database.

    Several first users at once would break the database for good, so one does it at a time.
    """
    if file.exists():
        return
    from mlflow.store.db.utils import _initialize_tables, create_sqlalchemy_engine

    file.parent.mkdir(parents=True, exist_ok=True)
    with file.with_name(file.name + ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if file.exists():
            return
        made = file.with_name(f"{file.name}.{os.getpid()}.new")
        made.unlink(missing_ok=True)
        engine = create_sqlalchemy_engine(f"sqlite:///{made}")
        _initialize_tables(engine)
        engine.dispose()
        made.replace(file)


def output_tag(path: str) -> str:
    """The tag in which the run of a stage holds the hash of a file that it made."""
    return _key(f"arae.output.{path}")


def _clean(values: Mapping[str, Any]) -> dict[str, str]:
    return {_key(key): str(value)[:LONGEST_VALUE] for key, value in values.items()}


def _key(key: str) -> str:
    return _FORBIDDEN.sub("_", key).replace("..", "_").strip("/")[-LONGEST_KEY:] or "_"


def _parts(items: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    return (items[start : start + size] for start in range(0, len(items), size))
