"""Analyses of a grammar's bare shape: what symbols can start with, reach, and loop through."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet

Shape = Mapping[str, Sequence[tuple[str, ...]]]


def starts(
    shape: Shape, terminals: Mapping[str, AbstractSet[str]]
) -> tuple[dict[str, set[str]], set[str]]:
    """(symbol → terminal keys that it can start with, symbols that can be empty)."""
    first: dict[str, set[str]] = {name: set(keys) for name, keys in terminals.items()}
    first |= {head: set() for head in shape}
    nullable: set[str] = set()
    while True:
        before = (sum(map(len, first.values())), len(nullable))
        for head, alternatives in shape.items():
            for parts in alternatives:
                for part in parts:
                    first[head] |= first[part]
                    if part not in nullable:
                        break
                else:
                    nullable.add(head)
        if before == (sum(map(len, first.values())), len(nullable)):
            return first, nullable


def unreachable_symbols(shape: Shape, known: AbstractSet[str], start: str) -> list[str]:
    """Known symbols that no derivation from `start` uses, sorted."""
    seen, waiting = {start}, [start]
    while waiting:
        for parts in shape.get(waiting.pop(), ()):
            waiting.extend(part for part in set(parts) - seen)
            seen.update(parts)
    return sorted(known - seen)


def left_recursive_symbol(shape: Shape, terminals: AbstractSet[str]) -> str | None:
    """A nonterminal that can start with itself, if any (then a top-down parse would not end)."""
    _, nullable = starts(shape, {name: {name} for name in terminals})
    corners: dict[str, set[str]] = {head: set() for head in shape}
    for head, alternatives in shape.items():
        for parts in alternatives:
            for part in parts:
                corners[head].add(part)
                if part not in nullable:
                    break
    for head in shape:
        seen: set[str] = set()
        waiting = [head]
        while waiting:
            for corner in corners.get(waiting.pop(), set()) - seen:
                if corner == head:
                    return head
                seen.add(corner)
                waiting.append(corner)
    return None
