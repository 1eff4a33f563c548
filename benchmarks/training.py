"""Time ARAE training: this project's loop against a plain textbook loop of the same mathematics.

First both loops must agree: from the same weights, sentences and noise, each update's loss and
gradient may differ by 1e-5 at most. Then they take turns, one iteration each, in one process, so
that whatever else the machine does hits both alike. Examples:

  python -m benchmarks.training                      the paper's SNLI size, 2 threads
  python -m benchmarks.training --size scenes --threads 1
  python -m benchmarks.training --size scenes --iterations 20 --out /tmp/quick.json

Read in the table: `sentences/s` of each loop (medians) and their ratio; the share of an iteration
that each phase takes; the matrix products' share of this machine's measured peak (`torch.mm`, same
threads); the peak resident memory of a process that runs one loop only. On a busy machine trust
the ratio, not the sentences/s, and prefer `--threads 1 --clock cpu`.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import torch

from benchmarks.command import in_fresh_process, parser_of, peak_memory, write
from benchmarks.pair import Pair
from benchmarks.sizes import SIZES
from benchmarks.textbook import YARDSTICKS, TextbookARAE
from benchmarks.work import peak_flops, training_flops

TOLERANCE = 1e-5
SEEDS = (1, 2, 3)
CLOCKS = {"wall": time.perf_counter, "cpu": time.process_time}
OURS = "ours"


class Laps:
    """Seconds per phase of one loop, iteration by iteration."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock, self.iterations = clock, list[dict[str, float]]()
        self._last = 0.0

    def start(self) -> None:
        """An iteration begins."""
        self.iterations.append({})
        self._last = self._clock()

    def lap(self, phase: str) -> None:
        """An update of `phase` is done; what came before it belongs to it."""
        now = self._clock()
        laps = self.iterations[-1]
        laps[phase] = laps.get(phase, 0.0) + now - self._last
        self._last = now

    def totals(self, warm_up: int) -> list[float]:
        """Seconds per iteration after the warm-up."""
        return [sum(laps.values()) for laps in self.iterations[warm_up:]]

    def shares(self, warm_up: int) -> dict[str, float]:
        """Each phase's share of an iteration after the warm-up, from medians."""
        timed = self.iterations[warm_up:]
        medians = {phase: statistics.median(laps[phase] for laps in timed) for phase in timed[0]}
        return {phase: seconds / sum(medians.values()) for phase, seconds in medians.items()}


def check(size: str, yardstick: str) -> dict[str, float]:
    """Largest relative difference of losses and gradients; an error if beyond the tolerance.

    A critic's unit within rounding of its kink may be on one side of it in one loop and on the other in
    the other, which no exactness avoids; so another training is compared before the error.
    """
    for seed in SEEDS:
        pair = Pair(SIZES[size], sentences=1024, seed=seed, yardstick=YARDSTICKS[yardstick])
        differences = list(pair.differences(iterations=2))
        worst = {
            "loss": max(loss for _, loss, _ in differences),
            "gradient": max(gradient for _, _, gradient in differences),
        }
        if max(worst.values()) < TOLERANCE:
            return worst
    raise SystemExit(f"the loops disagree beyond {TOLERANCE}: {worst}; nothing was timed")


def race(pair: Pair, iterations: int, warm_up: int, clock: Callable[[], float]) -> list[Laps]:
    """Let the loops take turns."""
    ours, book = Laps(clock), Laps(clock)
    pair.observe(after=lambda phase, gradients: ours.lap(phase.name))
    for iteration in range(warm_up + iterations):
        ours.start()
        pair.iterate_ours()
        book.start()
        pair.book.iterate(iteration, pair.rows(iteration), book.lap)
    return [ours, book]


def memory_of(loop: str, size: str, threads: int) -> int:
    """Peak resident bytes of this process after some iterations of one loop alone."""
    torch.set_num_threads(threads)
    pair = Pair(SIZES[size], yardstick=YARDSTICKS.get(loop, TextbookARAE))
    for iteration in range(5):
        if loop == OURS:
            pair.iterate_ours()
        else:
            pair.book.iterate(iteration, pair.rows(iteration), lambda phase: None)
    return peak_memory()


def measure(
    size: str, threads: int, iterations: int, warm_up: int, clock: str, yardstick: str
) -> dict[str, Any]:
    """Everything that the table shows."""
    torch.set_num_threads(threads)
    agreement, pair = check(size, yardstick), Pair(SIZES[size], yardstick=YARDSTICKS[yardstick])
    settings, sentences = pair.system.settings, pair.system.settings.batch_size
    laps = race(pair, iterations, warm_up, CLOCKS[clock])
    tokens = statistics.mean(
        pair.ours.store.batch(pair.rows(i)).tokens for i in range(warm_up, warm_up + iterations)
    )
    flops, peak = training_flops(settings, SIZES[size].vocabulary, tokens), peak_flops()
    loops = {}
    for name, lap in zip((OURS, yardstick), laps, strict=True):
        seconds = statistics.median(lap.totals(warm_up))
        loops[name] = {
            "seconds": seconds,
            "sentences_per_second": sentences / seconds,
            "phases": lap.shares(warm_up),
            "share_of_peak": flops / seconds / peak,
            "peak_memory": in_fresh_process(memory_of, name, size, threads),
        }
    ours, book = (lap.totals(warm_up) for lap in laps)
    return {
        "size": size,
        "threads": torch.get_num_threads(),
        "clock": clock,
        "iterations": iterations,
        "torch": torch.__version__,
        "agreement": agreement,
        "gigaflop_per_iteration": flops / 1e9,
        "peak_gigaflop_per_second": peak / 1e9,
        "loops": loops,
        "ratio": statistics.median(b / o for o, b in zip(ours, book, strict=True)),
    }


def table(result: dict[str, Any]) -> str:
    """The result for people."""
    lines = [
        "ARAE training, size {size}: {threads} thread(s), {clock} clock, medians of {iterations} "
        "interleaved iterations, torch {torch}".format(**result),
        "largest relative difference: loss {loss:.1e}, gradient {gradient:.1e}".format(
            **result["agreement"]
        ),
        "{:.2f} GFLOP of matrix products an iteration; peak {:.0f} GFLOP/s".format(
            result["gigaflop_per_iteration"], result["peak_gigaflop_per_second"]
        ),
        f"{'':10}{'ms':>8}{'sentences/s':>13}{'of peak':>9}{'memory':>9}  phases",
    ]
    for name, loop in result["loops"].items():
        phases = ", ".join(f"{phase} {share:.0%}" for phase, share in loop["phases"].items())
        lines.append(
            f"{name:10}{loop['seconds'] * 1e3:8.1f}{loop['sentences_per_second']:13.0f}"
            f"{loop['share_of_peak']:9.0%}{loop['peak_memory'] / 1e6:6.0f} MB  {phases}"
        )
    return "\n".join([*lines, f"ours is {result['ratio']:.2f} times as fast"])


def main() -> None:
    """Command line."""
    parser = parser_of("training", __doc__)
    parser.add_argument("--size", choices=SIZES, default="paper", help="default: paper")
    parser.add_argument("--iterations", type=int, default=30, help="timed; default: 30")
    parser.add_argument("--warm-up", type=int, default=5, help="iterations not timed; default: 5")
    parser.add_argument(
        "--yardstick",
        choices=YARDSTICKS,
        default="textbook",
        help="authors: with the detours of the authors' code (logits selected by a mask)",
    )
    parser.add_argument("--clock", choices=CLOCKS, default="wall", help="cpu: with 1 thread only")
    a = parser.parse_args()
    if a.clock == "cpu" and a.threads != 1:
        parser.error("--clock cpu adds up the time of all threads: give --threads 1 with it")
    result = measure(a.size, a.threads, a.iterations, a.warm_up, a.clock, a.yardstick)
    out = write(result, a.out, f"training-{a.size}")
    print(table(result))
    print(f"written to {out}", file=sys.stderr)


if __name__ == "__main__":
    main()
