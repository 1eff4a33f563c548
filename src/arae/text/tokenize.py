"""Tokenising whole files, on several processes, in flat memory, with counts of what was dropped."""

from __future__ import annotations

import collections
import itertools
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np

from arae.corpora.lines import read_lines
from arae.foundation.console import progress
from arae.foundation.errors import AraeError, DataError
from arae.foundation.files import atomic_write
from arae.text.tokenizer import Tokenizer, TokenSettings, make_tokenizer

BATCH_LINES = 4000
BATCHES_AHEAD = 4


@dataclass(frozen=True)
class Batch:
    """Tokenised lines: "" for a dropped one; 8-byte digests of the kept ones, joined."""

    lines: list[str]
    digests: bytes
    dropped_long: int
    dropped_empty: int
    dropped_group: int
    longest_read: int


@dataclass
class SplitCounts:
    """What became of one split; `digests` are 64-bit hashes of the kept sentences. [kept]"""

    read: int = 0
    kept: int = 0
    dropped_long: int = 0
    dropped_empty: int = 0
    dropped_group: int = 0
    tabs: int = 0  # lines with a tab
    tokens: int = 0
    longest: int = 0
    longest_read: int = 0
    digest_parts: list[bytes] = field(default_factory=list)

    @property
    def digests(self) -> np.ndarray:
        return np.frombuffer(b"".join(self.digest_parts), dtype="<u8")

    def add(self, batch: Batch, lengths: list[int]) -> None:
        """Count a batch whose kept sentences have `lengths` tokens."""
        self.read += len(batch.lines)
        self.kept += len(lengths)
        self.dropped_long += batch.dropped_long
        self.dropped_empty += batch.dropped_empty
        self.dropped_group += batch.dropped_group
        self.tokens += sum(lengths)
        self.longest = max(self.longest, *lengths, 0)
        self.longest_read = max(self.longest_read, batch.longest_read)
        self.digest_parts.append(batch.digests)

    def report(self) -> dict[str, Any]:
        """The counts as plain values; `duplicates` repeat an earlier sentence of the split.

        `dropped_group` sentences were dropped only because another of their group was.
        """
        return {
            "read": self.read,
            "kept": self.kept,
            "dropped_long": self.dropped_long,
            "dropped_empty": self.dropped_empty,
            "dropped_group": self.dropped_group,
            "tabs": self.tabs,
            "duplicates": self.kept - len(np.unique(self.digests)),
            "tokens": self.tokens,
            "mean_length": self.tokens / self.kept,
            "longest": self.longest,
            "longest_read": self.longest_read,
        }


def overlap(some: SplitCounts, others: SplitCounts) -> int:
    """How many sentences of `some`, repeats counted, also occur in `others`."""
    return int(np.isin(some.digests, others.digests).sum())


class FileTokenizer:
    """Tokenises files with one pool of processes; a context manager."""

    def __init__(self, settings: TokenSettings, processes: int) -> None:
        self._settings = settings
        self._pool = None
        if processes > 1:
            self._pool = ProcessPoolExecutor(
                processes,
                mp_context=multiprocessing.get_context(
                    "spawn"
                ),  # forking a threaded parent is unsafe
                initializer=_start_worker,
                initargs=(settings, os.getpid()),
            )
            self._ahead = processes * BATCHES_AHEAD
        else:
            self._tokenizer = make_tokenizer(settings)

    def __enter__(self) -> FileTokenizer:
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def tokenize(self, source: Path, target: Path, labels: tuple[Path, Path] | None) -> SplitCounts:
        """Write the kept sentences of `source` to `target`, tokens joined by spaces.

        `labels` = (file of one label per source line, file to write the kept ones to).
        `DataError` for bad input or if no sentence is left.
        """
        counts = SplitCounts()
        with ExitStack() as stack:
            handle = stack.enter_context(atomic_write(target))
            keep_labels = stack.enter_context(_label_filter(source, labels))
            shown = stack.enter_context(progress(f"tokenize {source}", None, "sentences"))

            def lines() -> Iterator[str]:
                for line in read_lines(source, self._settings.max_line_bytes):
                    counts.tabs += "\t" in line
                    yield line

            for batch in self._batches(lines()):
                kept = [line for line in batch.lines if line]
                keep_labels(batch.lines)
                handle.write("".join(f"{line}\n" for line in kept))
                counts.add(batch, [line.count(" ") + 1 for line in kept])
                if len(batch.lines) % self._settings.group:
                    raise DataError(
                        f"{source}: its {counts.read} lines are not whole groups of "
                        f"{self._settings.group}; complete the last one, or correct `group`"
                    )
                shown.advance(len(batch.lines))
            if counts.kept == 0:
                raise DataError(
                    f"{source}: none of its {counts.read} lines has 1 to "
                    f"{self._settings.max_length} tokens; raise max_length, or check the file"
                )
        return counts

    def _batches(self, lines: Iterable[str]) -> Iterator[Batch]:
        groups = _grouped(lines, BATCH_LINES - BATCH_LINES % self._settings.group)
        if self._pool is None:
            for group in groups:
                yield tokenize_batch(self._tokenizer, self._settings, group)
            return
        waiting: collections.deque[Future[Batch]] = collections.deque()
        try:
            for group in groups:
                waiting.append(self._pool.submit(_work, group))
                if len(waiting) >= self._ahead:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        except BrokenProcessPool as error:
            raise AraeError(
                "a tokenizer process was killed (out of memory?); run again with fewer --threads"
            ) from error


def tokenize_batch(tokenizer: Tokenizer, settings: TokenSettings, lines: Iterable[str]) -> Batch:
    """Tokenise lines, dropping those of no or more than `max_length` tokens, and their groups."""
    kept: list[str] = []
    dropped_long = dropped_empty = longest = 0
    for tokens in map(tokenizer, lines):
        size = len(tokens)
        longest = max(longest, size)
        dropped_empty += size == 0
        dropped_long += size > settings.max_length
        kept.append(" ".join(tokens) if 0 < size <= settings.max_length else "")
    dropped_group = _drop_groups(kept, settings.group)
    digests = b"".join(blake2b(line.encode(), digest_size=8).digest() for line in kept if line)
    return Batch(kept, digests, dropped_long, dropped_empty, dropped_group, longest)


def _drop_groups(lines: list[str], size: int) -> int:
    """Empty every group that holds an empty line; returns how many other lines that cost."""
    cost = 0
    for start in range(0, len(lines) if size > 1 else 0, size):
        group = lines[start : start + size]
        if "" in group:
            cost += sum(map(bool, group))
            lines[start : start + size] = [""] * len(group)
    return cost


@contextmanager
def _label_filter(
    source: Path, labels: tuple[Path, Path] | None
) -> Iterator[Callable[[list[str]], None]]:
    """Function that copies the labels of a batch's kept lines; does nothing without labels."""
    if labels is None:
        yield lambda lines: None
        return
    given = read_lines(labels[0])
    with atomic_write(labels[1]) as handle:

        def copy(lines: list[str]) -> None:
            for line in lines:
                label = next(given, None)
                if label is None:
                    raise DataError(f"{labels[0]}: has fewer lines than {source}")
                if line:
                    handle.write(f"{label}\n")

        yield copy
        if next(given, None) is not None:
            raise DataError(f"{labels[0]}: has more lines than {source}")


def _grouped(lines: Iterable[str], size: int) -> Iterator[list[str]]:
    iterator = iter(lines)
    while group := list(itertools.islice(iterator, size)):
        yield group


_worker: tuple[Tokenizer, TokenSettings] | None = None


def _start_worker(settings: TokenSettings, parent: int) -> None:
    global _worker
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to answer

    def watch() -> None:  # a killed parent leaves its pool waiting for ever
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
    _worker = (make_tokenizer(settings), settings)


def _work(lines: list[str]) -> Batch:
    assert _worker is not None
    return tokenize_batch(*_worker, lines)
