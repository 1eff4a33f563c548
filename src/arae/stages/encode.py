"""Words outside the vocabulary become <unk>; report.json tells their share of each split."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from arae.corpora.source import SPLITS
from arae.foundation.console import say
from arae.foundation.errors import DataError
from arae.foundation.files import write_json
from arae.foundation.stage import stage_run
from arae.text.encoded import EncodedText, encoded_files
from arae.text.vocabulary import Vocabulary


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    parser.add_argument("--input", required=True, type=Path, help="folder of tokenised splits")
    parser.add_argument("--vocabulary", required=True, type=Path, help="vocabulary.txt")
    parser.add_argument("--out", required=True, type=Path, help="folder for the arrays of ids")


def run(arguments: argparse.Namespace) -> None:
    """Encode the three splits."""
    out: Path = arguments.out
    texts = {split: arguments.input / f"{split}.txt" for split in SPLITS}
    for path in texts.values():
        if not path.is_file():
            raise DataError(f"{path}: not found; make it with `arae tokenize`")
    vocabulary = Vocabulary.load(arguments.vocabulary)
    arrays = [path for split in SPLITS for path in encoded_files(out, split)]
    with stage_run(
        "encode",
        sidecar=out / "provenance.json",
        inputs=[*texts.values(), arguments.vocabulary],
        outputs=[*arrays, out / "report.json"],
        settings={},
    ):
        report: dict[str, Any] = {}
        for split, path in texts.items():
            encoded = EncodedText.from_file(path, vocabulary)
            encoded.save(out, split)
            report[split] = {
                "sentences": len(encoded),
                "tokens": len(encoded.ids),
                "unknown": encoded.unknown,
                "unknown_share": encoded.unknown / len(encoded.ids),
            }
        write_json(out / "report.json", report)
    for split, counted in report.items():
        say(
            f"{split}: {counted['sentences']} sentences, {counted['tokens']} tokens, "
            f"{counted['unknown_share']:.2%} unknown"
        )
