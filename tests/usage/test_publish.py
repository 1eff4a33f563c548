"""A published model: logged once, without pickle, loaded by name, served over HTTP."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from arae.cli import main
from arae.engine.modeldir import load_model
from arae.foundation.files import sha256_file, write_json
from arae.tracking.store import Store
from arae.usage import tasks

pytestmark = pytest.mark.slow

SECONDS = 60
# What MLflow writes, and what a model directory and the package consist of.
KINDS = {".py", ".css", ".js", ".json", ".jsonl", ".txt", ".yaml", ".safetensors", ""}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with an MLflow store of its own, in which the tests work."""
    folder = tmp_path_factory.mktemp("store")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        yield folder


@pytest.fixture(scope="module")
def published(store: Path, folder_of: Any) -> Path:
    """The model directory that is registered as transfer/1, by a Python that caches bytecode."""
    folder: Path = folder_of("arae-transfer")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "dont_write_bytecode", False)
        assert main(["publish", "--model", str(folder), "--name", "transfer"]) == 0
    return folder


def test_a_model_is_registered_once(store, published, folder_of, capsys) -> None:
    for name, expected in (("arae-transfer", 1), ("arae-code2018", 2), ("arae-transfer", 1)):
        assert main(["publish", "--model", str(folder_of(name)), "--name", "transfer"]) == 0
        told = capsys.readouterr()
        assert told.out == f"models:/transfer/{expected}\n" and told.err == ""


def test_what_is_logged_is_the_model_and_code_and_no_pickle(store, published) -> None:
    (folder,) = {path.parent for path in store.rglob("MLmodel") if _names(path, "arae_transfer")}
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert {path.suffix for path in files} <= KINDS
    assert {path.name for path in files if not path.suffix} == {"MLmodel"}
    assert not any(b"\x80\x04\x95" in path.read_bytes() for path in files)  # a pickle's head
    kept = folder / "artifacts" / "model"
    for path in published.iterdir():
        assert sha256_file(kept / path.name) == sha256_file(path)
    assert (folder / "code/arae/usage/requests.py").is_file()
    assert "arae/serving/entry.py" in (folder / "MLmodel").read_text()
    signature = (folder / "MLmodel").read_text().partition("signature:")[2]
    assert all(f'"name": "{name}"' in " ".join(signature.split()) for name in ("task", "seed"))
    assert json.loads((folder / "input_example.json").read_text())["columns"][0] == "task"


def _names(mlmodel: Path, system: str) -> bool:
    recipe = mlmodel.parent / "artifacts/model/recipe.json"
    return bool(json.loads(recipe.read_text())["settings"]["system"] == system)


def test_a_model_is_loaded_by_its_name(store, published, capsys) -> None:
    for model in (str(published), "models:/transfer/1"):
        assert main(["transfer", "--model", model, "--to", "warm", "w1 w2", "w3"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == lines[2:] and len(lines) == 4
    assert main(["generate", "--model", "models:/transfer/7"]) == 3
    assert "--model models:/transfer/7: the MLflow store" in capsys.readouterr().err


def test_a_version_belongs_to_the_run_that_trained_it(store, folder_of, tmp_path, capsys) -> None:
    from mlflow import MlflowClient

    folder, outputs = tmp_path / "model", {}
    folder.mkdir()
    for path in folder_of("vae").iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
        outputs[f"results/models/vae/{path.name}"] = {"sha256": sha256_file(path)}
    write_json(folder / "provenance.json", {"outputs": outputs})
    weights = "results/models/vae/model.safetensors"
    tags = {f"arae.output.{weights}": outputs[weights]["sha256"]}
    connected = Store.connect()
    run = connected.run("arae.journal", "x", "train vae", 1, tags)
    assert main(["publish", "--model", str(folder), "--name", "vae"]) == 0
    assert capsys.readouterr().out == "models:/vae/1\n"
    client = MlflowClient(tracking_uri=f"sqlite:///{store / 'mlflow.db'}")
    version = client.get_model_version("vae", "1")
    assert version.run_id == run
    (output,) = client.get_run(run).outputs.model_outputs
    assert version.source == f"models:/{output.model_id}"


def test_without_a_store_nothing_is_made(tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["generate", "--model", "models:/transfer/1"]) == 3
    assert "there is no MLflow store" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_model_is_not_published(store, published, tmp_path, capsys) -> None:
    for path in published.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "vocabulary.txt").write_text("words\n")
    assert main(["publish", "--model", str(tmp_path), "--name", "transfer"]) == 4
    assert "vocabulary.txt: its bytes are not those" in capsys.readouterr().err


def test_a_served_model_answers(store, published) -> None:
    model = load_model(published)
    with served("models:/transfer/1", store) as address:
        told = ask(address, [{"task": "generate"}], {"count": 3, "seed": 5})
        drawn = [" ".join(tokens) for tokens in tasks.generate(model, 3, 5)]
        assert told == (200, [_answer(drawn)])

        row = {"task": "interpolate", "text": "w1 w2", "other": "w3", "target": "warm"}
        way = tasks.interpolate(model, [["w1", "w2"]], [["w3"]], 4, label="warm")[0]
        told = ask(address, [row], {"steps": 4})
        assert told == (200, [_answer([" ".join(tokens) for tokens in way])])

        rows = [
            {"task": "transfer", "text": "W1 zebra", "target": target}
            for target in ("cold", "warm")
        ]
        written = [tasks.transfer(model, [["w1", "zebra"]], row["target"])[0] for row in rows]
        assert ask(address, rows, {}) == (
            200, [_answer([" ".join(tokens)], ["zebra"]) for tokens in written],
        )  # fmt: skip

        code, fault = ask(address, [{"task": "transfer", "text": "w1", "target": "wram"}], {})
        assert code == 400 and "no label 'wram'; did you mean 'warm'" in fault["message"]


def _answer(texts: list[str], unknown: list[str] | None = None) -> dict[str, Any]:
    return {"texts": texts, "value": None, "quantity": None, "unknown": unknown or []}


def ask(address: str, rows: list[dict[str, Any]], params: dict[str, Any]) -> tuple[int, Any]:
    """Status and answers (or the fault) of one request."""
    body = json.dumps({"dataframe_records": rows, "params": params}).encode()
    request = urllib.request.Request(
        f"{address}/invocations", body, {"Content-Type": "application/json"}
    )
    try:
        with urllib.request.urlopen(request, timeout=SECONDS) as answer:
            return answer.status, json.load(answer)["predictions"]
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


@contextmanager
def served(model: str, store: Path) -> Iterator[str]:
    """Address at which `mlflow models serve` answers for a model."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "mlflow", "models", "serve", "--model-uri", model]
    command += ["--env-manager", "local", "--host", "127.0.0.1", "--port", str(port)]
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    environ["MLFLOW_TRACKING_URI"] = f"sqlite:///{store / 'mlflow.db'}"
    environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environ['PATH']}"
    with (store / "serve.log").open("w") as log:
        process = subprocess.Popen(
            command, stdout=log, stderr=log, env=environ, cwd=store, start_new_session=True
        )
        try:
            _wait(f"http://127.0.0.1:{port}", process, store / "serve.log")
            yield f"http://127.0.0.1:{port}"
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(timeout=SECONDS)


def _wait(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + SECONDS
    while process.poll() is None and time.monotonic() < until:
        try:
            urllib.request.urlopen(f"{address}/ping", timeout=5).close()
            return
        except OSError:
            time.sleep(0.2)
    raise AssertionError(log.read_text()[-2000:])
