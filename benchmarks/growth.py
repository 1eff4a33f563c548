"""Time and memory of each stage as the text grows: a record, a table and a figure.

Every stage of every size is a process of its own, on an invented text of Zipf-distributed words
with punctuation and clitics. A stage that would take too long at a size is left out there, and
the table gives what a line through its two largest sizes says instead, in brackets. Examples:

  python -m benchmarks.growth                        10⁴, 10⁵, 10⁶ and 10⁷ sentences
  python -m benchmarks.growth --sizes 1000 10000     shows that it works
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from arae.reporting.charts.curve_chart import curve_panel
from arae.reporting.charts.figure import Figure, standalone
from benchmarks.command import parser_of, write
from benchmarks.sizes import LENGTHS

TYPES = 60_000
BLOCK = 10_000
HELD_OUT = 1000
ITERATIONS = 100
TOKENS = json.dumps({"tokenizer": "spacy", "lowercase": True, "max_length": 40})
VOCABULARY = json.dumps({"size": 11_000})
ENDS = (".", ".", ".", " !", "'s .", " (again).")


def raw_lines(count: int, seed: int) -> Iterator[str]:
    """Sentences of SNLI's lengths, of words whose probability falls with their rank."""
    rng = np.random.default_rng(seed)
    letters = np.array(list("etaoinshrdlu"))
    words = np.array(["".join(rng.choice(letters, 2 + rank // 9000)) for rank in range(TYPES)])
    chances = np.cumsum((np.arange(TYPES) + 2.0) ** -1.1)
    for start in range(0, count, BLOCK):
        lengths = rng.choice(len(LENGTHS), min(BLOCK, count - start), p=LENGTHS)
        ranks = np.searchsorted(chances, rng.random(lengths.sum()) * chances[-1])
        drawn = iter(words[ranks].tolist())
        for length, end in zip(lengths, rng.choice(ENDS, len(lengths)), strict=True):
            yield " ".join(next(drawn) for _ in range(length)) + end + "\n"


def write_raw(folder: Path, count: int) -> None:
    """A corpus of three splits, of which the training text has `count` sentences."""
    folder.mkdir(parents=True)
    for split, lines, seed in (("train", count, 1), ("valid", HELD_OUT, 2), ("test", HELD_OUT, 3)):
        with (folder / f"{split}.txt").open("w", encoding="utf-8") as handle:
            handle.writelines(raw_lines(lines, seed))


def train(folder: Path, count: int) -> None:
    """Open the text and do a fixed number of ARAE iterations on it."""
    from arae.engine.phases import run_phase
    from arae.nn.batch import TextStore
    from arae.nn.randomness import Draws
    from arae.systems.system import Moment
    from arae.text.encoded import EncodedText

    store, system = TextStore(EncodedText.open(folder / "ids", "train")), _system(folder)
    size = system.settings.batch_size
    order = Draws(1, "order", 0).permutation(len(store))
    for place in range(min(ITERATIONS, len(store) // size)):
        batch = store.batch(order[place * size : (place + 1) * size])
        for number, phase in enumerate(system.phases(0)):
            moment = Moment(place, 0.0, 0.0, Draws(1, "phase", place, number))
            run_phase(phase, batch, moment)


def sample(folder: Path, count: int) -> None:
    """Greedy sentences of a small ARAE of random weights, which never end early."""
    from arae.generation.decode import DecodingSettings
    from arae.generation.sampling import generate

    for _ in generate(_system(folder), count, DecodingSettings(), seed=1):
        pass


def score(folder: Path, count: int) -> None:
    """−log p of every sentence under a small autoencoder."""
    import torch

    from arae.nn.batch import TextStore
    from arae.text.encoded import EncodedText

    store, system = TextStore(EncodedText.open(folder / "ids", "train")), _system(folder).eval()
    with torch.no_grad():
        for start in range(0, len(store), 512):
            system.loss_per_sentence(store.batch(np.arange(start, min(start + 512, len(store)))))


def ngram(folder: Path, count: int) -> None:
    """A 5-gram model of the training text, and the perplexity of the test text."""
    from arae.evaluation.ngram import KneserNey
    from arae.text.encoded import EncodedText

    texts = (EncodedText.open(folder / "ids", split) for split in ("train", "test"))
    KneserNey.train(next(texts), _vocabulary_size(folder), 5).perplexity(next(texts))


def _system(folder: Path) -> Any:
    import torch

    from arae.systems.registry import build_system, parse_recipe
    from benchmarks.sizes import SIZES

    torch.set_num_threads(1)
    recipe = parse_recipe({"epochs": 1, **SIZES["scenes"].recipe, "corpus": ""})
    return build_system(recipe, _vocabulary_size(folder), 1, 0).train()


def _vocabulary_size(folder: Path) -> int:
    return (folder / "vocabulary.txt").read_text(encoding="utf-8").count("\n")


def _arae(*words: object) -> list[str]:
    return [sys.executable, "-m", "arae", *map(str, words)]


def _here(task: Callable[[Path, int], None]) -> Callable[[Path, int], list[str]]:
    program = f"import sys; from pathlib import Path; from benchmarks.growth import {task.__name__}"
    program += f"; {task.__name__}(Path(sys.argv[1]), int(sys.argv[2]))"
    return lambda folder, count: [sys.executable, "-c", program, str(folder), str(count)]


def _tokenize(folder: Path, count: int) -> list[str]:
    out = ["--out", folder / "tokens", "--threads", 2]
    return _arae("tokenize", "--input", folder / "raw", "--settings", TOKENS, *out)


def _vocabulary(folder: Path, count: int) -> list[str]:
    given = ["--input", folder / "tokens" / "train.txt", "--settings", VOCABULARY]
    return _arae("vocabulary", *given, "--out", folder / "vocabulary.txt")


def _encode(folder: Path, count: int) -> list[str]:
    given = ["--input", folder / "tokens", "--vocabulary", folder / "vocabulary.txt"]
    return _arae("encode", *given, "--out", folder / "ids")


# Stage: its command, and the most sentences that it is given.
STAGES: dict[str, tuple[Callable[[Path, int], list[str]], int]] = {
    "tokenise, 2 processes": (_tokenize, 10**7),
    "vocabulary": (_vocabulary, 10**7),
    "encode": (_encode, 10**7),
    f"{ITERATIONS} iterations": (_here(train), 10**7),
    "sample": (_here(sample), 10**5),
    "score": (_here(score), 10**5),
    "5-gram perplexity": (_here(ngram), 10**6),
}
Cost = dict[str, float]


def cost_of(command: list[str]) -> Cost:
    """Wall and CPU seconds of a command, and the peak resident bytes of its largest process."""
    started = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    assert process.stderr is not None
    told = process.stderr.read()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)}: {told.decode()}")
    return {
        "seconds": time.perf_counter() - started,
        "cpu_seconds": used.ru_utime + used.ru_stime,
        "peak_memory": used.ru_maxrss * 1024,
    }


def measure(sizes: list[int]) -> dict[str, dict[int, Cost]]:
    """Costs by stage and size."""
    costs: dict[str, dict[int, Cost]] = {name: {} for name in STAGES}
    for size in sizes:
        with tempfile.TemporaryDirectory() as made:
            folder = Path(made)
            write_raw(folder / "raw", size)
            for name, (command, most) in STAGES.items():
                if size > most:
                    continue
                costs[name][size] = cost_of(command(folder, size))
                shown = ", ".join(f"{k} {v:.4g}" for k, v in costs[name][size].items())
                print(f"{size:,} {name}: {shown}", flush=True)
    return costs


def on_paper(costs: dict[int, Cost], key: str, size: int) -> float:
    """What the line through the two largest sizes says of `size`."""
    (low, first), (high, second) = sorted(costs.items())[-2:]
    return second[key] + (size - high) * (second[key] - first[key]) / (high - low)


def table(costs: dict[str, dict[int, Cost]], sizes: list[int]) -> str:
    """Rows of "seconds, memory" in markdown; in brackets seconds that are on paper only."""
    lines = [
        "| stage | " + " | ".join(f"{size:,}" for size in sizes) + " |",
        "|---" * (len(sizes) + 1) + "|",
    ]
    for name, by_size in costs.items():
        cells = []
        for size in sizes:
            if size in by_size:
                cost = by_size[size]
                cells.append(f"{_time(cost['seconds'])}, {cost['peak_memory'] / 1e6:,.0f} MB")
            elif len(by_size) > 1:
                cells.append(f"({_time(on_paper(by_size, 'seconds', size))})")
            else:
                cells.append("–")
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _time(seconds: float) -> str:
    return f"{seconds:,.0f} s" if seconds >= 10 else f"{seconds:.2g} s"


def figure(costs: dict[str, dict[int, Cost]]) -> str:
    """Seconds and megabytes against sentences, both axes logarithmic, as SVG."""
    panels = [
        curve_panel(
            title,
            {
                (place, name): {"": [(size, cost[key] / unit) for size, cost in by_size.items()]}
                for place, (name, by_size) in enumerate(costs.items())
            },
            wide=True,
            size=(560, 320),
            log=True,
            log_steps=True,
        )
        for title, key, unit in (
            ("Seconds", "seconds", 1.0),
            ("Peak memory of the largest process, MB", "peak_memory", 1e6),
        )
    ]
    return standalone(
        Figure(
            name="growth",
            title="Cost as the text grows",
            caption="Each stage in a process of its own, by number of sentences.",
            panels=panels,
        )
    )


def main() -> None:
    """Command line."""
    parser = parser_of("growth", __doc__, threads=None)
    sizes = [10**4, 10**5, 10**6, 10**7]
    parser.add_argument("--sizes", type=int, nargs="+", default=sizes, help="sentences")
    a = parser.parse_args()
    costs = measure(sorted(a.sizes))
    kept = write({"sizes": a.sizes, "stages": costs}, a.out, "growth")
    kept.with_suffix(".svg").write_text(figure(costs), encoding="utf-8")
    print(table(costs, sorted(a.sizes)))


if __name__ == "__main__":
    main()
