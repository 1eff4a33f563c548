"""What the verbs share: their options, the opened model, reading sentences, writing answers."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from arae.corpora.lines import read_lines
from arae.foundation.console import say, speaks_unicode
from arae.foundation.errors import DataError
from arae.stages.arguments import add_compute_arguments
from arae.verbs.lines import Line, grouped_lines

if TYPE_CHECKING:
    from arae.engine.modeldir import LoadedModel
    from arae.usage.sentences import SentenceReader, Tokens


@dataclass(frozen=True)
class Asked:
    """A sentence that was asked about."""

    line: Line
    tokens: Tokens
    text: str  # the tokens as a person reads them

    def as_json(self) -> dict[str, Any]:
        """What every JSON answer begins with."""
        return {"line": self.line.number, "input": self.text}


def add_model_arguments(parser: argparse.ArgumentParser) -> None:
    """The model, the form of the output, threads and device."""
    parser.add_argument(
        "--model", required=True, help="model directory, or models:/NAME/VERSION of MLflow"
    )
    parser.add_argument("--json", action="store_true", help="write one JSON object a line")
    add_compute_arguments(parser)


def add_sentence_arguments(parser: argparse.ArgumentParser) -> None:
    """Where sentences come from and how they are read."""
    parser.add_argument(
        "sentences", nargs="*", metavar="SENTENCE", help="sentences (none: standard input)"
    )
    add_input_arguments(parser)


def add_input_arguments(parser: argparse.ArgumentParser) -> None:
    """`--input`, `--tokenizer` and `--skip`."""
    parser.add_argument(
        "--input", type=Path, help="text file, one a line, plain, gz or xz (-: standard input)"
    )
    parser.add_argument(
        "--tokenizer",
        metavar="KIND",
        help="how text is split: whitespace, characters, spacy or spacy:LANGUAGE (default: as the "
        "model's corpus was; at whitespace if unknown)",
    )
    parser.add_argument(
        "--skip", action="store_true", help="leave out empty and too long lines instead of stopping"
    )


def add_label_argument(parser: argparse.ArgumentParser) -> None:
    """`--label`, for systems with a decoder for each label."""
    parser.add_argument("--label", help="for a model with a decoder for each label: which one")


class Session:
    """One run of a verb: the model, the reader of its sentences, the writer of its answers."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        from arae.engine.device import prepare_device
        from arae.usage.opening import open_model
        from arae.usage.sentences import SentenceReader

        device = prepare_device(arguments.device, arguments.threads)
        self.model: LoadedModel = open_model(arguments.model, device)
        self._reader: SentenceReader = SentenceReader(
            self.model, getattr(arguments, "tokenizer", None)
        )
        self.text, self.text_read = self._reader.text, self._reader.text_read
        self._arguments = arguments

    def asked(self, given: Sequence[str]) -> Iterator[list[Asked]]:
        """The sentences asked about, in groups to be answered together."""
        for group in self.each(given, lambda line: [self._reader.read(line.text, line.where)]):
            yield [Asked(line, tokens, self.text_read(tokens)) for line, (tokens,) in group]

    def asked_pairs(self, given: Sequence[str]) -> Iterator[list[tuple[Line, list[Tokens]]]]:
        """The lines of two sentences with a tab between them, in groups to be answered together."""

        def both(line: Line) -> list[Tokens]:
            parts = line.text.split("\t")
            if len(parts) != 2:
                raise DataError(f"{line.where}: expected two sentences with a tab between them")
            return [
                self._reader.read(text, f"{line.where}, sentence {place}")
                for place, text in enumerate(parts, 1)
            ]

        return self.each(given, both)

    def each(
        self, given: Sequence[str], read: Callable[[Line], list[Tokens]]
    ) -> Iterator[list[tuple[Line, list[Tokens]]]]:
        """Each line with what `read` makes of it, in groups.

        With `--skip` a line that cannot be read is left out, after a word on why. Without it the lines
        before it are answered, and then its fault is raised.
        """
        for lines in grouped_lines(self._arguments, given):
            group: list[tuple[Line, list[Tokens]]] = []
            fault = None
            for line in lines:
                try:
                    group.append((line, read(line)))
                except DataError as error:
                    if not self._arguments.skip:
                        fault = error
                        break
                    say(f"left out: {error}")
            self.tell_unknown(tokens for _, sentences in group for tokens in sentences)
            if group:
                yield group
            if fault is not None:
                raise fault

    def collection(self, file: Path) -> list[Tokens]:
        """The sentences of a file that the model can read; how many are left out is said."""
        kept, left_out = [], 0
        for text in read_lines(file):
            try:
                kept.append(self._reader.read(text, str(file)))
            except DataError:
                left_out += 1
        if left_out:
            say(f"{file}: {left_out} lines left out: empty, or of more words than the model knows")
        if not kept:
            raise DataError(f"{file}: holds no sentence that the model can read")
        return kept

    def tell_unknown(self, sentences: Iterator[Tokens]) -> None:
        """Name words that the model does not know, each once."""
        unknown = self._reader.new_unknown(sentences)
        if unknown:
            say(f"not in the model's vocabulary, read as <unk>: {' '.join(unknown)}")

    def write(self, text: str, record: dict[str, Any]) -> None:
        """One answer, as text or as a JSON line."""
        if self._arguments.json:
            text = json.dumps(record, ensure_ascii=not speaks_unicode(sys.stdout))
        sys.stdout.write(text + "\n")

    def flush(self) -> None:
        """Let the other end have what was written."""
        sys.stdout.flush()
