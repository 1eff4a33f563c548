"""The source `snli`: the sentences of SNLI 1.0, from its official archive.

The text of a split is its premises, without immediate repeats, then its hypotheses (the ARAE
paper's rule), tokenised as in the archive's binary parses. The official dev split is `valid`.
Licence: CC BY-SA 4.0; cite Bowman et al. 2015.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from arae.corpora.archives import extract_members
from arae.corpora.download import Download, obtain
from arae.corpora.lines import read_lines
from arae.corpora.source import split_files, write_sentences
from arae.foundation.errors import DataError
from arae.foundation.files import parse_json
from arae.foundation.stage import WORK

ARCHIVE = Download(
    url="https://nlp.stanford.edu/projects/snli/snli_1.0.zip",
    bytes=94_550_081,
    sha256="afb3d70a5af5d8de0d9d81e2637e0fb8c22d1235c2749d83125ca43dab0dbd3e",
)
MEMBERS = {
    "train": "snli_1.0/snli_1.0_train.jsonl",
    "valid": "snli_1.0/snli_1.0_dev.jsonl",
    "test": "snli_1.0/snli_1.0_test.jsonl",
}
MAX_MEMBER_BYTES = 2_000_000_000


@dataclass(frozen=True, kw_only=True)
class SnliSource:
    """`mirror`: a local folder that may hold snli_1.0.zip; tried before the official address."""

    kind: Literal["snli"] = "snli"
    mirror: str | None = None

    def inputs(self) -> list[Path]:
        """None: the archive is vouched for by its fixed checksum."""
        return []

    def outputs(self) -> list[str]:
        """{split}.txt"""
        return split_files()

    def tokens(self) -> dict[str, Any]:
        """None."""
        return {}

    def classes(self) -> tuple[str, ...]:
        """None."""
        return ()

    def count(self, split: str, most: int) -> int | None:
        """Known once the archive is there."""
        return None

    def write(self, folder: Path) -> dict[str, Any]:
        """Get and verify the archive, then write the sentences of each split."""
        return write_snli(ARCHIVE, folder, self.mirror)


def write_snli(archive: Download, folder: Path, mirror: str | None) -> dict[str, Any]:
    """Write the splits' sentences from a verified copy of `archive`."""
    downloads = WORK / "downloads"
    path = obtain(archive, downloads, mirror)
    members = extract_members(path, MEMBERS.values(), downloads / "snli", MAX_MEMBER_BYTES)
    try:
        counts = {
            split: write_sentences(folder / f"{split}.txt", snli_sentences(members[member]))
            for split, member in MEMBERS.items()
        }
    finally:
        for member_path in members.values():
            member_path.unlink(missing_ok=True)
    facts = {"url": archive.url, "sha256": archive.sha256, "bytes": archive.bytes}
    return {"sentences": counts, "archive": facts}


def snli_sentences(pairs: Path) -> Iterator[str]:
    """Sentences of a jsonl file of pairs: premises without immediate repeats, then hypotheses."""
    premises = _parsed(pairs, "sentence1_binary_parse")
    yield from (premise for premise, _ in itertools.groupby(premises))
    yield from _parsed(pairs, "sentence2_binary_parse")


def _parsed(pairs: Path, key: str) -> Iterator[str]:
    for number, line in enumerate(read_lines(pairs), 1):
        try:
            tree = parse_json(line)[key]
            yield " ".join(token for token in tree.split() if token not in ("(", ")"))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise DataError(f"{pairs}: line {number}: not an SNLI pair with {key}") from error
