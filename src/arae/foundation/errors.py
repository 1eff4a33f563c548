"""Errors a person is meant to read: one message naming the file, key or line, and the remedy."""

import difflib
from collections.abc import Iterable


class AraeError(Exception):
    """Base of every expected failure; the command line prints it as one line.

    `exit_code` is what the process ends with, so that scripts can tell the kinds apart.
    """

    exit_code = 1

    def __str__(self) -> str:
        """One line, whatever it quotes: what cannot be seen of keys and names is shown as `\\n` is."""
        return "".join(
            character if character.isprintable() else repr(character)[1:-1]
            for character in super().__str__()
        )


class SettingsError(AraeError):
    """A setting is unknown, mistyped or out of range; the message names the key."""

    exit_code = 2


class DataError(AraeError):
    """An input text or array cannot be used; the message names the file and line."""

    exit_code = 3


class IntegrityError(AraeError):
    """A file does not match its recorded hash, or its provenance chain does not check out."""

    exit_code = 4


class TrainingError(AraeError):
    """Training cannot go on (a loss is NaN or infinite); the last good checkpoint is kept."""

    exit_code = 5


class Preempted(AraeError):
    """A signal asked the stage to stop; its state is saved and the same command goes on later."""

    exit_code = 75  # EX_TEMPFAIL: "try again later"


class InterruptedByUser(Preempted):
    """Ctrl-C: as `Preempted`, with the shell's customary code."""

    exit_code = 130


def suggest(name: str, known: Iterable[str]) -> str:
    """`; did you mean 'x'?` for the nearest known name, or the list of known ones."""
    names = sorted(str(item) for item in known)
    near = difflib.get_close_matches(str(name), names, n=1)
    if near:
        return f"; did you mean '{near[0]}'?"
    return f"; known: {', '.join(names)}" if names else ""
