"""Words outside the vocabulary become <unk>; report.json tells their share of each split.
Labels ({split}.labels.txt beside the text) become arrays, and labels.txt holds their names."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from arae.corpora.source import SPLITS
from arae.foundation.console import say
from arae.foundation.errors import DataError
from arae.foundation.files import require_file, write_json
from arae.foundation.settings import parse_settings, plain, read_settings
from arae.foundation.stage import stage_run
from arae.text.bounds import Bounds
from arae.text.encoded import EncodedText, encoded_files
from arae.text.labels import NAMES, encode_labels, label_file
from arae.text.vocabulary import Vocabulary


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    parser.add_argument("--input", required=True, type=Path, help="folder of tokenised splits")
    parser.add_argument("--vocabulary", required=True, type=Path, help="vocabulary.txt")
    parser.add_argument("--bounds", default="{}", help="JSON text or FILE#section of bounds")
    parser.add_argument("--out", required=True, type=Path, help="folder for the arrays of ids")


def run(arguments: argparse.Namespace) -> None:
    """Encode the three splits."""
    out: Path = arguments.out
    texts = {split: arguments.input / f"{split}.txt" for split in SPLITS}
    for path in texts.values():
        require_file(path, "make it with `arae tokenize`")
    bounds = parse_settings(Bounds, read_settings(arguments.bounds), "bounds")
    vocabulary = Vocabulary.load(arguments.vocabulary)
    labels = _labels(arguments.input)
    arrays = [path for split in SPLITS for path in encoded_files(out, split)]
    if labels:
        arrays += [out / NAMES, *(label_file(out, split) for split in SPLITS)]
    with stage_run(
        "encode",
        sidecar=out / "provenance.json",
        inputs=[*texts.values(), *labels.values(), arguments.vocabulary],
        outputs=[*arrays, out / "report.json"],
        settings={"bounds": plain(bounds)},
    ) as stage:
        counts = encode_labels(labels, out) if labels else {}
        report: dict[str, Any] = {}
        for split, path in texts.items():
            encoded = EncodedText.from_file(path, vocabulary)
            encoded.save(out, split)
            report[split] = {
                "sentences": len(encoded),
                "tokens": len(encoded.ids),
                "unknown": encoded.unknown,
                "unknown_share": encoded.unknown / len(encoded.ids),
                **({"labels": counts[split]} if counts else {}),
            }
        stage.doubt(*bounds.of_ids(report))
        write_json(out / "report.json", report)
    for split, counted in report.items():
        say(
            f"{split}: {counted['sentences']} sentences, {counted['tokens']} tokens, "
            f"{counted['unknown_share']:.2%} unknown"
        )
        if "labels" in counted:
            say("  " + ", ".join(f"{name} {count}" for name, count in counted["labels"].items()))


def _labels(folder: Path) -> dict[str, Path]:
    """Label files by split; none for a corpus without labels."""
    paths = {split: folder / f"{split}.labels.txt" for split in SPLITS}
    missing = [path for path in paths.values() if not path.is_file()]
    if len(missing) == len(paths):
        return {}
    if missing:
        raise DataError(f"{missing[0]}: missing, but other splits have labels; tokenize again")
    return paths
