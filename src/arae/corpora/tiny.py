"""The embedded corpus `tiny`: a language so small that every sentence of it can be listed.

960 sentences of 4 to 8 tokens over 27 words, with agreement and Zipf-like frequencies. Whatever is
an expectation over sentences can be computed as a finite sum.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from arae.corpora.drawn import DrawnSource, grammar_facts
from arae.corpora.grammar import Grammar
from arae.corpora.notation import (
    inflected,
    literals,
    merged,
    noun_forms,
    parse_rules,
    used_by,
    zipf,
)
from arae.corpora.source import SPLITS, split_files, write_sentences
from arae.corpora.support import support

MAX_LENGTH = 8
ZIPF = (1.0, 1.0)  # (rank + 1)^-1

RULES = """
sentence
    60  person_phrase[s] "is" action place
    40  person_phrase[p] "are" action place

person_phrase[n]
    70  determiner[n] person[n]
    30  determiner[n] quality person[n]

place
    45  -
    35  "in" "the" area
    20  "near" "the" landmark
"""


@functools.cache
def tiny_grammar() -> Grammar:
    """The grammar of the tiny language; unambiguous."""
    rules = parse_rules(RULES, {"n": ("s", "p")})
    lexicon = merged(
        [
            {
                "determiner[s]": zipf(["a", "one"], ZIPF),
                "determiner[p]": zipf(["two", "some"], ZIPF),
            },
            inflected("person", noun_forms("man:men woman:women boy girl"), ZIPF),
            {"quality": zipf(["young", "old"], ZIPF)},
            {"action": zipf(["running", "sleeping", "eating", "singing"], ZIPF)},
            {"area": zipf(["park", "street"], ZIPF), "landmark": zipf(["house", "car"], ZIPF)},
            literals(rules),
        ]
    )
    return Grammar(rules, used_by(rules, lexicon), max_length=MAX_LENGTH)


@dataclass(frozen=True, kw_only=True)
class TinySource(DrawnSource):
    """Sentences of the tiny grammar."""

    kind: Literal["tiny"] = "tiny"

    def outputs(self) -> list[str]:
        """{split}.txt"""
        return split_files()

    def write(self, folder: Path) -> dict[str, Any]:
        """Draw and write the splits; the facts are the grammar's exact properties."""
        grammar = tiny_grammar()
        for split in SPLITS:
            write_sentences(folder / f"{split}.txt", self.draw(grammar, split))
        return {"sentences": dict(self.sentences), "grammar": grammar_facts(grammar)}

    def language(self) -> dict[str, float]:
        """Every sentence with its exact probability, the likeliest first."""
        return support(tiny_grammar())
