"""Speed against the yardsticks: faster than they are, and near the record of the same processor.

The margins are wide, for busy machines.
"""

import json
import statistics
from pathlib import Path

import pytest
import torch

from arae.foundation.machine import kind_of_machine
from benchmarks.command import apart
from benchmarks.language_models import language_model
from benchmarks.pair import Pair
from benchmarks.sizes import SIZES
from benchmarks.training import CLOCKS, race

RECORD = Path(__file__).parents[2] / "benchmarks" / "record"
MARGIN = 0.6

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def least(name: str, *keys: str) -> float:
    """The ratio that is asked for: of the record if it is of this processor, else any lead."""
    record = json.loads((RECORD / f"{name}.json").read_text())
    if why := apart(record, {"machine": kind_of_machine()}):
        print(f"not compared with the record: {why}")
        return 1.0
    for key in keys:
        record = record[key]
    return MARGIN * float(record["ratio"])


def test_training_keeps_its_lead_over_the_textbook() -> None:
    ours, book = race(Pair(SIZES["scenes"]), 12, 3, CLOCKS["cpu"])
    ratio = statistics.median(book.totals(3)) / statistics.median(ours.totals(3))
    assert ratio > least("training-scenes")


def test_the_language_model_keeps_its_lead() -> None:
    assert language_model(7)["ratio"] > least("stages", "measures", "language_model")
