"""Measure a GPU with one command: every system, ARAE's iteration in detail, sampling, scoring, memory.

At most four minutes on a machine with torch, numpy, safetensors, PyYAML and tqdm; no network, no corpus.
A part that fails says how, and the others go on; the command then ends with 1. Examples:

  python -m benchmarks.gpu                                     everything, JSON into benchmarks/results
  python -m benchmarks.gpu --parts systems profile             some parts
  python -m benchmarks.gpu --device cpu --size tiny --iterations 3 --sentences 100      only that it runs

systems    every system: losses and gradients against the CPU's with the same numbers, before and after
           `--iterations` iterations as the device makes them (replayed where it can)
ways       ARAE step by step and replayed, the latency floor, greedy sentences
phases     host's and device's milliseconds of each phase, step by step and replayed
profile    an iteration's kernels: how many, the dearest, gaps between them, and the floor that their
           number sets: kernels × the latency of one in a replayed graph
scoring    sentences' likelihoods under the language model
seeds      one product a seed, or one of all
command    seconds of `arae sample` as a whole, and of the imports
"""

from __future__ import annotations

import itertools
import statistics
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from arae.engine.device import describe_device, prepare_device
from arae.evaluation.perplexity import nll_under
from arae.systems.names import DOMAINS
from arae.systems.registry import build_system, parse_recipe, system_names
from arae.text.encoded import EncodedText
from benchmarks import replay
from benchmarks.command import parser_of, write
from benchmarks.seeds import SEEDS, parts
from benchmarks.sizes import SIZES, zipf_text
from benchmarks.twins import Twins
from benchmarks.work import wait_for

TOLERANCE = 1e-3  # float32 on another processor, gradients through 16 time steps
PROFILED = 5  # iterations
TINY_KERNELS = 1000
DEAREST = 20


def systems(size: str, device: torch.device, iterations: int) -> dict[str, Any]:
    """Every system of the registry, compared to the CPU and trained."""
    found: dict[str, Any] = {}
    pairs = [(system, domain) for domain in DOMAINS for system in system_names(domain)]
    for system, domain in pairs:
        name = f"{system} of {domain}"
        try:
            twins = Twins(system, SIZES[size], device, 2048, domain)
            before = twins.differences()
            trained = twins.train(iterations)
            after = twins.differences()
            worst = max(*before.values(), *after.values(), trained["replay_difference"])
            found[name] = {"before": before, "after": after, **trained, "agrees": worst < TOLERANCE}
        except Exception as error:  # the next system may do
            found[name] = {"error": _told(error), "agrees": False}
        print(f"  {name}: {found[name]}", file=sys.stderr, flush=True)
    return found


def phases(size: str, device: torch.device, iterations: int) -> dict[str, Any]:
    """Milliseconds of the host and of the device in each phase, medians over iterations."""
    found: dict[str, Any] = {}
    for name in ("packed", "padded, phase by phase"):
        way = replay.Way(name, size, device)
        way.block(max(4, iterations // 4))
        laps: dict[str, list[tuple[float, Any]]] = {}
        real = way._trainer._do

        def timed(phase: str, *words: Any, real: Any = real, laps: Any = laps) -> Any:
            ends = (
                [torch.cuda.Event(enable_timing=True) for _ in range(2)] if _is_gpu(device) else []
            )
            began = time.perf_counter()
            for end in ends[:1]:
                end.record()
            result = real(phase, *words)
            for end in ends[1:]:
                end.record()
            laps.setdefault(phase, []).append((time.perf_counter() - began, ends))
            return result

        way._trainer._do = timed  # type: ignore[method-assign]
        way.block(iterations)
        wait_for(device)
        found[name] = {
            phase: {
                "calls_an_iteration": len(times) / iterations,
                "host": statistics.median(host for host, _ in times) * 1e3,
                "device": statistics.median(
                    ends[0].elapsed_time(ends[1]) if ends else host * 1e3 for host, ends in times
                ),
            }
            for phase, times in laps.items()
        }
    return found


def profile(size: str, device: torch.device, iterations: int) -> dict[str, Any]:
    """An iteration's kernels (on a CPU: operations), replayed and step by step."""
    from torch.autograd import DeviceType
    from torch.autograd.profiler import profile  # the newer one imports torch's compiler

    wanted = DeviceType.CUDA if _is_gpu(device) else DeviceType.CPU
    latency = kernel_seconds(device)
    found: dict[str, Any] = {"kernel_microseconds": latency * 1e6}
    for name in ("packed", "padded, replayed"):
        way = replay.Way(name, size, device)
        way.block(iterations)
        kind = "cuda" if _is_gpu(device) else None
        with profile(use_kineto=True, use_device=kind) as recorded:
            seconds = way.block(PROFILED)
        events = [e for e in recorded.function_events if e.device_type == wanted]
        spans = sorted((e.time_range.start, e.time_range.end, e.name) for e in events)
        gaps = [max(0.0, b[0] - a[1]) for a, b in itertools.pairwise(spans)]
        cost: dict[str, list[float]] = {}
        for start, end, kernel in spans:
            cost.setdefault(kernel, []).append(end - start)
        dearest = sorted(cost.items(), key=lambda item: -sum(item[1]))[:DEAREST]
        count = len(spans) / PROFILED
        found[name] = {
            "milliseconds_while_profiled": seconds * 1e3,
            "kernels": count,
            "floor_milliseconds": count * latency * 1e3,
            "busy_milliseconds": sum(end - start for start, end, _ in spans) / PROFILED / 1e3,
            "gap_microseconds": statistics.median(gaps) if gaps else None,
            "gap_milliseconds": sum(gaps) / PROFILED / 1e3,
            "dearest": [
                {
                    "kernel": kernel[:100],
                    "calls": len(t) / PROFILED,
                    "microseconds": sum(t) / PROFILED,
                }
                for kernel, t in dearest
            ],
        }
    return found


def kernel_seconds(device: torch.device) -> float:
    """Seconds of one kernel that does nearly nothing among many, in a replayed graph on a GPU."""
    number = torch.zeros((), device=device)

    def many() -> None:
        for _ in range(TINY_KERNELS):
            number.add_(1)

    many()
    again: Callable[[], None] = many
    if _is_gpu(device):
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            many()
        again = graph.replay
    laps = []
    for _ in range(5):
        wait_for(device)
        began = time.perf_counter()
        again()
        wait_for(device)
        laps.append((time.perf_counter() - began) / TINY_KERNELS)
    return min(laps)


def scoring(size: str, device: torch.device, sentences: int) -> dict[str, Any]:
    """Sentences a second under a language model of the size."""
    one = SIZES[size]
    settings = parse_recipe({"system": "lm", "decoder": one.recipe["decoder"]})
    system = build_system(settings, one.vocabulary, 1).to(device)
    text: EncodedText = zipf_text(one, sentences)
    laps = []
    for _ in range(3):
        began = time.perf_counter()
        nll_under(system, text)
        laps.append(time.perf_counter() - began)
    return {"sentences": sentences, "sentences_per_second": sentences / min(laps)}


def seeds(size: str, device: torch.device) -> dict[str, Any]:
    """How many times as fast the parts of a step are for all seeds at once."""
    found: dict[str, Any] = {}
    for count in SEEDS:
        found[str(count)] = {}
        with torch.device(device):
            ways = parts(size, count)
        for name, pair in ways.items():
            alone, together = (_quickest(way, device) for way in pair)
            found[str(count)][name] = alone / together
    return found


def _quickest(way: Callable[[], Any], device: torch.device) -> float:
    laps = []
    for _ in range(9):
        wait_for(device)
        began = time.perf_counter()
        way()
        wait_for(device)
        laps.append(time.perf_counter() - began)
    return min(laps)


def command(size: str, device: torch.device, sentences: int) -> dict[str, Any]:
    """Seconds of the imports, and of `arae sample` as a process."""
    from arae.engine.modeldir import save_model
    from arae.text.vocabulary import SPECIALS

    found: dict[str, Any] = {}
    for module in ("torch", "arae.engine.trainer"):
        found[f"import {module}"] = _lasts([sys.executable, "-c", f"import {module}"])
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        words = folder / "words.txt"
        made = "".join(f"w{i}\n" for i in range(SIZES[size].types))
        words.write_text("".join(f"{word}\n" for word in SPECIALS) + made, encoding="utf-8")
        system = build_system(parse_recipe(SIZES[size].recipe), SIZES[size].vocabulary, 1)
        save_model(folder / "model", system, 1, words, [], {"epoch": 1, "score": 0.0})
        line = [sys.executable, "-c", "import sys; from arae.cli import main; sys.exit(main())"]
        line += ["sample", "--model", str(folder / "model")]
        line += ["--settings", f'{{"count": {sentences}}}', "--out", str(folder / "made.txt")]
        found["sentences"] = sentences
        found["arae sample"] = _lasts([*line, "--device", str(device)])
        found["lines"] = len((folder / "made.txt").read_text(encoding="utf-8").splitlines())
    return found


def _lasts(line: list[str]) -> float:
    began = time.perf_counter()
    done = subprocess.run(line, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{line[1:4]} ended with {done.returncode}: {done.stderr[-500:]}")
    return time.perf_counter() - began


def _is_gpu(device: torch.device) -> bool:
    return device.type == "cuda"


def _told(error: Exception) -> str:
    return "".join(traceback.format_exception(error))[-2000:]


def shown(name: str, value: Any, indent: int = 0) -> str:
    """A measure for people: names and numbers, one a line."""
    pad = "  " * indent
    if isinstance(value, dict):
        return "\n".join([f"{pad}{name}", *(shown(k, v, indent + 1) for k, v in value.items())])
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return "\n".join([f"{pad}{name}", *(pad + "  " + _row(row) for row in value)])
    return f"{pad}{name:40} {f'{value:.4g}' if isinstance(value, float) else value}"


def _row(row: dict[str, Any]) -> str:
    return "  ".join(
        f"{v:10.4g}" if isinstance(v, float) else str(v) for v in reversed(row.values())
    )


def main() -> int:
    """Command line; 1 if a part failed or a system disagrees with the CPU."""
    parser = parser_of("gpu", __doc__)
    add = parser.add_argument
    names = ["systems", "ways", "phases", "profile", "scoring", "seeds", "command"]
    add("--parts", nargs="+", choices=names, default=names, help="default: all")
    add("--size", choices=SIZES, default="paper", help="of ARAE and the language model")
    add("--systems-size", choices=SIZES, default="scenes", help="of every system")
    add("--device", default="auto", help="auto, cpu or cuda[:n]; default: auto")
    add("--iterations", type=int, default=100, help="of each measure; default: 100")
    add("--blocks", type=int, default=3, help="timed, of each way; default: 3")
    add("--sentences", type=int, default=100_000, help="to make; default: 100,000")
    a = parser.parse_args()
    device = prepare_device(a.device, a.threads)
    work: dict[str, Callable[[], Any]] = {
        "systems": lambda: systems(a.systems_size, device, a.iterations),
        "ways": lambda: replay.measure(
            a.size, a.device, a.threads, a.blocks, a.iterations, a.sentences
        ),
        "phases": lambda: phases(a.size, device, a.iterations),
        "profile": lambda: profile(a.size, device, a.iterations),
        "scoring": lambda: scoring(a.size, device, max(1, a.sentences // 10)),
        "seeds": lambda: seeds(a.size, device),
        "command": lambda: command(a.size, device, a.sentences),
    }
    result: dict[str, Any] = {**describe_device(device), "torch": torch.__version__, "seconds": {}}
    failed = False
    for name in a.parts:
        began = time.perf_counter()
        try:
            result[name] = work[name]()
        except Exception as error:  # the next part may do
            result[name], failed = {"error": _told(error)}, True
        result["seconds"][name] = time.perf_counter() - began
        if _is_gpu(device):
            result.setdefault("peak_megabytes", {})[name] = torch.cuda.max_memory_allocated() / 1e6
            torch.cuda.reset_peak_memory_stats()
        out = write(result, a.out, "gpu")  # what is measured stays, whatever comes
        print(shown(name, result[name]), flush=True)
    print(shown("seconds", result["seconds"]))
    print(f"written to {out}", file=sys.stderr)
    return int(failed or any(not s.get("agrees") for s in result.get("systems", {}).values()))


if __name__ == "__main__":
    sys.exit(main())
