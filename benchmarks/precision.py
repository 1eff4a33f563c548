"""What cheaper products with the vocabulary do to losses and gradients: no times, only numbers.

The mean reconstruction loss of the last fifty iterations of a training, and then, of three more, losses
and gradients against the textbook's in float32 at the same weights. On a CPU TF32 is imitated. Example:

  python -m benchmarks.precision --size scenes --iterations 500
"""

from __future__ import annotations

import dataclasses
import statistics

import torch

from benchmarks.command import parser_of, write
from benchmarks.pair import Pair
from benchmarks.sizes import SIZES, Size

PRECISIONS = ("float32", "tf32", "bfloat16")
COMPARED, LAST = 3, 50


def at(size: Size, precision: str) -> Size:
    """A size whose decoder projects in a precision."""
    decoder = {**size.recipe["decoder"], "projection": precision}
    return dataclasses.replace(size, recipe={**size.recipe, "decoder": decoder})


def measure(size: Size, precision: str, iterations: int) -> dict[str, float]:
    """Where a training goes, and the differences of the next reconstructions."""
    pair = Pair(at(size, precision))
    for _ in range(iterations):
        pair.iterate_ours()
    losses = [
        float(metrics["reconstruction"])
        for _, phase, metrics in pair.ours._pending
        if phase == "reconstruction"
    ]
    pair.ours._pending.clear()
    compared = [found for found in pair.differences(COMPARED) if found[0] == "reconstruction"]
    return {
        "loss_difference": max(loss for _, loss, _ in compared),
        "gradient_difference": max(gradient for _, _, gradient in compared),
        "reconstruction": statistics.fmean(losses[-LAST:]),
    }


def main() -> None:
    """Command line."""
    parser = parser_of("precision", __doc__)
    parser.add_argument("--size", choices=SIZES, default="scenes")
    parser.add_argument("--iterations", type=int, default=500)
    a = parser.parse_args()
    torch.set_num_threads(a.threads)
    found = {}
    for precision in PRECISIONS:
        found[precision] = measure(SIZES[a.size], precision, a.iterations)
        shown = ", ".join(f"{key} {value:.4g}" for key, value in found[precision].items())
        print(f"{precision}: {shown}", flush=True)
    record = {"size": a.size, "iterations": a.iterations, "precisions": found}
    write(record, a.out, f"precision-{a.size}")


if __name__ == "__main__":
    main()
