"""Time what comes before and after ARAE's training: text, sampling, language models, start-up.

Each measure runs in a process of its own, whose peak memory stands beside its time; where there is a
plain way of doing the same, it takes turns with ours. Examples:

  python -m benchmarks.stages                        everything, 2 threads
  python -m benchmarks.stages sampling ngram --quick
"""

from __future__ import annotations

import multiprocessing
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from arae.evaluation.ngram import KneserNey
from arae.generation.decode import DecodingSettings
from arae.generation.sampling import generate
from arae.nn.randomness import Draws
from arae.systems.system import TextSystem
from arae.text.tokenize import FileTokenizer
from arae.text.tokenizer import TokenSettings
from arae.text.vocabulary import BOS, EOS, PAD
from benchmarks.command import parser_of, write
from benchmarks.pair import Pair
from benchmarks.sizes import SIZES, zipf_text
from benchmarks.textbook import TextbookARAE

Numbers = dict[str, float]
LINE = "A young man , in a blue shirt isn't riding his well-used bike down the street (again).\n"


def timed(*ways: Callable[[], Any], repeats: int) -> list[float]:
    """Median seconds of some ways of doing a thing, which take turns."""
    laps: list[list[float]] = [[] for _ in ways]
    for _ in range(repeats):
        for way, lap in zip(ways, laps, strict=True):
            started = time.perf_counter()
            way()
            lap.append(time.perf_counter() - started)
    return [statistics.median(lap) for lap in laps]


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

    ours_seconds, plain = timed(
        ours, lambda: _plain_sampling(book, system, count, batch), repeats=3
    )
    return {
        "seconds": ours_seconds,
        "yardstick_seconds": plain,
        "ratio": plain / ours_seconds,
        "sentences_per_second": count / ours_seconds,
        "mean_length": mean_length,
    }


@torch.no_grad()
def _end_sentences(system: TextSystem, wanted: float = 8.5) -> float:
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
def _plain_sampling(book: TextbookARAE, system: TextSystem, count: int, batch: int) -> None:
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


def language_model(count: int) -> Numbers:
    """Iterations of the evaluation language model at the authors' size, against `nn.LSTM`."""
    from arae.engine.phases import run_phase
    from arae.nn.batch import TextStore
    from arae.systems.lm import Settings, build
    from arae.systems.system import Moment

    size = SIZES["paper"]
    text = zipf_text(size, 8192)
    settings = Settings(corpus="", epochs=1)
    system, store = build(settings, size.vocabulary, 1).train(), TextStore(text)
    (phase,) = system.phases(0)
    book = _PlainLanguageModel(size.vocabulary, settings.decoder.dropout)
    optimiser = torch.optim.SGD(book.parameters(), lr=settings.optimiser.lr)
    sentences = torch.from_numpy(text.ids.astype("int64")).split(text.lengths.tolist())
    order, batch = Draws(1, "order", 0).permutation(len(text)), settings.batch_size
    place = 0

    def ours() -> None:
        rows = order[place : place + batch]
        draws = Draws(1, "phase", place)
        run_phase(phase, store.batch(rows), Moment(place, 0.0, 0.0, draws))

    def plain() -> None:
        optimiser.zero_grad()
        loss = book([sentences[row] for row in order[place : place + batch].tolist()])
        loss.backward()
        nn.utils.clip_grad_norm_(book.parameters(), settings.optimiser.clip_norm)
        optimiser.step()

    laps: list[list[float]] = []
    for number in range(count):
        place = number * batch
        laps.append(timed(ours, plain, repeats=1))
    mine, theirs = (statistics.median(lap) for lap in zip(*laps[2:], strict=True))
    return {
        "seconds": mine,
        "yardstick_seconds": theirs,
        "ratio": theirs / mine,
        "sentences_per_second": batch / mine,
    }


class _PlainLanguageModel(nn.Module):
    def __init__(self, vocabulary: int, dropout: float) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, 300)
        self.lstm = nn.LSTM(300, 300, batch_first=True)
        self.output = nn.Linear(300, vocabulary)
        self.dropout = nn.Dropout(dropout)

    def forward(self, sentences: list[torch.Tensor]) -> torch.Tensor:
        first, last = torch.tensor([BOS]), torch.tensor([EOS])
        words = sorted(sentences, key=len, reverse=True)
        pad = nn.utils.rnn.pad_sequence
        inputs = pad([torch.cat([first, w]) for w in words], batch_first=True)
        targets = pad([torch.cat([w, last]) for w in words], batch_first=True)
        lengths = torch.tensor([len(w) + 1 for w in words])
        packed = nn.utils.rnn.pack_padded_sequence(
            self.dropout(self.embedding(inputs)), lengths, batch_first=True
        )
        states, _ = nn.utils.rnn.pad_packed_sequence(self.lstm(packed)[0], batch_first=True)
        logits = self.output(self.dropout(states))
        return nn.functional.cross_entropy(
            logits.flatten(0, 1), targets.flatten(), ignore_index=PAD
        )


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
    "ngram": (ngram, 100_000, 2000),
    "tokenizing": (tokenizing, 200_000, 2000),
    "start_up": (start_up, 7, 1),
}


def measure(name: str, count: int, threads: int) -> Numbers:
    """One measure and the peak resident bytes of this process, which is to be a fresh one."""
    torch.set_num_threads(threads)
    numbers = MEASURES[name][0](count)
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return {
        "count": count,
        **numbers,
        "peak_memory": int(status.split("VmHWM:")[1].split()[0]) * 1024,
    }


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
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(1, mp_context=context) as pool:
            count = MEASURES[name][2 if a.quick else 1]
            results[name] = pool.submit(measure, name, count, a.threads).result()
        numbers = ", ".join(f"{key} {value:.4g}" for key, value in results[name].items())
        print(f"{name}: {numbers}", flush=True)
    record = {"threads": a.threads, "torch": torch.__version__, "measures": results}
    write(record, a.out, "stages")


if __name__ == "__main__":
    main()
