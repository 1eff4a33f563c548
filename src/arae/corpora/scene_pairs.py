"""Pairs of scenes: premise, hypothesis and label, where the label follows from their meanings.

A scene says something of some slots (how many, who, mood, clothes, activity, place, time), each a
node of a tree; what it leaves out is the tree's root. Both sentences speak of the same scene:

- contradiction: in some slot the two nodes exclude each other;
- entailment: in every slot the premise's node falls under the hypothesis's;
- neutral: neither, so the hypothesis adds something.

The hypothesis is drawn first and the label independently of it, so no reader of the hypothesis alone
can be right more often than 1/3; then the premise is drawn to fit both.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from arae.corpora import scene_pairs_lexicon as lexicon
from arae.corpora.scene_speech import say
from arae.corpora.taxonomy import Node, Uniform, choose, parse_tree

LABELS = ("contradiction", "entailment", "neutral")
MAX_LENGTH = 15
STAY = 0.4  # chance of saying a general word instead of a more special one, at each level
Scene = Mapping[str, Node]


@dataclass(frozen=True, kw_only=True)
class Slot:
    """One thing that a sentence may tell.

    `said`: how often a hypothesis tells it, and a premise of itself (1: every sentence must);
    `differs`: weight of being what sets premise and hypothesis apart.
    """

    tree: Node
    said: float
    differs: float

    @property
    def required(self) -> bool:
        """Whether every sentence tells it."""
        return self.said == 1.0

    def draw(self, uniform: Uniform) -> Node:
        """Something told: a node below the root."""
        return self.tree.child(uniform()).descend(STAY, uniform)

    def more_general(self, node: Node) -> list[Node]:
        """What can be told, or left out, instead of `node` to say strictly less."""
        return [above for above in node.path()[1:] if above.names or not self.required]


@functools.cache
def slots() -> dict[str, Slot]:
    """The slots by name, in the order in which a premise is drawn."""
    objects = {name: parse_tree(text) for name, text in lexicon.OBJECTS.items()}
    garments = parse_tree(lexicon.GARMENTS)
    for garment in garments.children:
        for colour in lexicon.COLOURS.split():
            garment.add(colour)
    activities = parse_tree(lexicon.ACTIVITIES, objects)
    return {
        "number": Slot(tree=parse_tree(lexicon.NUMBERS), said=1, differs=1),
        "person": Slot(tree=parse_tree(lexicon.PEOPLE), said=1, differs=2),
        "mood": Slot(tree=parse_tree(lexicon.MOODS), said=0.2, differs=1),
        "garment": Slot(tree=garments, said=0.2, differs=1),
        "activity": Slot(tree=activities, said=0.9, differs=3),
        "place": Slot(tree=parse_tree(lexicon.PLACES), said=0.5, differs=2),
        "time": Slot(tree=parse_tree(lexicon.TIMES), said=0.1, differs=1),
    }


def label_of(premise: Scene, hypothesis: Scene) -> str:
    """What the premise says of the hypothesis."""
    sides = [(premise[name], hypothesis[name]) for name in slots()]
    if any(told.excludes(asked) for told, asked in sides):
        return "contradiction"
    return "entailment" if all(told.under(asked) for told, asked in sides) else "neutral"


def draw_pairs(count: int, seed: int | list[int]) -> Iterator[tuple[str, str, str]]:
    """`count` independent (premise, hypothesis, label), a pure function of `seed`."""
    uniform = np.random.default_rng(seed).random
    for _ in range(count):
        hypothesis, asked = _until_sayable(_hypothesis, uniform)
        label = LABELS[choose([1, 1, 1], uniform())]
        draw = functools.partial(DRAW[label], hypothesis)
        told = asked
        while told == asked:
            _, told = _until_sayable(draw, uniform)
        yield told, asked, label


def _until_sayable(draw: Callable[[Uniform], Scene], uniform: Uniform) -> tuple[Scene, str]:
    while True:
        scene = draw(uniform)
        if scene["activity"].names or scene["place"].names:
            words = say(scene, uniform)
            if len(words) <= MAX_LENGTH:
                return scene, " ".join(words)


def _hypothesis(uniform: Uniform) -> Scene:
    return {
        name: slot.draw(uniform) if uniform() < slot.said else slot.tree
        for name, slot in slots().items()
    }


def _special(hypothesis: Scene, uniform: Uniform) -> dict[str, Node]:
    """A scene that entails the hypothesis: each slot stays, or says more."""
    scene = {}
    for name, slot in slots().items():
        node = hypothesis[name]
        if node.names:
            scene[name] = node.descend(STAY, uniform)
        else:
            scene[name] = slot.draw(uniform) if uniform() < slot.said else node
    return scene


def _neutral(hypothesis: Scene, uniform: Uniform) -> Scene:
    """As an entailing scene, but one slot says less than the hypothesis."""
    options = {name: slot.more_general(hypothesis[name]) for name, slot in slots().items()}
    name = _pick({name for name, nodes in options.items() if nodes}, uniform)
    chosen = options[name][choose([1] * len(options[name]), uniform())]
    return {**_special(hypothesis, uniform), name: chosen}


def _contradicting(hypothesis: Scene, uniform: Uniform) -> Scene:
    """As an entailing scene, but one slot excludes what the hypothesis says there."""
    name = _pick({name for name, node in hypothesis.items() if node.contested}, uniform)
    other = slots()[name].draw(uniform)
    while not other.excludes(hypothesis[name]):
        other = slots()[name].draw(uniform)
    return {**_special(hypothesis, uniform), name: other}


def _pick(names: set[str], uniform: Uniform) -> str:
    known = [name for name in slots() if name in names]
    return known[choose([slots()[name].differs for name in known], uniform())]


DRAW: dict[str, Callable[[Scene, Uniform], Scene]] = {
    "contradiction": _contradicting,
    "entailment": _special,
    "neutral": _neutral,
}
