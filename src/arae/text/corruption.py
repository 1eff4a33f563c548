"""Noise on sentences: what an encoder is given instead of the sentence itself."""

from __future__ import annotations

import numpy as np

from arae.text.encoded import EncodedText


def adjacent_swaps(text: EncodedText, count: int, rng: np.random.Generator) -> EncodedText:
    """Exchange `count` times, in each sentence, two neighbouring words at a random place.

    Places are drawn uniformly, one after the other and independently, so that two swaps may undo
    each other; the same generator state gives a corruption with fewer swaps as the beginning of one
    with more. A sentence of one word stays as it is. Lengths and words are kept, no word moves by
    more than `count` places.
    """
    ids = np.array(text.ids)
    starts, lengths = np.asarray(text.offsets[:-1]), text.lengths
    for _ in range(count):
        drawn = rng.random(len(text))
        places = starts + np.floor(drawn * (lengths - 1)).astype(np.int64)
        left = places[lengths > 1]
        ids[left], ids[left + 1] = ids[left + 1], ids[left]
    return EncodedText(ids, np.asarray(text.offsets))
