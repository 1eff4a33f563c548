"""Two processes train what one trains: the same losses and weights, within rounding."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from arae.engine.world import World
from arae.foundation.errors import SettingsError
from arae.nn.randomness import Draws, ShareDraws
from engine.workers import train
from toy import IMAGE_RECIPES, RECIPES, store_for

NAMES = [*RECIPES, *IMAGE_RECIPES]
WORKER = Path(__file__).parent / "workers.py"
TOGETHER = (sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2")


@pytest.fixture(scope="module")
def together(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what two processes made of every recipe."""
    folder = tmp_path_factory.mktemp("together")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "OMP_NUM_THREADS": "1"}
    command = [*TOGETHER, "--standalone", str(WORKER), str(folder), *NAMES]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
    assert ended.returncode == 0, ended.stderr
    return folder


@pytest.mark.parametrize("name", NAMES)
def test_two_processes_train_as_one(name: str, together: Path, tmp_path: Path) -> None:
    alone = train(name, tmp_path, World())
    first, second = (load_file(together / f"{name}-{place}.safetensors") for place in (0, 1))
    history = json.loads((together / f"{name}-0.json").read_text())
    assert [list(record) for record in history] == [list(record) for record in alone.history]
    for record, expected in zip(history, alone.history, strict=True):
        for key, value in expected.items():
            assert record[key] == pytest.approx(value, rel=1e-3, abs=1e-5), (key, expected["step"])
    for key, value in alone.system.state_dict().items():
        # In float64, where the rounding of a gradient that is zero (a bias before batch norm) is far
        # below Adam's epsilon; in float32 Adam makes steps of it, other ones on other processors.
        # Codes that a critic's batch norm can hardly tell apart still magnify rounding, to 1e-5.
        torch.testing.assert_close(first[key], value, rtol=1e-3, atol=1e-4)
    for key, _ in alone.system.named_parameters():  # buffers the leader's validation fills
        assert torch.equal(first[key], second[key]), key


def test_shares_are_the_rows_of_the_whole_with_their_random_numbers() -> None:
    store = store_for("lm", 40)
    whole = store.batch(np.arange(3, 11))
    seen = torch.zeros(whole.tokens)
    drawn = Draws(5, "x").normal(whole.tokens, 3), Draws(5, "x").uniform(whole.size)
    ones = torch.ones(whole.tokens, 2)
    for place in range(2):
        mine = store.share(whole, place, 2)
        assert (mine.whole_size, mine.whole_tokens) == (whole.size, whole.tokens)
        assert torch.equal(mine.targets, whole.targets[mine.part.positions])
        assert torch.equal(mine.inputs, whole.inputs[mine.part.positions])
        assert torch.equal(whole.rows[mine.part.positions], mine.part.rows[mine.rows])
        seen[mine.part.positions] += 1

        def draws(part=mine.part) -> ShareDraws:
            return ShareDraws(part, 5, "x", device=torch.device("cpu"))

        assert torch.equal(draws().normal(mine.tokens, 3), drawn[0][mine.part.positions])
        assert torch.equal(draws().uniform(mine.size), drawn[1][mine.part.rows])
        kept = Draws(5, "x").dropout(ones, 0.5)[mine.part.positions]
        assert torch.equal(draws().dropout(ones[: mine.tokens], 0.5), kept)
        with pytest.raises(ValueError, match="neither"):
            draws().normal(mine.tokens + 1, 3)
    assert torch.equal(seen, torch.ones(whole.tokens))


def test_a_batch_that_cannot_be_shared_out_is_refused() -> None:
    with pytest.raises(SettingsError, match="batch_size: 10 sentences cannot be shared by 4"):
        World(count=4).check(10)
