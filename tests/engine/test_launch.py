"""`arae train --processes 2`: the real command, stopped, killed and started again."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from arae.cli import main
from arae.engine.launch import run_together
from arae.engine.signals import stop_signals
from arae.foundation.errors import SettingsError

pytestmark = pytest.mark.slow

RECIPE = {
    "system": "ae",
    "corpus": "toy",
    "epochs": 3,
    "batch_size": 16,
    "max_length": 8,
    "latent": 16,
    "encoder": {"embedding": 16, "hidden": 16},
    "decoder": {"embedding": 16, "hidden": 16},
    # Unclipped: with clipping, this training makes a hundred thousand times as much of rounding in 50 steps.
    "autoencoder": {"kind": "adam", "lr": 1e-3, "clip_norm": 0.0},
    "selection": {"samples": 200},
}
MADE = ("model.safetensors", "history.jsonl")


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with tokens and ids of four thousand short sentences."""
    home = tmp_path_factory.mktemp("corpus")
    draw = random.Random(4)
    (home / "tokens").mkdir()
    for split, count in (("train", 4000), ("valid", 200), ("test", 10)):
        lines = (" ".join(draw.choices("abcdefghij", k=draw.randint(2, 7))) for _ in range(count))
        (home / "tokens" / f"{split}.txt").write_text("".join(f"{line}\n" for line in lines))
    vocabulary = str(home / "vocabulary.txt")
    text = ["--input", str(home / "tokens" / "train.txt")]
    assert main(["vocabulary", *text, "--settings", '{"size": 20}', "--out", vocabulary]) == 0
    text = ["--input", str(home / "tokens")]
    assert main(["encode", *text, "--vocabulary", vocabulary, "--out", str(home / "ids")]) == 0
    return home


def command(corpus: Path, folder: Path, processes: int = 2, **changes: object) -> list[str]:
    words = ["train", "--ids", str(corpus / "ids"), "--vocabulary", str(corpus / "vocabulary.txt")]
    words += ["--settings", json.dumps({**RECIPE, **changes}), "--out", str(folder / "model")]
    return [*words, "--processes", str(processes), "--device", "cpu"]


def start(words: list[str], folder: Path) -> subprocess.Popen[str]:
    folder.mkdir(exist_ok=True)
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    together = [sys.executable, "-m", "arae", *words]
    return subprocess.Popen(
        together, cwd=folder, env=environment, stderr=subprocess.PIPE, text=True
    )


def wait_for(happened, what: str, seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, f"{what}: not within {seconds} s"
        time.sleep(0.02)


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {name: (folder / "model" / name).read_bytes() for name in MADE}


@pytest.fixture(scope="module")
def whole(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an uninterrupted training by two processes."""
    folder = tmp_path_factory.mktemp("whole")
    run = start(command(corpus, folder), folder)
    errors = run.communicate(timeout=120)[1]
    assert run.returncode == 0, errors
    assert errors.count("epoch 1/3") == 1  # one speaks for all
    return folder


def test_two_processes_write_one_model_like_that_of_one(
    whole: Path, corpus: Path, tmp_path: Path
) -> None:
    alone = start(command(corpus, tmp_path, processes=1), tmp_path)
    assert alone.wait(120) == 0
    ours, theirs = (
        [json.loads(line) for line in (folder / "model" / "history.jsonl").open()]
        for folder in (whole, tmp_path)
    )
    assert [record["step"] for record in ours] == [record["step"] for record in theirs]
    for record, expected in zip(ours, theirs, strict=True):
        for name, value in expected.items():
            assert record[name] == pytest.approx(value, rel=1e-3), (name, record["step"])
    sidecar = json.loads((whole / "model" / "provenance.json").read_text())
    assert json.dumps(sidecar).count('"processes": 2') == 1


def test_padded_training_is_the_same_training(corpus: Path, tmp_path: Path) -> None:
    found = []
    for buckets in (None, 3):
        folder = tmp_path / str(buckets)
        assert main(command(corpus, folder, processes=1, buckets=buckets)) == 0
        sidecar = json.loads((folder / "model" / "provenance.json").read_text())
        assert f'"buckets": {buckets or 0}' in json.dumps(sidecar)
        found.append([json.loads(line) for line in (folder / "model" / "history.jsonl").open()])
    packed, padded = found
    for record, expected in zip(padded, packed, strict=True):
        assert record == pytest.approx(expected, rel=1e-3)
    assert padded != packed, "rounding differs, or nothing was padded"


@pytest.mark.parametrize("how", ["SIGUSR1", "SIGINT", "member", "launcher"])
def test_whatever_ends_it_the_same_command_goes_on(
    how: str, whole: Path, corpus: Path, tmp_path: Path
) -> None:
    run = start(command(corpus, tmp_path), tmp_path)
    wait_for(lambda: list(tmp_path.glob("work/train/*/step-*.json")), "a checkpoint")
    members = psutil.Process(run.pid).children()
    assert len(members) == 2
    if how == "member":
        members[1].kill()
    elif how == "launcher":
        run.kill()
    else:
        run.send_signal(getattr(signal, how))
    code = run.wait(60)
    expected = {"SIGUSR1": 75, "SIGINT": 130, "member": 137, "launcher": -9}
    assert code == expected[how]
    wait_for(lambda: not any(m.is_running() and m.status() != "zombie" for m in members), "an end")
    assert not (tmp_path / "model" / "provenance.json").exists()
    again = start(command(corpus, tmp_path), tmp_path)
    assert "resumed at iteration" in again.communicate(timeout=120)[1]
    assert again.returncode == 0
    assert bytes_of(tmp_path) == bytes_of(whole)


def test_an_error_is_told_once_with_its_code(corpus: Path, tmp_path: Path) -> None:
    run = start(command(corpus, tmp_path, batch_size=15), tmp_path)
    errors = run.communicate(timeout=60)[1]
    assert run.returncode == 2
    assert "15 sentences cannot be shared by 2 processes" in errors


def test_no_processes_are_refused(corpus: Path, tmp_path: Path) -> None:
    run = start(command(corpus, tmp_path, processes=0), tmp_path)
    errors = run.communicate(timeout=60)[1]
    assert run.returncode == 2
    assert "--processes 0: expected a whole number from 1 to" in errors


def test_a_warning_signal_is_chosen_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    assert signal.SIGUSR1 in stop_signals()
    monkeypatch.setenv("ARAE_WARNING_SIGNAL", "sigusr2")
    assert stop_signals()[-1] == signal.SIGUSR2
    monkeypatch.setenv("ARAE_WARNING_SIGNAL", "")
    assert stop_signals() == [signal.SIGTERM, signal.SIGINT]
    monkeypatch.setenv("ARAE_WARNING_SIGNAL", "soon")
    with pytest.raises(SettingsError, match="'SOON' is no signal"):
        stop_signals()


def test_nothing_is_left_of_a_launch_that_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RANK", "0")
    before = {number: signal.getsignal(number) for number in stop_signals()}
    assert run_together(2, ["no-such-verb"]) == 2
    assert {number: signal.getsignal(number) for number in stop_signals()} == before
