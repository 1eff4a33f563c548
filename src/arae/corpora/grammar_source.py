"""Sources that are independent draws from one grammar of ours."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from arae.corpora.drawn import DrawnSource, grammar_facts
from arae.corpora.grammar import Grammar
from arae.corpora.source import SPLITS, split_files, write_sentences


@dataclass(frozen=True, kw_only=True)
class GrammarSource(DrawnSource):
    """Unlabelled sentences of the grammar that a subclass names."""

    kind: str

    def grammar(self) -> Grammar:
        """The distribution that sentences are drawn from."""
        raise TypeError(f"{type(self).__name__} names no grammar")

    def outputs(self) -> list[str]:
        """{split}.txt"""
        return split_files()

    def write(self, folder: Path) -> dict[str, Any]:
        """Draw and write the splits; the facts are the grammar's exact properties."""
        grammar = self.grammar()
        for split in SPLITS:
            write_sentences(folder / f"{split}.txt", self.draw(grammar, split))
        return {"sentences": dict(self.sentences), "grammar": grammar_facts(grammar)}
