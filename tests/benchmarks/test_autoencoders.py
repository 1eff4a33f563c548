"""AE and VAE are compared with what computes the same."""

import json
import sys
from pathlib import Path

import pytest

from benchmarks import autoencoders
from benchmarks.autoencoders import KINDS, TOLERANCE, Race
from benchmarks.sizes import SIZES
from benchmarks.textbook import YARDSTICKS


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("yardstick", YARDSTICKS)
def test_both_loops_compute_the_same(kind: str, yardstick: str) -> None:
    race = Race(kind, yardstick, SIZES["tiny"], sentences=128)
    assert race.difference() < TOLERANCE
    for iteration in range(3):
        race.ours(iteration)
        race.theirs(iteration)
    assert race.difference() < 10 * TOLERANCE, "after updates of their own they are still alike"


def test_a_different_loss_is_noticed() -> None:
    race = Race("vae", "textbook", SIZES["tiny"], sentences=128)
    race.plain.parts.output.bias.data[5] += 0.1
    assert race.difference() > TOLERANCE


def test_the_command_writes_its_measurement(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(autoencoders.torch, "set_num_threads", lambda count: None)
    options = ["--size", "tiny", "--iterations", "2", "--warm-up", "1"]
    monkeypatch.setattr(sys, "argv", ["x", *options, "--out", str(tmp_path / "out.json")])
    autoencoders.main()
    measures = json.loads((tmp_path / "out.json").read_text())["measures"]
    assert [(one["kind"], one["yardstick"]) for one in measures] == [
        (kind, yardstick) for kind in KINDS for yardstick in YARDSTICKS
    ]
    assert all(one["ratio"] > 0 for one in measures)
    assert "times authors" in capsys.readouterr().out
