"""The two commands for a GPU run to their end on a CPU, where only what they say they need is installed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
import torch

from arae.systems.names import DOMAINS
from arae.systems.registry import system_names
from benchmarks import paper_open
from benchmarks.checkpoints import corpus
from benchmarks.sizes import SIZES
from benchmarks.twins import Twins

ROOT = Path(__file__).parents[2]
BARE = """
import sys

ABSENT = {"snakemake", "dvc", "mlflow", "spacy", "sklearn", "jsonschema"}


class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ABSENT:
            raise ModuleNotFoundError(f"No module named {name!r}: absent here", name=name)


sys.meta_path.insert(0, Absent())
"""


@pytest.fixture
def bare(tmp_path: Path) -> dict[str, str]:
    """An environment whose interpreters, those that they start included, lack most packages."""
    (tmp_path / "bare").mkdir()
    (tmp_path / "bare/sitecustomize.py").write_text(BARE)
    path = os.pathsep.join(map(str, (tmp_path / "bare", ROOT, ROOT / "src")))
    return {**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1"}


def _run(words: list[str], bare: dict[str, str]) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-m", *words]
    return subprocess.run(line, cwd=ROOT, env=bare, capture_output=True, text=True, timeout=400)


def test_the_packages_are_absent(bare: dict[str, str]) -> None:
    found = subprocess.run([sys.executable, "-c", "import mlflow"], env=bare, capture_output=True)
    assert found.returncode == 1 and b"absent here" in found.stderr


def test_gpu_measures_every_part(bare: dict[str, str], tmp_path: Path) -> None:
    out = tmp_path / "gpu.json"
    tiny = "--device cpu --size tiny --systems-size tiny --iterations 2 --blocks 1 --sentences 30"
    parts = ["systems", "ways", "phases", "profile", "scoring", "seeds"]
    words = ["benchmarks.gpu", *tiny.split(), "--threads", "1", "--out", str(out)]
    done = _run([*words, "--parts", *parts], bare)
    assert done.returncode == 0, done.stderr[-2000:] + done.stdout[-2000:]
    found = json.loads(out.read_text())
    assert found.keys() >= set(parts) and not [part for part in parts if "error" in found[part]]
    wanted = [f"{name} of {domain}" for domain in DOMAINS for name in system_names(domain)]
    assert sorted(found["systems"]) == sorted(wanted)
    for way in ("packed", "padded, phase by phase"):
        assert found["phases"][way]["critic"]["calls_an_iteration"] == 5
    for way in ("packed", "padded, replayed"):
        assert (
            found["profile"][way]["kernels"] > 100 and len(found["profile"][way]["dearest"]) == 20
        )


def test_a_system_that_differs_from_the_cpus_is_seen() -> None:
    twins = Twins("ae", SIZES["tiny"], torch.device("cpu"), 64)
    assert max(twins.differences().values()) == 0
    real = twins.system.decoder.lstm.forward
    twins.system.decoder.lstm.forward = lambda *words: real(*words) * 1.01
    assert max(twins.differences().values()) > 1e-3


@pytest.mark.slow
def test_gpu_times_whole_commands(bare: dict[str, str], tmp_path: Path) -> None:
    out = tmp_path / "gpu.json"
    words = "benchmarks.gpu --parts command --device cpu --size tiny --sentences 30 --out"
    done = _run([*words.split(), str(out)], bare)
    assert done.returncode == 0, done.stdout[-2000:]
    found = json.loads(out.read_text())["command"]
    assert found["lines"] == 30 and found["arae sample"] > 0


@pytest.mark.slow
def test_paper_open_goes_on_where_it_was_stopped(bare: dict[str, str], tmp_path: Path) -> None:
    data, out = corpus(SIZES["tiny"], tmp_path / "data", sentences=300), tmp_path / "made"
    layers = {"embedding": 8, "hidden": 8}
    changes = {"decoder": layers, "selection": {"by": "valid_loss"}}
    words = ["benchmarks.paper_open", "run", "--data", str(data), "--out", str(out)]
    words += ["--systems", "lm-snli", "--epochs", "1", "--samples", "80", "--device", "cpu"]
    words += ["--changes", json.dumps(changes)]
    words += ["--language-model", json.dumps({"epochs": 1, "decoder": layers})]
    first = _run([*words, "--minutes", "0"], bare)
    assert first.returncode == 75, first.stderr[-2000:]
    assert "the same command goes on" in first.stdout
    second = _run(words, bare)
    assert second.returncode == 0, second.stderr[-2000:]
    archive = tmp_path / "made.tar.xz"
    with tarfile.open(archive) as file:
        names = set(file.getnames())
    assert {"scores/lm-snli/seed-1.json", "samples/lm-snli/seed-1.txt", "run.json"} <= names
    assert "models/lm-snli/seed-1/history.jsonl" in names
    assert not [name for name in names if name.endswith("safetensors")]
    text = paper_open.page(archive)
    scores = json.loads((out / "scores/lm-snli/seed-1.json").read_text())["metrics"]
    assert f"| LM | 1 | 1 | {scores['reverse_ppl']:.4g} |" in text
    assert "Not scored within the time: AE, VAE, AAE" in text
