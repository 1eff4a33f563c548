"""The source `scenes`: independent draws from the scenes grammar."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from arae.corpora.grammar import Grammar
from arae.corpora.grammar_source import GrammarSource
from arae.corpora.scenes import scenes_grammar


@dataclass(frozen=True, kw_only=True)
class ScenesSource(GrammarSource):
    """Image-caption-like English."""

    kind: Literal["scenes"] = "scenes"

    def grammar(self) -> Grammar:
        """The grammar of scenes."""
        return scenes_grammar()
