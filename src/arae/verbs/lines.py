"""Lines from arguments, a file or standard input, in groups that are answered together."""

from __future__ import annotations

import argparse
import functools
import os
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from arae.corpora.lines import STANDARD_INPUT, arriving_lines, read_lines
from arae.foundation.console import say
from arae.foundation.errors import DataError

GROUP = 256


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
        yield from _groups(_numbered(read_lines(arguments.input), f"{arguments.input}: line"))
    else:
        yield from _standard_input()


def _numbered(lines: Iterable[str], where: str) -> Iterator[Line]:
    return (Line(text, number, f"{where} {number}") for number, text in enumerate(lines, 1))


def _groups(lines: Iterator[Line]) -> Iterator[list[Line]]:
    """Lines in groups; those before a line that cannot be read are given before the fault is raised."""
    group: list[Line] = []
    try:
        for line in lines:
            group.append(line)
            if len(group) == GROUP:
                yield group
                group = []
    except DataError:
        if group:
            yield group
        raise
    if group:
        yield group


def _standard_input() -> Iterator[list[Line]]:
    if sys.stdin is None:
        raise DataError("standard input is closed; give sentences as arguments or by --input")
    if sys.stdin.isatty():
        say("reading sentences from the terminal, one a line; Ctrl-D ends")
    read = functools.partial(os.read, sys.stdin.fileno())
    number = 0
    for texts in arriving_lines(read, STANDARD_INPUT):
        where = f"{STANDARD_INPUT}: line"
        yield from _groups(
            iter([Line(t, number + i, f"{where} {number + i}") for i, t in enumerate(texts, 1)])
        )
        number += len(texts)
