"""Offset-vector arithmetic in the noise space of a generator (paper: Figure 5, Appendix E; K17).

Sentences sampled from the prior give the mean noise vector of every feature ("subject:man"). To give
a new sentence a feature f*, its noise s moves for up to `rounds` rounds, s₀ being where it began:

    s' = s + mean(f*) − mean over the features of f*'s kind that the greedy sentence of s has
    s ← keep · (s₀ − mean over s₀'s features of that kind) + (1 − keep) · s'

until the greedy sentence contains the target word. The means are vectors (the authors' script takes
them over all numbers at once, hence subtracts a scalar), and words are whole words ("man" is not in
"woman").
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from statistics import fmean as mean

import torch
from torch import Tensor

from arae.evaluation.feature_means import CHUNK, FeatureMeans, Speaking
from arae.evaluation.features import FeatureReader
from arae.evaluation.transforms import OffsetSettings, Transform

DRAWN_AT_ONCE = 256


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of a transform; without numbers where it could not be tried, `problem` saying why."""

    transform: Transform
    having: int  # sampled sentences with the feature
    problem: str | None = None
    altered: int = 0  # sentences that were altered
    numbers: dict[str, float] = field(default_factory=dict)  # by the names of `DEFINITIONS`
    examples: tuple[tuple[str, str], ...] = ()  # greedy sentences before and after, where it worked


DEFINITIONS = {
    "match": "share of altered sentences of which at least one of {samples} sampled decodings "
    "contains the target word",
    "match_before": "the same for the sentences as they were before: what sampling gives by chance",
    "precision": "share of the words of those decodings that are in the original greedy sentence "
    "(each as often as there; the target word left out), mean over decodings, then over sentences",
    "precision_unmoved": "precision of all sampled decodings of the sentences as they were before: "
    "what sampling alone leaves of a greedy sentence",
    "precision_unrelated": "precision against another original sentence: what any two sentences share",
    "greedy": "share of altered sentences whose greedy decoding contains the target word",
    "role": "share of altered sentences whose greedy decoding has the target as the feature asked "
    "for, as {reader} reads it",
}


def apply_transform(
    speaker: Speaking,
    read: FeatureReader,
    means: FeatureMeans,
    transform: Transform,
    settings: OffsetSettings,
    vocabulary: Collection[str],
) -> Outcome:
    """Alter new sentences towards `transform` and measure what came of it."""
    having = means.count(transform.kind, transform.word)
    if transform.word not in vocabulary:
        return Outcome(transform=transform, having=having, problem="not in the vocabulary")
    if having < settings.fewest:
        problem = f"{having} of {settings.sentences:,} sampled sentences have it"
        problem = f"{problem}, {settings.fewest} are needed"
        return Outcome(transform=transform, having=having, problem=problem)
    start, before = _without(speaker, transform, settings.altered)
    if not before:
        problem = "every greedy sentence has it already"
        return Outcome(transform=transform, having=having, problem=problem)
    end = alter(speaker, read, means, transform, start, settings)
    after = speaker.say(end)
    greedy = [transform.word in tokens for tokens in after]
    role = [transform.word in read(tokens).get(transform.kind, ()) for tokens in after]
    return Outcome(
        transform=transform,
        having=having,
        altered=len(before),
        numbers={
            **_judge(speaker, transform, before, start, end, settings),
            "greedy": mean(greedy),
            "role": mean(role),
        },
        examples=tuple(
            (" ".join(old), " ".join(new))
            for old, new, worked in zip(before, after, greedy, strict=True)
            if worked
        ),
    )


def alter(
    speaker: Speaking,
    read: FeatureReader,
    means: FeatureMeans,
    transform: Transform,
    noise: Tensor,
    settings: OffsetSettings,
) -> Tensor:
    """Where the offsets take `noise` [B, n]: [B, n]. A point stays once its sentence has the word."""
    goal = means.mean(transform.kind, [transform.word])
    said = speaker.say(noise)
    point = noise.double()
    anchor = point - means.means(transform.kind, [read(tokens) for tokens in said])
    for _ in range(settings.rounds):
        rows = [row for row, tokens in enumerate(said) if transform.word not in tokens]
        if not rows:
            break
        own = means.means(transform.kind, [read(said[row]) for row in rows])
        moved = point[rows] + goal - own
        point[rows] = settings.keep * anchor[rows] + (1 - settings.keep) * moved
        for row, tokens in zip(rows, speaker.say(point[rows].to(noise.dtype)), strict=True):
            said[row] = tokens
    return point.to(noise.dtype)


def unigram_precision(output: Sequence[str], original: Sequence[str], ignored: str) -> float | None:
    """Share of the words of `output` that are in `original`, each as often as there at most.

    `ignored` counts in neither; None where no other word is put out.
    """
    made = Counter(word for word in output if word != ignored)
    given = Counter(original)
    total = made.total()
    return (made & given).total() / total if total else None


def _judge(
    speaker: Speaking,
    transform: Transform,
    before: list[list[str]],
    start: Tensor,
    end: Tensor,
    settings: OffsetSettings,
) -> dict[str, float]:
    """Match, its value without any move, precision, and the precision against another sentence."""
    word = transform.word
    unmoved, moved = (
        list(_grouped(speaker, noise, settings.samples, when, transform.kind, word))
        for when, noise in (("before", start), ("after", end))
    )
    hits = [[tokens for tokens in group if word in tokens] for group in moved]
    return {
        "match": mean(map(bool, hits)),
        "match_before": mean(any(word in tokens for tokens in group) for group in unmoved),
        **_mean_precision("precision", hits, before, word),
        **_mean_precision("precision_unmoved", unmoved, before, word),
        **_mean_precision("precision_unrelated", hits, before[1:] + before[:1], word),
    }


def _mean_precision(
    metric: str, groups: list[list[list[str]]], originals: list[list[str]], ignored: str
) -> dict[str, float]:
    """{metric: mean over originals of the mean over their group}; {} where no group has a word."""
    means = []
    for group, original in zip(groups, originals, strict=True):
        values = [unigram_precision(tokens, original, ignored) for tokens in group]
        if defined := [value for value in values if value is not None]:
            means.append(mean(defined))
    return {metric: mean(means)} if means else {}


def _grouped(
    speaker: Speaking, noise: Tensor, samples: int, *purpose: str
) -> Iterator[list[list[str]]]:
    """`samples` sampled sentences of each point."""
    step = max(1, CHUNK // samples)
    for first in range(0, len(noise), step):
        repeated = noise[first : first + step].repeat_interleave(samples, dim=0)
        sentences = speaker.sample(repeated, *purpose, first)
        for begin in range(0, len(sentences), samples):
            yield sentences[begin : begin + samples]


def _without(speaker: Speaking, transform: Transform, count: int) -> tuple[Tensor, list[list[str]]]:
    """Up to `count` new points whose greedy sentences have words but not the target, in order."""
    points: list[Tensor] = []
    sentences: list[list[str]] = []
    tries = 2 + 4 * count // DRAWN_AT_ONCE
    for attempt in range(tries):
        noise = speaker.noise(DRAWN_AT_ONCE, "alter", transform.kind, transform.word, attempt)
        for point, tokens in zip(noise, speaker.say(noise), strict=True):
            if tokens and transform.word not in tokens and len(points) < count:
                points.append(point)
                sentences.append(tokens)
        if len(points) == count:
            break
    return torch.stack(points) if points else noise[:0], sentences
