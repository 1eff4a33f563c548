"""Time a GPU: training step by step and padded, replayed as CUDA graphs, with cheaper products; sampling.

The ways take turns, one block of iterations each, so that whatever else the machine does hits all
alike; a block's time is read after the device has done all of it. Examples:

  python -m benchmarks.replay                                  on a GPU, the paper's SNLI size
  python -m benchmarks.replay --device cpu --size tiny         only that it runs: nothing is replayed

Read in the table: sentences/s (medians over blocks), and their ratio to `packed`; what of the matrix
products' measured peak that is; the latency floor's share (the time steps that must follow one another,
at the latency of one, over the time taken); the minutes that 15 epochs of SNLI would take. Then the seconds of
greedy sentences; the weights are random, so that none ends before 15 words.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import torch

from arae.engine.device import describe_device, prepare_device
from arae.engine.signals import StopRequest
from arae.engine.trainer import Trainer
from arae.generation.decode import DecodingSettings
from arae.generation.sampling import generate
from arae.nn.padded import training_text
from arae.nn.randomness import Draws
from arae.systems.registry import build_system, parse_recipe
from benchmarks.command import parser_of, write
from benchmarks.sizes import SIZES, zipf_text
from benchmarks.work import latency_floor, peak_flops, training_flops, wait_for

WAYS: dict[str, dict[str, Any]] = {
    "packed": {},
    "padded, replayed": {"buckets": 4},
    "padded, phase by phase": {"buckets": 4},  # a graph for each phase instead of one an iteration
    "padded, replayed, tf32": {"buckets": 4, "decoder": {"projection": "tf32"}},
    "padded, replayed, bfloat16": {"buckets": 4, "decoder": {"projection": "bfloat16"}},
}
SNLI_SENTENCES = 714_667  # of training text with up to 15 words
EPOCHS = 15
TEXT = 65_536


class Way:
    """One way to train, a block of iterations at a time."""

    def __init__(self, name: str, size: str, device: torch.device) -> None:
        changes = WAYS[name]
        recipe = {**SIZES[size].recipe, **changes}
        recipe["decoder"] = {**SIZES[size].recipe["decoder"], **changes.get("decoder", {})}
        self.settings = parse_recipe(recipe)
        text = zipf_text(SIZES[size], TEXT)
        self.system = build_system(self.settings, SIZES[size].vocabulary, 1).to(device).train()
        store = training_text(text, device, self.settings.buckets)
        folder = Path(tempfile.gettempdir())  # stays unused: only `fit` writes checkpoints
        self._trainer = Trainer(self.system, store, 1, _unjudged, folder, StopRequest())
        self._trainer.whole = name != "padded, phase by phase"
        self._order = Draws(1, "order", 0).permutation(TEXT).split(self.settings.batch_size)
        lengths = torch.from_numpy(text.lengths)
        # Of a batch's longest sentence, on average, `<eos>` included.
        self.positions = statistics.mean(int(lengths[rows].max()) + 1 for rows in self._order)
        self._device = device

    def block(self, iterations: int) -> float:
        """Seconds an iteration, until the device has done them all."""
        wait_for(self._device)
        began = time.perf_counter()
        for _ in range(iterations):
            rows = self._order[self._trainer.iteration % (len(self._order) - 1)]
            self._trainer._iterate(self.system.phases(0), self._trainer.store.batch(rows))
        wait_for(self._device)
        seconds = (time.perf_counter() - began) / iterations
        self._trainer._flush()  # refuses NaN
        return seconds


def sampling_seconds(way: Way, count: int, repeats: int = 3) -> float:
    """Median seconds in which a system makes so many sentences, until they are on the host."""
    laps = []
    for _ in range(repeats):
        began = time.perf_counter()
        for _ in generate(way.system, count, DecodingSettings(), seed=1):
            pass
        laps.append(time.perf_counter() - began)
    return statistics.median(laps)


def measure(
    size: str, name: str, threads: int, blocks: int, iterations: int, sentences: int
) -> dict[str, Any]:
    """Everything that the table shows."""
    device = prepare_device(name, threads)
    ways = {way: Way(way, size, device) for way in WAYS}
    settings = ways["packed"].settings
    for way in ways.values():
        way.block(iterations)  # warms up, and records every width
    seconds: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(blocks):
        for way, one in ways.items():
            seconds[way].append(one.block(iterations))
    tokens = settings.batch_size * 9.47  # mean length of `zipf_text`, `<eos>` included
    flops, peak = (
        training_flops(settings, SIZES[size].vocabulary, tokens),
        peak_flops(device=device),
    )
    floor = latency_floor(settings, ways["packed"].positions, device)
    found = {}
    for way, values in seconds.items():
        middle = statistics.median(values)
        found[way] = {
            "seconds": middle,
            "all_seconds": values,
            "sentences_per_second": settings.batch_size / middle,
            "ratio": statistics.median(
                one / other for one, other in zip(seconds["packed"], values, strict=True)
            ),
            "share_of_peak": flops / middle / peak,
            "share_of_latency_floor": floor / middle,
            "snli_minutes": middle * SNLI_SENTENCES / settings.batch_size * EPOCHS / 60,
        }
    return {
        "size": size,
        "latency_floor": floor,
        **describe_device(device),
        "torch": torch.__version__,
        "gigaflop_per_iteration": flops / 1e9,
        "peak_gigaflop_per_second": peak / 1e9,
        "ways": found,
        "sentences": sentences,
        "sampling_seconds": sampling_seconds(ways["packed"], sentences),
    }


def table(result: dict[str, Any]) -> str:
    """The result for people."""
    lines = [
        "ARAE training, size {size}, on {device}, torch {torch}".format(**result),
        "latency floor: {:.2f} ms an iteration".format(result["latency_floor"] * 1e3),
        f"{'':28}{'ms':>8}{'sentences/s':>13}{'ratio':>7}{'of peak':>9}{'floor':>7}"
        f"{'15 epochs of SNLI':>19}",
    ]
    for name, way in result["ways"].items():
        lines.append(
            f"{name:28}{way['seconds'] * 1e3:8.2f}{way['sentences_per_second']:13.0f}"
            f"{way['ratio']:7.2f}{way['share_of_peak']:9.0%}"
            f"{way['share_of_latency_floor']:7.0%}{way['snli_minutes']:15.1f} min"
        )
    lines.append("{sentences:,} greedy sentences: {sampling_seconds:.2f} s".format(**result))
    return "\n".join(lines)


def main() -> None:
    """Command line."""
    parser = parser_of("replay", __doc__)
    parser.add_argument("--size", choices=SIZES, default="paper", help="default: paper")
    parser.add_argument("--device", default="auto", help="auto, cpu or cuda[:n]; default: auto")
    parser.add_argument("--blocks", type=int, default=7, help="timed, of each way; default: 7")
    parser.add_argument("--iterations", type=int, default=100, help="in a block; default: 100")
    parser.add_argument("--sentences", type=int, default=100_000, help="to make; default: 100,000")
    a = parser.parse_args()
    result = measure(a.size, a.device, a.threads, a.blocks, a.iterations, a.sentences)
    out = write(result, a.out, f"replay-{a.size}")
    print(table(result))
    print(f"written to {out}", file=sys.stderr)


def _unjudged(system: Any) -> dict[str, float]:
    raise TypeError("a benchmark validates nothing")


if __name__ == "__main__":
    main()
