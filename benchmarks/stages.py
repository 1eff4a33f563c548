"""Time what comes before and after ARAE's training: text, sampling, scoring, language models, start-up.

Each measure runs in a process of its own, whose peak memory stands beside its time; where there is a
plain way of doing the same, it takes turns with ours. Examples:

  python -m benchmarks.stages                        everything, 2 threads
  python -m benchmarks.stages sampling ngram --quick
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from arae.evaluation.ngram import KneserNey
from arae.generation.decode import DecodingSettings
from arae.generation.sampling import generate
from arae.nn.randomness import Draws
from arae.systems.system import System
from arae.text.tokenize import FileTokenizer
from arae.text.tokenizer import TokenSettings
from arae.text.vocabulary import BOS, EOS, PAD
from benchmarks.command import in_fresh_process, parser_of, peak_memory, timed, write
from benchmarks.language_models import language_model, scoring
from benchmarks.pair import Pair
from benchmarks.sizes import SIZES, zipf_text
from benchmarks.textbook import TextbookARAE

Numbers = dict[str, float]
LINE = "A young man , in a blue shirt isn't riding his well-used bike down the street (again).\n"


def sampling(count: int) -> Numbers:
    """Greedy sentences of an ARAE of the paper's size, in batches of the same number.

    Its weights are random, the bias of <eos> such that sentences are as long as SNLI's on average.
    """
    pair = Pair(SIZES["paper"], sentences=1024)
    system, book = pair.system, pair.book.model.eval()
    settings, batch = DecodingSettings(), 1000
    mean_length = _end_sentences(system)
    with torch.no_grad():
        book.output.bias.copy_(system.decoder.output.bias)

    def ours() -> None:
        for _ in generate(system, count, settings, seed=1):
            pass

    ours()
    memory = peak_memory()
    ours_seconds, plain = timed(
        ours, lambda: _plain_sampling(book, system, count, batch), repeats=3
    )
    return {
        "seconds": ours_seconds,
        "yardstick_seconds": plain,
        "ratio": plain / ours_seconds,
        "sentences_per_second": count / ours_seconds,
        "mean_length": mean_length,
        "peak_memory": memory,
    }


@torch.no_grad()
def _end_sentences(system: System, wanted: float = 8.5) -> float:
    """Set the bias of <eos> by bisection; returns the mean length of greedy sentences."""
    low, high, mean = -5.0, 20.0, 0.0
    for _ in range(14):
        middle = (low + high) / 2
        system.decoder.output.bias[EOS] = middle
        (_, lengths), *_ = generate(system, 200, DecodingSettings(), seed=2)
        mean = float(lengths.mean())
        low, high = (middle, high) if mean > wanted else (low, middle)
    return mean


@torch.no_grad()
def _plain_sampling(book: TextbookARAE, system: System, count: int, batch: int) -> None:
    """Every step feeds [embedding; code] to `nn.LSTM`, until the longest sentence of all is whole."""
    longest = system.settings.max_length
    for start in range(0, count, batch):
        draws = Draws(1, "sample", start)
        code = book.generate(min(batch, count - start), draws).unsqueeze(1)
        word = torch.full((len(code), 1), BOS)
        state: tuple[torch.Tensor, torch.Tensor] | None = None
        ended = torch.zeros(len(code), 1, dtype=torch.bool)
        for _ in range(longest + 1):
            inputs = torch.cat([book.decoder_embedding(word), code], 2)
            hidden, state = book.decoder_lstm(inputs, state)
            logits = book.output(hidden)
            logits[..., [PAD, BOS]] = -torch.inf
            word = logits.argmax(2)
            ended |= word == EOS
            if bool(ended.all()):
                break


def ngram(count: int) -> Numbers:
    """A 5-gram model of `count` sentences, and the perplexity of a tenth as many others."""
    size = SIZES["paper"]
    text, held_out = zipf_text(size, count), zipf_text(size, count // 10, seed=1)
    (seconds,) = timed(
        lambda: KneserNey.train(text, size.vocabulary, 5).perplexity(held_out), repeats=3
    )
    return {"seconds": seconds, "sentences_per_second": count / seconds}


def tokenizing(count: int) -> Numbers:
    """spaCy's rules on a file of `count` lines with clitics and punctuation, by two processes.

    Of 17 words only; ARAE_BENCHMARK_TEXT names a file of real lines instead. `again`: the same processes
    once more, which know all words by then.
    """
    given = os.environ.get("ARAE_BENCHMARK_TEXT")
    with tempfile.TemporaryDirectory() as folder:
        source = Path(given or Path(folder, "raw.txt")).resolve()
        target = Path(folder, "tokens.txt")
        rng = np.random.default_rng(1)
        words = np.array(LINE.split())
        with Path(folder, "raw.txt").open("w", encoding="utf-8") as handle:
            for _ in range(count // 1000):
                rows = rng.choice(words, (1000, 12))
                handle.writelines(" ".join(row) + "\n" for row in rows)
        settings = TokenSettings(tokenizer="spacy", lowercase=True, max_length=40)
        with FileTokenizer(settings, processes=2) as tokenizer:
            small = Path(folder, "small.txt")
            small.write_text(LINE * 100, encoding="utf-8")
            tokenizer.tokenize(small, target, None)  # the processes have started
            laps = []
            for _ in range(2):
                started = time.perf_counter()
                counts = tokenizer.tokenize(source, target, None)
                laps.append(time.perf_counter() - started)
    first, again = (counts.tokens / seconds for seconds in laps)
    return {"seconds": laps[0], "words_per_second": first, "again": again}


def start_up(count: int) -> Numbers:
    """Seconds of `arae --help`, and of a stage that needs no torch, over the interpreter's own."""

    def run(*words: str) -> Callable[[], Any]:
        return lambda: subprocess.run(
            [sys.executable, *words], check=True, stdout=subprocess.DEVNULL
        )

    bare, instant, stage = timed(
        run("-c", "pass"),
        run("-m", "arae", "--help"),
        run("-c", "import arae.stages.vocabulary, arae.stages.tabulate, arae.foundation.stage"),
        repeats=max(3, count),
    )
    return {"seconds": instant, "stage_seconds": stage, "interpreter_seconds": bare}


# Measure: its function, and how many units in full and with --quick.
MEASURES: dict[str, tuple[Callable[[int], Numbers], int, int]] = {
    "sampling": (sampling, 2000, 100),
    "language_model": (language_model, 12, 4),
    "scoring": (scoring, 5000, 300),
    "ngram": (ngram, 100_000, 2000),
    "tokenizing": (tokenizing, 200_000, 2000),
    "start_up": (start_up, 7, 1),
}


def measure(name: str, count: int, threads: int) -> Numbers:
    """One measure and the peak resident bytes of this process, which is to be a fresh one.

    A measure with a yardstick says itself how many they were before the yardstick ran.
    """
    torch.set_num_threads(threads)
    numbers = MEASURES[name][0](count)
    return {"count": count, "peak_memory": peak_memory(), **numbers}


def main() -> None:
    """Command line."""
    parser = parser_of("stages", __doc__)
    parser.add_argument("names", nargs="*", help=f"of {', '.join(MEASURES)}; default: all")
    parser.add_argument("--quick", action="store_true", help="few units: shows that it works")
    a = parser.parse_args()
    unknown = set(a.names) - set(MEASURES)
    if unknown:
        parser.error(f"no measure {', '.join(sorted(unknown))}; there are {', '.join(MEASURES)}")
    results: dict[str, Numbers] = {}
    for name in a.names or MEASURES:
        count = MEASURES[name][2 if a.quick else 1]
        results[name] = in_fresh_process(measure, name, count, a.threads)
        numbers = ", ".join(f"{key} {value:.4g}" for key, value in results[name].items())
        print(f"{name}: {numbers}", flush=True)
    record = {"threads": a.threads, "torch": torch.__version__, "measures": results}
    write(record, a.out, "stages")


if __name__ == "__main__":
    main()
