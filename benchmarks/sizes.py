"""The sizes at which training is timed, and a synthetic text for each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from arae.text.encoded import EncodedText
from arae.text.vocabulary import SPECIALS

# Share of sentences of 0, 1, 2, … 15 words: mean 8.47, as SNLI's up to 15 words.
LENGTHS = np.array([0, 0, 0.5, 2, 5, 8.5, 11.5, 13, 13, 12, 10, 8, 6, 4.5, 3.5, 2.5]) / 100


@dataclass(frozen=True, kw_only=True)
class Size:
    """A recipe and its text: word of rank r has probability ∝ (r + shift)^-exponent.

    The exponents give as many distinct words per batch as the corpora that they stand for.
    """

    recipe: dict[str, Any]
    types: int
    exponent: float
    shift: float

    @property
    def vocabulary(self) -> int:
        """Number of ids, specials included."""
        return self.types + len(SPECIALS)


def _recipe(
    embedding: int,
    hidden: int,
    batch: int,
    generator: dict[str, Any],
    critic: list[int],
    autoencoder: dict[str, Any],
) -> dict[str, Any]:
    layers = {"embedding": embedding, "hidden": hidden}
    return {
        "system": "arae",
        "batch_size": batch,
        "encoder": layers,
        "decoder": layers,
        "latent": hidden,
        "generator": generator,
        "critic": {"hidden": critic, "constraint": {"kind": "gradient_penalty"}},
        "autoencoder": {"clip_norm": 1.0, **autoencoder},
    }


SIZES = {
    "paper": Size(
        recipe=_recipe(
            300,
            300,
            64,
            {"noise": 100, "hidden": [300, 300], "output": "linear"},
            [300, 300],
            {"kind": "sgd", "lr": 1.0},
        ),
        types=11_000,
        exponent=1.2,
        shift=1.0,
    ),
    "scenes": Size(
        recipe=_recipe(
            48,
            96,
            32,
            {"noise": 64, "hidden": [128, 128], "output": "tanh"},
            [128, 128],
            {"kind": "adam", "lr": 0.01},
        ),
        types=1_263,
        exponent=1.0,
        shift=0.0,
    ),
    "tiny": Size(
        recipe=_recipe(
            12,
            16,
            8,
            {"noise": 6, "hidden": [20, 20], "output": "tanh"},
            [20, 20],
            {"kind": "sgd", "lr": 1.0},
        ),
        types=60,
        exponent=1.0,
        shift=0.0,
    ),
}


def zipf_text(size: Size, sentences: int, seed: int = 0) -> EncodedText:
    """`sentences` sentences of independent words, the same for the same seed."""
    rng = np.random.default_rng(seed)
    lengths = rng.choice(len(LENGTHS), sentences, p=LENGTHS)
    offsets = np.concatenate(([0], np.cumsum(lengths))).astype(np.int64)
    weights = (np.arange(1, size.types + 1) + size.shift) ** -size.exponent
    words = rng.choice(size.types, offsets[-1], p=weights / weights.sum()) + len(SPECIALS)
    return EncodedText(words.astype(np.int32), offsets)
