"""Speed against the yardsticks, beside the committed record: wide margins, for busy machines."""

import json
import statistics
from pathlib import Path

import pytest
import torch

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


def test_training_keeps_its_lead_over_the_textbook() -> None:
    record = json.loads((RECORD / "training-scenes.json").read_text())["ratio"]
    ours, book = race(Pair(SIZES["scenes"]), 12, 3, CLOCKS["cpu"])
    ratio = statistics.median(book.totals(3)) / statistics.median(ours.totals(3))
    assert ratio > MARGIN * record


def test_the_language_model_keeps_its_lead() -> None:
    record = json.loads((RECORD / "stages.json").read_text())["measures"]["language_model"]["ratio"]
    assert language_model(7)["ratio"] > MARGIN * record
