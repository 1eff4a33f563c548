"""Settings: the `tokens` of a corpus in params.yaml, for example '{"tokenizer": "spacy",
"max_length": 15}'. Sentences that are too long are dropped, never cut; report.json counts them.
Labels ({split}.labels.txt) are kept in step with the sentences."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from arae.corpora.lines import read_lines
from arae.corpora.source import SPLITS
from arae.foundation.console import say
from arae.foundation.files import require_file, write_json
from arae.foundation.settings import parse_settings, plain, read_settings
from arae.foundation.stage import stage_run
from arae.stages.arguments import MOST_THREADS, add_number
from arae.text.bounds import OVERLAPS, Bounds, ambiguous_share
from arae.text.tokenize import FileTokenizer, SplitCounts, overlap
from arae.text.tokenizer import TokenSettings, Whitespace


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    parser.add_argument("--input", required=True, type=Path, help="folder: data/raw/CORPUS")
    parser.add_argument("--settings", required=True, help="JSON text or FILE#section of tokens")
    parser.add_argument("--bounds", default="{}", help="JSON text or FILE#section of bounds")
    add_number(parser, "--threads", 1, 1, MOST_THREADS, "processes")
    parser.add_argument("--out", required=True, type=Path, help="folder for the tokenised splits")


def run(arguments: argparse.Namespace) -> None:
    """Tokenise the three splits and report what was kept."""
    settings = parse_settings(TokenSettings, read_settings(arguments.settings))
    bounds = parse_settings(Bounds, read_settings(arguments.bounds), "bounds")
    out: Path = arguments.out
    names = [f"{split}.txt" for split in SPLITS]
    labelled = _has_labels(arguments.input)
    if labelled:
        names += [f"{split}.labels.txt" for split in SPLITS]
    with stage_run(
        "tokenize",
        sidecar=out / "provenance.json",
        inputs=[
            require_file(arguments.input / name, "make it with `arae fetch`") for name in names
        ],
        outputs=[out / name for name in [*names, "report.json"]],
        settings={**plain(settings), "bounds": plain(bounds)},
    ) as stage:
        stage.claim(*(out / f"{split}.labels.txt" for split in SPLITS))  # an earlier source's, too
        counts: dict[str, SplitCounts] = {}
        with FileTokenizer(settings, arguments.threads) as tokenizer:
            for split in SPLITS:
                labels = f"{split}.labels.txt"
                (out / labels).unlink(missing_ok=True)
                counts[split] = tokenizer.tokenize(
                    arguments.input / f"{split}.txt",
                    out / f"{split}.txt",
                    (arguments.input / labels, out / labels) if labelled else None,
                )
        report = _report(counts)
        ambiguous = _ambiguous(counts, out, settings.group) if labelled else {}
        stage.doubt(*bounds.of_tokens(report, ambiguous, settings.max_length))
        write_json(out / "report.json", report)
    _hint(settings, report)
    _tell(report)


def _has_labels(folder: Path) -> bool:
    return any((folder / f"{split}.labels.txt").exists() for split in SPLITS)


def _report(counts: dict[str, SplitCounts]) -> dict[str, Any]:
    return {
        "splits": {split: counted.report() for split, counted in counts.items()},
        "overlaps": {
            f"{some} in {others}": overlap(counts[some], counts[others])
            for some, others in OVERLAPS
        },
    }


def _hint(settings: TokenSettings, report: dict[str, Any]) -> None:
    """What to do about a text without spaces."""
    train = report["splits"]["train"]
    if isinstance(settings.tokenizer, Whitespace) and train["tokens"] < 1.1 * train["kept"]:
        say(
            "hint: whitespace gives one token a line; for text without spaces choose "
            "tokenizer: characters, or {kind: spacy, language: …}"
        )


def _ambiguous(counts: dict[str, SplitCounts], out: Path, group: int) -> dict[str, float]:
    return {
        split: ambiguous_share(
            counted.digests, list(read_lines(out / f"{split}.labels.txt")), group
        )
        for split, counted in counts.items()
    }


def _tell(report: dict[str, Any]) -> None:
    for split, counted in report["splits"].items():
        say(
            f"{split}: kept {counted['kept']} of {counted['read']} sentences "
            f"({counted['dropped_long']} too long, {counted['dropped_empty']} empty), "
            f"{counted['duplicates']} of them repeats, mean length {counted['mean_length']:.2f}"
        )
