"""Corpus BLEU-4 of Papineni et al. (2002) as the Moses script `multi-bleu.perl -lc` computes it:
lower-cased, tokens as given, one reference, no smoothing."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from arae.evaluation.intervals import BOOTSTRAP_SEED, RESAMPLES

ORDER = 4
# In the notation of sacrebleu, whose `tokenize=none, lowercase, smooth_method=none` is the same.
SIGNATURE = "BLEU|nrefs:1|case:lc|eff:no|tok:none|smooth:none"
DEFINITION = (
    "corpus BLEU-4 of the outputs against their sources, 0 to 100 "
    f"({SIGNATURE}); high where the source's words are kept"
)

Tokens = Sequence[str]


@dataclass(frozen=True)
class Bleu:
    """`score` and `precisions` (orders 1 … 4) in percent; lengths in tokens."""

    score: float
    precisions: tuple[float, ...]
    brevity_penalty: float
    hypothesis_length: int
    reference_length: int

    def __str__(self) -> str:
        orders = "/".join(f"{value:.1f}" for value in self.precisions)
        ratio = self.hypothesis_length / self.reference_length
        return (
            f"{SIGNATURE} = {self.score:.2f} {orders} (BP = {self.brevity_penalty:.3f} "
            f"ratio = {ratio:.3f} hyp_len = {self.hypothesis_length} "
            f"ref_len = {self.reference_length})"
        )


def corpus_bleu(hypotheses: Sequence[Tokens], references: Sequence[Tokens]) -> Bleu:
    """BLEU of hypotheses against references, pair by pair.

    0 if an order has no match, so also if no hypothesis has four tokens. An empty hypothesis counts
    as one; a corpus without any reference token is a `ValueError`.
    """
    return bleu_of(bleu_counts(hypotheses, references).sum(axis=0))


def bleu_counts(hypotheses: Sequence[Tokens], references: Sequence[Tokens]) -> np.ndarray:
    """[N, 10] per pair: matched n-grams of orders 1 … 4, n-grams of the hypothesis of orders
    1 … 4, its length and the reference's length. BLEU is a function of their sums."""
    if len(hypotheses) != len(references):
        raise ValueError(f"{len(hypotheses)} hypotheses for {len(references)} references")
    if not hypotheses:
        raise ValueError("no sentence to measure BLEU on")
    rows = [_counts(*pair) for pair in zip(hypotheses, references, strict=True)]
    return np.array(rows, dtype=np.int64)


def bleu_of(counts: np.ndarray) -> Bleu:
    """BLEU of summed counts [10]."""
    *numbers, length, wanted = (int(value) for value in counts)
    if wanted == 0:
        raise ValueError("the references hold no token")
    pairs = list(zip(numbers[:ORDER], numbers[ORDER:], strict=True))
    precisions = [matched / total if total else 0.0 for matched, total in pairs]
    penalty = 0.0 if length == 0 else math.exp(min(0.0, 1 - wanted / length))
    score = 0.0
    if all(precisions):
        score = 100 * penalty * math.exp(math.fsum(map(math.log, precisions)) / ORDER)
    return Bleu(score, tuple(100 * p for p in precisions), penalty, length, wanted)


def bleu_interval(counts: np.ndarray, level: float = 0.95) -> tuple[float, float]:
    """Percentile bootstrap interval of the score from counts per pair [N, 10], drawing whole pairs."""
    generator = np.random.default_rng(BOOTSTRAP_SEED)
    count = len(counts)
    scores = []
    for _ in range(RESAMPLES):
        times = np.bincount(generator.integers(0, count, count), minlength=count)
        scores.append(bleu_of(times @ counts).score)
    tail = (1 - level) / 2
    low, high = np.quantile(scores, (tail, 1 - tail))
    return float(low), float(high)


def _counts(hypothesis: Tokens, reference: Tokens) -> list[int]:
    found, wanted = ([token.lower() for token in tokens] for tokens in (hypothesis, reference))
    matched, total = [], []
    for order in range(1, ORDER + 1):
        grams = _ngrams(found, order)
        matched.append((grams & _ngrams(wanted, order)).total())
        total.append(grams.total())
    return [*matched, *total, len(found), len(wanted)]


def _ngrams(tokens: list[str], order: int) -> Counter[tuple[str, ...]]:
    return Counter(zip(*(tokens[start:] for start in range(order)), strict=False))
