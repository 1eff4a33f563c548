"""Who does what in a sentence of the scenes grammar, read off its derivation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from arae.corpora.derivation import Node
from arae.corpora.scenes import scenes_grammar
from arae.corpora.scenes_lexicon import VERBS

SUBJECT_NOUNS = ("person", "group", "animal")


@dataclass(frozen=True)
class Roles:
    """Positions of the main verb, the subject's noun, and the words of its noun phrase before it."""

    verb: int
    subject: int
    modifiers: tuple[int, ...]


def scenes_roles(tokens: Sequence[str]) -> Roles | None:
    """The roles of a sentence, exactly; None for what the grammar cannot say.

    The first of two coordinated subjects counts; in "there is a man singing" the subject is "man";
    a verb in a relative clause is never the main one; "is" is the main verb where no other is.
    """
    tree = scenes_grammar().derivation(tokens)
    clause = tree and tree.find("clause")
    if clause is None:
        return None
    scene = clause.find("present") or clause
    phrase = scene.children[0]
    nouns = [leaf.begin for leaf in phrase.leaves() if _base(leaf) in SUBJECT_NOUNS]
    after = [leaf for leaf in scene.leaves() if leaf.begin >= phrase.end]
    verbs = [leaf.begin for leaf in after if _base(leaf) in VERBS]
    auxiliaries = [leaf.begin for leaf in clause.leaves() if _base(leaf) == "be"]
    return Roles(
        verb=(verbs or auxiliaries[-1:])[0],
        subject=nouns[0],
        modifiers=tuple(range(phrase.begin, nouns[0])),
    )


def _base(node: Node) -> str:
    return node.symbol.partition("[")[0]
