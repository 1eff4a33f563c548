"""Proof, for a grammar of bounded sentences, that no sentence has two derivations."""

from __future__ import annotations

from arae.corpora.grammar import Grammar

Stack = tuple[str, ...]
# A way to go on: the next category and what is left after it; None: the sentence ends here.
Step = tuple[str, Stack] | None


def find_ambiguity(grammar: Grammar) -> list[str] | None:
    """Categories of a sentence (of at most `max_length` tokens) with two derivations, or None.

    Two leftmost derivations are followed side by side, word by word, from the first rule in
    which they differ; the grammar is ambiguous iff some such pair reads the same words to the end.
    """
    search = _Search(grammar)
    alike: dict[Stack, list[str]] = {(grammar.start,): []}
    apart: dict[tuple[Stack, Stack], list[str]] = {}
    for _ in range(grammar.max_length + 1):
        next_alike: dict[Stack, list[str]] = {}
        next_apart: dict[tuple[Stack, Stack], list[str]] = {}
        for stack, read in alike.items():
            steps = search.steps(stack)
            for index, left in enumerate(steps):
                if left is not None:
                    next_alike.setdefault(left[1], [*read, left[0]])
                for right in steps[index + 1 :]:
                    if left is None and right is None:
                        return read
                    search.join(left, right, read, next_apart)
        for (one, other), read in apart.items():
            for left in search.steps(one):
                for right in search.steps(other):
                    if left is None and right is None:
                        return read
                    search.join(left, right, read, next_apart)
        alike, apart = next_alike, next_apart
    return None


class _Search:
    def __init__(self, grammar: Grammar) -> None:
        self._rules = {
            head: [rule.parts for rule in alternatives]
            for head, alternatives in grammar.rules.items()
        }
        self._words = {name: frozenset(words) for name, words in grammar.lexicon.items()}
        self._known: dict[Stack, list[Step]] = {}

    def steps(self, stack: Stack) -> list[Step]:
        """Every leftmost expansion of `stack` up to its first word, one entry per derivation."""
        if stack not in self._known:
            self._known[stack] = self._expand(stack)
        return self._known[stack]

    def _expand(self, stack: Stack) -> list[Step]:
        if not stack:
            return [None]
        head, rest = stack[0], stack[1:]
        if head in self._words:
            return [(head, rest)]
        return [step for parts in self._rules[head] for step in self.steps((*parts, *rest))]

    def join(
        self,
        left: Step,
        right: Step,
        read: list[str],
        pairs: dict[tuple[Stack, Stack], list[str]],
    ) -> None:
        """Keep the pair of what is left, if both steps can read the same word."""
        if left is None or right is None or not self._words[left[0]] & self._words[right[0]]:
            return
        pair = (min(left[1], right[1]), max(left[1], right[1]))
        pairs.setdefault(pair, [*read, left[0]])
