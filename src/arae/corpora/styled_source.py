"""The sources `reviews` and `topics`: labelled draws from grammars in which transfer is exact."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from arae.corpora.drawn import DrawnSource, grammar_facts
from arae.corpora.reviews import reviews_grammar
from arae.corpora.source import SPLITS, Source, split_files, write_sentences
from arae.corpora.styled import StyledGrammar
from arae.corpora.topics import topics_grammar
from arae.foundation.files import atomic_write


@dataclass(frozen=True, kw_only=True)
class StyledSource(DrawnSource, ABC):
    """Sentences of all classes, each drawn with the same probability, and their labels."""

    @abstractmethod
    def style_oracle(self) -> StyledGrammar:
        """The grammar, which knows the class, content and correct transfers of any sentence."""

    def outputs(self) -> list[str]:
        """{split}.txt and {split}.labels.txt"""
        return [*split_files(), *(f"{split}.labels.txt" for split in SPLITS)]

    def write(self, folder: Path) -> dict[str, Any]:
        """Draw and write sentences and labels; the facts are the grammar's exact properties."""
        styled = self.style_oracle()
        for split in SPLITS:
            sentences = self.draw(styled.grammar, split)
            with atomic_write(folder / f"{split}.labels.txt") as handle:
                handle.writelines(f"{styled.label_of(line.split())}\n" for line in sentences)
            write_sentences(folder / f"{split}.txt", sentences)
        facts = grammar_facts(styled.grammar)
        facts |= {"classes": list(styled.classes), "content_entropy": styled.content_entropy}
        return {"sentences": dict(self.sentences), "grammar": facts}


@dataclass(frozen=True, kw_only=True)
class ReviewsSource(StyledSource):
    """Short reviews, negative or positive."""

    kind: Literal["reviews"] = "reviews"

    def style_oracle(self) -> StyledGrammar:
        """The grammar of reviews."""
        return reviews_grammar()


@dataclass(frozen=True, kw_only=True)
class TopicsSource(StyledSource):
    """Questions and claims about science, entertainment or politics."""

    kind: Literal["topics"] = "topics"

    def style_oracle(self) -> StyledGrammar:
        """The grammar of topics."""
        return topics_grammar()


def style_oracle_of(source: Source) -> StyledGrammar | None:
    """What is known exactly about the style of a source's sentences; None for a source of real text."""
    return source.style_oracle() if isinstance(source, StyledSource) else None
