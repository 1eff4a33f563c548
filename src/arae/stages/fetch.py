"""Settings: a `source` of params.yaml, for example '{"kind": "scenes", "sentences": {"train": 40000,
"valid": 4000, "test": 4000}}'. Local files that are named there are read where they lie and copied;
archives are downloaded to work/downloads, verified, and kept for the next time."""

from __future__ import annotations

import argparse
from pathlib import Path

from arae.corpora.source import SPLITS
from arae.corpora.sources import parse_source
from arae.foundation.console import say
from arae.foundation.files import require_file
from arae.foundation.settings import plain, read_settings
from arae.foundation.stage import stage_run


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    parser.add_argument("--settings", required=True, help="JSON text or FILE#section of a source")
    parser.add_argument("--out", required=True, type=Path, help="folder: data/raw/CORPUS")


def run(arguments: argparse.Namespace) -> None:
    """Write train.txt, valid.txt and test.txt of the source into the output folder."""
    source = parse_source(read_settings(arguments.settings))
    out: Path = arguments.out
    for path in source.inputs():
        require_file(path, "correct its path in the source's settings")
    outputs = [out / name for name in source.outputs()]
    with stage_run(
        "fetch",
        sidecar=out / "provenance.json",
        inputs=source.inputs(),
        outputs=outputs,
        settings=plain(source),
    ) as stage:
        # Labels of an earlier, labelled source must not outlive it.
        labels = [out / f"{split}.labels.txt" for split in SPLITS]
        old = [path for path in labels if path not in outputs]
        stage.claim(*old)
        for path in old:
            path.unlink(missing_ok=True)
        stage.facts["source"] = source.write(out)
    say(f"{out}: {stage.facts['source']['sentences']} sentences")
