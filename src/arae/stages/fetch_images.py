"""Settings: an image `source` of params.yaml, for example '{"kind": "digits", "images": {"train": 1097,
"valid": 200, "test": 500}}'. Images are binarised at the middle of their grey values."""

from __future__ import annotations

import argparse
from pathlib import Path

from arae.corpora.images import image_files
from arae.corpora.source import SPLITS
from arae.corpora.sources import parse_image_source
from arae.foundation.console import say
from arae.foundation.settings import plain, read_settings
from arae.foundation.stage import stage_run


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    parser.add_argument("--settings", required=True, help="JSON text or FILE#section of a source")
    parser.add_argument(
        "--out", required=True, type=Path, help="folder: data/processed/CORPUS/images"
    )


def run(arguments: argparse.Namespace) -> None:
    """Write the binarised images and the labels of the three splits."""
    source = parse_image_source(read_settings(arguments.settings))
    out: Path = arguments.out
    with stage_run(
        "fetch-images",
        sidecar=out / "provenance.json",
        inputs=[],
        outputs=[path for split in SPLITS for path in image_files(out, split)],
        settings=plain(source),
    ) as stage:
        stage.facts["source"] = source.write(out)
    say(f"{out}: {stage.facts['source']['images']} images")
