"""How much a set of samples repeats itself: the detectors of mode collapse."""

from __future__ import annotations

from collections import Counter

from arae.evaluation.sentences import Sentences
from arae.text.vocabulary import SPECIALS, UNK

FIRST = 1000

DEFINITIONS = {
    "distinct": "share of different sentences among all sampled sentences (empty ones are one kind)",
    "distinct_1000": f"share of different sentences among the first {FIRST:,} non-empty samples",
    "top1": "share of all samples that are the most frequent sentence",
    "mean_length": "mean number of tokens of a sample, <eos> not counted, empty samples as 0",
    "types": "number of different vocabulary words used in the samples",
    "unknown": "share of <unk> among the tokens of the samples",
    "empty": "share of samples without any token",
}


def diversity(samples: Sentences) -> dict[str, float]:
    """The metrics of `DEFINITIONS` for samples."""
    frequency = Counter(" ".join(tokens) for tokens in samples.tokens)
    first = samples.tokens[:FIRST]
    ids = samples.encoded.ids
    used = {int(word) for word in set(ids.tolist())} - set(range(len(SPECIALS)))
    return {
        "distinct": (len(frequency) + (samples.empty > 0)) / samples.count,
        "distinct_1000": len({" ".join(tokens) for tokens in first}) / len(first),
        "top1": max(samples.empty, *frequency.values()) / samples.count,
        "mean_length": len(ids) / samples.count,
        "types": len(used),
        "unknown": float((ids == UNK).mean()),
        "empty": samples.empty / samples.count,
    }
