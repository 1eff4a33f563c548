"""Lines from arguments, a file or standard input, in groups that are answered together."""

from __future__ import annotations

import argparse
import itertools
import os
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from arae.corpora.lines import decode_line, read_lines
from arae.foundation.console import say
from arae.foundation.errors import DataError

GROUP = 256
READ_BYTES = 1 << 16


@dataclass(frozen=True)
class Line:
    """A line as given, its number from 1, and how a message calls it."""

    text: str
    number: int
    where: str


def grouped_lines(arguments: argparse.Namespace, given: Iterable[str]) -> Iterator[list[Line]]:
    """The lines `given` on the command line; else those of `--input`; else standard input's.

    A group of standard input is what has arrived so far, so that a person or a program at the
    other end gets each answer at once.
    """
    given = list(given)
    if given and arguments.input is not None:
        raise DataError("give sentences either as arguments or by --input, not both")
    if given:
        yield from _groups(_numbered(given, "argument"))
    elif arguments.input is not None and str(arguments.input) != "-":
        yield from _groups(_numbered(file_lines(arguments.input), f"{arguments.input}: line"))
    else:
        yield from _standard_input()


def file_lines(file: Path) -> Iterator[str]:
    """Lines of a text file, plain, gzip or xz."""
    if not file.is_file():
        raise DataError(f"{file}: no such file")
    yield from read_lines(file)


def _numbered(lines: Iterable[str], where: str) -> Iterator[Line]:
    return (Line(text, number, f"{where} {number}") for number, text in enumerate(lines, 1))


def _groups(lines: Iterator[Line]) -> Iterator[list[Line]]:
    while group := list(itertools.islice(lines, GROUP)):
        yield group


def _standard_input() -> Iterator[list[Line]]:
    if sys.stdin.isatty():
        say("reading sentences from the terminal, one a line; Ctrl-D ends")
    number = 0
    for raws in _arrivals(sys.stdin.fileno()):
        group = []
        for raw in raws:
            number += 1
            where = f"standard input: line {number}"
            group.append(Line(decode_line(raw, where), number, where))
        yield from _groups(iter(group))


def _arrivals(descriptor: int) -> Iterator[list[bytes]]:
    """Whole lines, as many as one read brings; the last may lack its end."""
    rest = b""
    while arrived := os.read(descriptor, READ_BYTES):
        *whole, rest = (rest + arrived).split(b"\n")
        if whole:
            yield whole
    if rest:
        yield [rest]
