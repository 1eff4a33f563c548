"""What the verbs share: their options, the opened model, reading sentences, writing answers."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from arae.foundation.console import say
from arae.foundation.errors import DataError
from arae.stages.arguments import add_compute_arguments
from arae.verbs.lines import Line, file_lines, grouped_lines

if TYPE_CHECKING:
    from arae.engine.modeldir import LoadedModel
    from arae.usage.sentences import SentenceReader, Tokens


@dataclass(frozen=True)
class Asked:
    """A sentence that was asked about."""

    line: Line
    tokens: Tokens

    def as_json(self) -> dict[str, Any]:
        """What every JSON answer begins with."""
        return {"line": self.line.number, "input": " ".join(self.tokens)}


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
        choices=["spacy", "whitespace"],
        help="how text is split (default: as the model's corpus was; at whitespace if unknown)",
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
        self._arguments = arguments

    def asked(self, given: Sequence[str]) -> Iterator[list[Asked]]:
        """The sentences asked about, in groups to be answered together."""
        for lines in grouped_lines(self._arguments, given):
            group = [Asked(line, tokens) for line in lines if (tokens := self.read(line)) != []]
            self.tell_unknown(one.tokens for one in group)
            if group:
                yield group

    def lines(self, given: Sequence[str]) -> Iterator[list[Line]]:
        """The lines themselves, unread."""
        return grouped_lines(self._arguments, given)

    def read(self, line: Line) -> Tokens:
        """Tokens of a line; with `--skip` none, after a word on why, where there is a fault."""
        try:
            return self._reader.read(line.text, line.where)
        except DataError as error:
            if not self._arguments.skip:
                raise
            say(f"left out: {error}")
            return []

    def collection(self, file: Path) -> list[Tokens]:
        """The sentences of a file that the model can read; how many are left out is said."""
        kept, left_out = [], 0
        for text in file_lines(file):
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
            text = json.dumps(record, ensure_ascii=False)
        sys.stdout.write(text + "\n")

    def flush(self) -> None:
        """Let the other end have what was written."""
        sys.stdout.flush()
