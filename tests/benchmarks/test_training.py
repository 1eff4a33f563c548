"""The benchmark compares like with like, and its command works."""

import json
import sys
from pathlib import Path

import pytest
import torch

from benchmarks import replay
from benchmarks.pair import Pair
from benchmarks.sizes import LENGTHS, SIZES, zipf_text
from benchmarks.textbook import YARDSTICKS
from benchmarks.training import TOLERANCE, main
from benchmarks.work import training_flops


def test_both_loops_compute_the_same_losses_and_gradients() -> None:
    found = list(Pair(SIZES["tiny"], sentences=128).differences(iterations=3))
    assert [name for name, *_ in found[:8]] == [
        "reconstruction",
        *["critic"] * 5,
        "encoder",
        "generator",
    ]
    assert len(found) == 24
    assert max(max(loss, gradient) for _, loss, gradient in found) < TOLERANCE


@pytest.mark.parametrize("yardstick", YARDSTICKS)
def test_without_rounding_both_loops_agree_to_the_last_digits(yardstick: str) -> None:
    torch.set_default_dtype(torch.float64)
    try:
        pair = Pair(SIZES["tiny"], sentences=128, yardstick=YARDSTICKS[yardstick])
        found = list(pair.differences(iterations=3))
    finally:
        torch.set_default_dtype(torch.float32)
    assert max(max(loss, gradient) for _, loss, gradient in found) < 1e-12


def test_a_wrong_weight_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    pair = Pair(SIZES["tiny"], sentences=128)
    copy = pair._copy_weights

    def spoil() -> None:
        copy()
        pair.book.model.critic[0].weight.data[0, 0] += 0.1

    monkeypatch.setattr(pair, "_copy_weights", spoil)
    found = list(pair.differences(iterations=1))
    assert min(gradient for name, _, gradient in found if name == "critic") > TOLERANCE


def test_the_text_has_the_stated_lengths_and_is_the_same_every_time() -> None:
    size = SIZES["paper"]
    text, again = zipf_text(size, 5000), zipf_text(size, 5000)
    assert (text.ids == again.ids).all()
    assert text.ids.min() >= 4 and text.ids.max() < size.vocabulary == 11_004
    assert text.lengths.mean() == pytest.approx(8.47, abs=0.15)
    assert LENGTHS.sum() == pytest.approx(1.0)


def test_flops_grow_with_what_the_vocabulary_costs() -> None:
    settings = Pair(SIZES["tiny"], sentences=64).system.settings
    one, two = (training_flops(settings, v, tokens=80.0) for v in (100, 200))
    assert two - one == 3 * 2 * settings.decoder.hidden * 100 * 80


@pytest.mark.slow
def test_the_command_writes_its_measurement(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "result.json"
    options = ["--size", "tiny", "--threads", "1", "--iterations", "2", "--warm-up", "1"]
    monkeypatch.setattr(sys, "argv", ["training", *options, "--out", str(out)])
    main()
    result = json.loads(out.read_text())
    assert result["threads"] == 1 and set(result["loops"]) == {"ours", "textbook"}
    assert sum(result["loops"]["ours"]["phases"].values()) == pytest.approx(1.0)
    assert "times as fast" in capsys.readouterr().out


@pytest.mark.slow
def test_ways_to_train_on_a_gpu_are_timed_where_there_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "result.json"
    options = ["--size", "tiny", "--device", "cpu", "--blocks", "2", "--iterations", "2"]
    options += ["--threads", str(torch.get_num_threads()), "--sentences", "60"]
    monkeypatch.setattr(sys, "argv", ["replay", *options, "--out", str(out)])
    replay.main()
    found = json.loads(out.read_text())
    ways, floor = found["ways"], found["latency_floor"]
    assert 0 < floor < 1 and found["sampling_seconds"] > 0
    assert list(ways) == list(replay.WAYS) and ways["packed"]["ratio"] == 1.0
    assert all(len(way["all_seconds"]) == 2 and way["seconds"] > 0 for way in ways.values())
    assert all(
        way["share_of_latency_floor"] == pytest.approx(floor / way["seconds"])
        for way in ways.values()
    )
    printed = capsys.readouterr().out
    wanted = (*replay.WAYS, "15 epochs of SNLI", "latency floor", "60 greedy sentences")
    assert all(words in printed for words in wanted)
