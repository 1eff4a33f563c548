"""Interpolation between codes, scored (paper: Figure 2 bottom, Appendix D; K18).

A path is the list of greedy sentences at evenly spaced points from one end to the other.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from statistics import fmean as mean

Tokens = Sequence[str]

DEFINITIONS = {
    "ends": "share of path ends whose sentence is the one expected there, word for word",
    "rising": "share of steps along the paths at which the edit distance to the first sentence does "
    "not fall",
    "step": "mean edit distance, in words, between consecutive sentences of a path",
    "largest_step": "greatest edit distance between consecutive sentences, divided by that between "
    "the ends; mean over paths with different ends",
    "rising_unrelated": "the same with the sentences between the ends taken from another path: chance",
    "step_unrelated": "mean edit distance between consecutive sentences of such a mixture",
    "distinct": "mean number of different sentences on a path of {points}",
    "between_ppl": "perplexity of the sentences between the ends, by a Kneser–Ney {order}-gram model "
    "of the real training text; <eos> and <unk> scored, empty sentences left out",
    "ends_ppl": "the same of the sentences at the ends",
    "between_grammatical": "share of the sentences between the ends that the grammar can make",
    "ends_grammatical": "the same of the sentences at the ends",
}


def edit_distance(first: Tokens, second: Tokens) -> int:
    """Fewest insertions, deletions and substitutions of words that turn one into the other."""
    row = list(range(len(second) + 1))
    for place, word in enumerate(first, start=1):
        diagonal, row[0] = row[0], place
        for column, other in enumerate(second, start=1):
            above = row[column]
            row[column] = min(above + 1, row[column - 1] + 1, diagonal + (word != other))
            diagonal = above
    return row[-1]


def path_scores(
    paths: Sequence[Sequence[Tokens]], expected: Sequence[tuple[Tokens, Tokens]]
) -> dict[str, float]:
    """The edit distances and counts of `DEFINITIONS` for ≥ 1 paths of ≥ 2 sentences each.

    `expected`: the sentences that should be at the two ends of each path.
    """
    ends = [(list(path[0]), list(path[-1])) for path in paths]
    wanted = [(list(first), list(last)) for first, last in expected]
    exact = [
        one == other
        for found, right in zip(ends, wanted, strict=True)
        for one, other in zip(found, right, strict=True)
    ]
    mixed = [
        [path[0], *other[1:-1], path[-1]]
        for path, other in zip(paths, [*paths[1:], paths[0]], strict=True)
    ]
    largest = [
        max(edit_distance(one, other) for one, other in pairwise(path)) / away
        for path in paths
        if (away := edit_distance(path[0], path[-1]))
    ]
    scores = {
        "ends": mean(exact),
        "rising": mean(_rising(paths)),
        "rising_unrelated": mean(_rising(mixed)),
        "step": mean(_steps(paths)),
        "step_unrelated": mean(_steps(mixed)),
        "distinct": mean(len({tuple(tokens) for tokens in path}) for path in paths),
    }
    return {**scores, "largest_step": mean(largest)} if largest else scores


def distance_profile(paths: Sequence[Sequence[Tokens]]) -> list[float]:
    """Mean edit distance to the first sentence at each point of paths of equal length: [points]."""
    away = [[edit_distance(path[0], tokens) for tokens in path] for path in paths]
    return [mean(distances) for distances in zip(*away, strict=True)]


def _rising(paths: Sequence[Sequence[Tokens]]) -> list[bool]:
    away = [[edit_distance(path[0], tokens) for tokens in path] for path in paths]
    return [later >= earlier for distances in away for earlier, later in pairwise(distances)]


def _steps(paths: Sequence[Sequence[Tokens]]) -> list[int]:
    return [edit_distance(one, other) for path in paths for one, other in pairwise(path)]


def quality_scores(
    paths: Sequence[Sequence[Tokens]],
    perplexity: Callable[[list[list[str]]], float],
    grammatical: Callable[[list[str]], bool] | None,
) -> dict[str, float]:
    """Perplexity and, where there is a grammar, grammaticality of the sentences between and at ends.

    Empty sentences are ungrammatical and have no perplexity.
    """
    parts = {
        "ends": [list(path[place]) for path in paths for place in (0, -1)],
        "between": [list(tokens) for path in paths for tokens in path[1:-1]],
    }
    scores = {}
    for name, sentences in parts.items():
        if spoken := [tokens for tokens in sentences if tokens]:
            scores[f"{name}_ppl"] = perplexity(spoken)
        if grammatical is not None and sentences:
            scores[f"{name}_grammatical"] = mean(map(grammatical, sentences))
    return scores
