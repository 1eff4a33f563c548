"""Which processor and which paths: told apart by maker, and chosen for all of them when asked."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from arae.cli import main
from arae.foundation import machine
from arae.foundation.provenance import environment

XEON = """processor\t: 0
vendor_id\t: GenuineIntel
cpu family\t: 6
model\t\t: 85
model name\t: Intel(R) Xeon(R) Platinum 8175M CPU @ 2.50GHz
flags\t\t: fpu avx2 avx512f

processor\t: 1
vendor_id\t: GenuineIntel
"""
EPYC = """processor\t: 0
vendor_id\t: AuthenticAMD
cpu family\t: 25
model\t\t: 17
model name\t: AMD EPYC   9R14
flags\t\t: fpu avx2 avx512f
"""
# Sines, logarithms, and products of several shapes, in the process's own way.
BITS = """
import hashlib
from arae.foundation.machine import choose_paths, kind_of_machine
choose_paths()
import torch
torch.set_num_threads(1)
from arae.nn.randomness import Draws
draws, digest = Draws(1, "bits"), hashlib.sha256()
for rows, inner, columns in ((3, 8, 5), (64, 300, 257), (17, 96, 1)):
    left, right = draws.normal(rows, inner), draws.uniform(inner, columns)
    product = left @ right
    for values in (left, product, product.exp(), product.sigmoid(), left.sum(1), left.double() @ right.double()):
        digest.update(values.numpy().tobytes())
print(digest.hexdigest(), kind_of_machine())
"""


@pytest.fixture(autouse=True)
def fresh():
    machine.processor.cache_clear()
    yield
    machine.processor.cache_clear()


def test_makers_and_models_are_told_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = []
    for name, text in (("xeon", XEON), ("epyc", EPYC)):
        (tmp_path / name).write_text(text)
        monkeypatch.setattr(machine, "_CPU_INFO", tmp_path / name)
        machine.processor.cache_clear()
        found.append(machine.processor())
    assert found == [
        "GenuineIntel, Intel(R) Xeon(R) Platinum 8175M CPU @ 2.50GHz, family 6, model 85",
        "AuthenticAMD, AMD EPYC 9R14, family 25, model 17",
    ]


def test_a_machine_without_such_a_list_has_a_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "_CPU_INFO", tmp_path / "none")
    assert machine.processor()


def test_provenance_names_processor_and_paths() -> None:
    found = environment()
    assert found["processor"] == machine.processor()
    assert torch.backends.cpu.get_cpu_capability() in found["paths"]
    assert machine.kind_of_machine() == f"{found['processor']}; {found['paths']}"


def bits(**variables: str) -> tuple[str, str]:
    done = subprocess.run(
        [sys.executable, "-c", BITS],
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=True,
    )
    digest, kind = done.stdout.strip().split(" ", 1)
    return digest, kind


def test_portable_paths_win_over_the_processors_and_over_the_environments() -> None:
    other = {"ATEN_CPU_CAPABILITY": "default", "MKL_CBWR": "AUTO"}
    digest, kind = bits(ARAE_PORTABLE="1")
    assert "ATen AVX2, MKL COMPATIBLE" in kind and "oneDNN at most AVX2" in kind
    assert "NumPy X86_V4" not in kind and "AVX512" not in kind
    assert bits(ARAE_PORTABLE="1", **other) == (digest, kind)
    # Without it these variables change numbers: the digest sees what the paths are.
    assert bits(ARAE_PORTABLE="0", **other)[0] != digest


def test_a_wrong_value_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ARAE_PORTABLE", "yes")
    assert main(["schema", "--help"]) == 2
    assert "ARAE_PORTABLE=yes: expected 1 (portable) or 0" in capsys.readouterr().err
