"""The source `scenes`: independent draws from the scenes grammar."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from arae.corpora.drawn import DrawnSource, grammar_facts
from arae.corpora.scenes import scenes_grammar
from arae.corpora.source import SPLITS, split_files, write_sentences


@dataclass(frozen=True, kw_only=True)
class ScenesSource(DrawnSource):
    """Sentences of the scenes grammar."""

    kind: Literal["scenes"] = "scenes"

    def outputs(self) -> list[str]:
        """{split}.txt"""
        return split_files()

    def write(self, folder: Path) -> dict[str, Any]:
        """Draw and write the splits; the facts are the grammar's exact properties."""
        grammar = scenes_grammar()
        for split in SPLITS:
            write_sentences(folder / f"{split}.txt", self.draw(grammar, split))
        return {"sentences": dict(self.sentences), "grammar": grammar_facts(grammar)}
