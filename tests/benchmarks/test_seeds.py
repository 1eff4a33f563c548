"""Batched seeds compute what each seed computes by itself."""

import pytest
import torch

from benchmarks.seeds import parts


@pytest.mark.parametrize("part", ["LSTM step", "critic", "projection"])
def test_both_ways_compute_the_same(part: str) -> None:
    alone, together = parts("tiny", 3)[part]
    torch.testing.assert_close(torch.stack(alone()), together())
