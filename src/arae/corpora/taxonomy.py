"""Trees of meaning: what falls under what, and what excludes what.

The root stands for everything (nothing said). A node falls under its ancestors and itself; two nodes
of which neither falls under the other exclude each other.
"""

from __future__ import annotations

import bisect
import functools
import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from arae.corpora.notation import zipf

GRAFTED = "@"  # begins the name of a node that came from another tree
LAW = (1.0, 2.0)  # children by rank: (rank + 2)^-1, as the words of the scenes
Uniform = Callable[[], float]


@dataclass(frozen=True, eq=False)
class Node:
    """One meaning; `names` are the words from the tree's top to it, the root's are none."""

    names: tuple[str, ...] = ()
    parent: Node | None = None
    children: list[Node] = field(default_factory=list)

    @property
    def name(self) -> str:
        """Its own word."""
        return self.names[-1]

    def add(self, name: str) -> Node:
        """A new child, less frequent than its elder siblings."""
        if any(child.name == name for child in self.children):
            raise ValueError(f"{'/'.join(self.names)}: {name} is listed twice")
        child = Node((*self.names, name), self)
        self.children.append(child)
        return child

    def path(self) -> list[Node]:
        """Itself and its ancestors, up to the root."""
        return [self] if self.parent is None else [self, *self.parent.path()]

    def everything(self) -> Iterator[Node]:
        """Itself and all below it."""
        yield self
        for child in self.children:
            yield from child.everything()

    def under(self, other: Node) -> bool:
        """Whether whatever is meant by this is also meant by `other`."""
        return other.names == self.names[: len(other.names)]

    def excludes(self, other: Node) -> bool:
        """Whether nothing can be meant by both."""
        return not self.under(other) and not other.under(self)

    def descend(self, stay: float, uniform: Uniform) -> Node:
        """A node under this one: at each, `stay` there or go on to a child drawn by Zipf's law."""
        node = self
        while node.children and uniform() >= stay:
            node = node.child(uniform())
        return node

    def child(self, uniform: float) -> Node:
        """The child at a point of [0, 1) of the children's cumulative distribution."""
        return self.children[_place(self._cumulative, uniform)]

    @property
    def contested(self) -> bool:
        """Whether some node excludes it."""
        return any(node.parent and len(node.parent.children) > 1 for node in self.path())

    @functools.cached_property
    def _cumulative(self) -> list[float]:
        shares = zipf([child.name for child in self.children], LAW).values()
        return list(itertools.accumulate(shares))


def parse_tree(text: str, subtrees: dict[str, Node] | None = None) -> Node:
    """A tree from indented lines (four spaces a level) of one or more words.

    A word `@name` after another puts a copy of `subtrees[name]` below that one.
    """
    root = Node()
    below = [root]
    for line in filter(str.strip, text.splitlines()):
        depth = (len(line) - len(line.lstrip())) // 4
        words = line.split()
        grafts = [word.removeprefix("@") for word in words if word.startswith("@")]
        if depth >= len(below) or (grafts and len(words) != 1 + len(grafts)):
            raise ValueError(f"not a line of a tree: {line!r}")
        nodes = [below[depth].add(word) for word in words if not word.startswith("@")]
        for name in grafts:
            graft(nodes[0], (subtrees or {})[name].children)
        below[depth + 1 :] = [nodes[-1]]
    return root


def graft(node: Node, trees: Iterable[Node]) -> None:
    """Copies of `trees`, their names marked, as further children of `node`."""
    for tree in trees:
        graft(node.add(GRAFTED + tree.name), tree.children)


def choose(weights: Sequence[float], uniform: float) -> int:
    """The index at a point of [0, 1) of the cumulative distribution of `weights`."""
    return _place(list(itertools.accumulate(weights)), uniform)


def _place(cumulative: Sequence[float], uniform: float) -> int:
    return min(bisect.bisect_right(cumulative, uniform * cumulative[-1]), len(cumulative) - 1)
