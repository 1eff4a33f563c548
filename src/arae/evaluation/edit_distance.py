"""Word edit distance (insertions, deletions, substitutions) of many pairs of sentences at once."""

from __future__ import annotations

import numpy as np

from arae.text.encoded import EncodedText


def edit_distances(
    first: EncodedText, second: EncodedText, pairs: np.ndarray, limit: int
) -> np.ndarray:
    """Edit distance of first[i] and second[j] for each (i, j) of `pairs` [P, 2]; [P], int64.

    Distances above `limit` come out as limit + 1. Only cells within `limit` of the diagonal are
    computed, one row of all pairs at a time.
    """
    left, rows = _by_position(first, pairs[:, 0])
    right, columns = _by_position(second, pairs[:, 1])
    padding = np.zeros((limit, len(pairs)), dtype=right.dtype)
    right = np.concatenate([padding, right, padding, np.zeros_like(left)])
    width, far = 2 * limit + 1, limit + 1
    steps = np.arange(width, dtype=np.int16)[:, None]
    # band[k]: distance of the first `row` words on the left and row + k - limit on the right.
    band = np.where(steps < limit, far, steps - limit).repeat(len(pairs), axis=1).astype(np.int16)
    result = np.full(len(pairs), far, dtype=np.int64)
    place = columns - rows + limit  # where a pair's result is when its left sentence ends
    inside = (place >= 0) & (place < width)
    for row, words in enumerate(left, start=1):
        substituted = band + (right[row - 1 : row - 1 + width] != words)
        substituted[:-1] = np.minimum(substituted[:-1], band[1:] + 1)  # or a left word deleted
        band = np.minimum.accumulate(substituted - steps, axis=0) + steps  # or right words inserted
        ended = np.flatnonzero((rows == row) & inside)
        result[ended] = band[place[ended], ended]
    return np.minimum(result, far)


def _by_position(text: EncodedText, sentences: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(ids [longest, P], 0 beyond a sentence's end; lengths [P]) of some sentences."""
    starts = np.asarray(text.offsets[:-1])[sentences]
    lengths = np.asarray(text.offsets[1:])[sentences] - starts
    positions = np.arange(lengths.max(initial=0))[:, None]
    held = positions < lengths
    ids = np.where(held, np.asarray(text.ids)[np.where(held, starts + positions, 0)], 0)
    return ids.astype(np.int32), lengths
