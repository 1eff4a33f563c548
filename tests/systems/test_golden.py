"""Losses of every recipe's first iterations, kept in the tree: no silent numeric change.

Exact on the kind of CPU that recorded them, to 1e-4 elsewhere (other vector units round otherwise).
After a deliberate change: `ARAE_RECORD_GOLDEN=1 pytest tests/systems/test_golden.py`, and say why in
the commit.
"""

import json
import os
from pathlib import Path

import numpy as np
import pytest
import torch

from arae.engine.phases import run_phase
from arae.nn.randomness import Draws
from arae.systems.system import Moment
from toy import IMAGE_RECIPES, RECIPES, store_for, toy_system

GOLDEN = Path(__file__).with_name("golden_losses.json")
ITERATIONS = 6


def kind_of_machine() -> str:
    return f"torch {torch.__version__}, {torch.backends.cpu.get_cpu_capability()}"


def losses(name: str) -> list[dict[str, float]]:
    torch.set_num_threads(1)
    system, store = toy_system(name).train(), store_for(name)
    seen = []
    for iteration in range(ITERATIONS):
        batch = store.batch(np.arange(8) + 8 * iteration)
        for place, phase in enumerate(system.phases(iteration)):
            draws = Draws(1, "phase", iteration, place)
            metrics = run_phase(phase, batch, Moment(iteration, float(iteration), 0.0, draws))
            seen.append({f"{phase.name}.{key}": value.item() for key, value in metrics.items()})
    return seen


@pytest.mark.parametrize("name", [*RECIPES, *IMAGE_RECIPES])
def test_losses_are_those_on_record(name: str) -> None:
    golden = json.loads(GOLDEN.read_text()) if GOLDEN.exists() else {"machine": None, "losses": {}}
    now = losses(name)
    if os.environ.get("ARAE_RECORD_GOLDEN"):
        golden["machine"] = kind_of_machine()
        golden["losses"][name] = now
        GOLDEN.write_text(json.dumps(golden, indent=1, sort_keys=True) + "\n")
    if golden["machine"] == kind_of_machine():
        assert now == golden["losses"][name]
    for step, (got, wanted) in enumerate(zip(now, golden["losses"][name], strict=True)):
        assert got == pytest.approx(wanted, rel=1e-4, abs=1e-6), f"step {step}"
