"""What a system makes of a sentence whose words were exchanged before encoding (K16; Figure 4)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch

from arae.evaluation.latent import require_codes
from arae.generation.decode import DecodingSettings, decode
from arae.generation.sampling import evaluating
from arae.nn.batch import TextStore
from arae.nn.randomness import Draws
from arae.systems.system import System
from arae.text.corruption import adjacent_swaps
from arae.text.encoded import EncodedText

BATCH = 256


@dataclass(frozen=True)
class Denoised:
    """N sentences seen through the codes of noised ones of the same lengths."""

    noised: EncodedText
    nll: np.ndarray  # [N] −log p(original | code of the noised one), nats, <eos> scored
    words: list[np.ndarray]  # [N] the greedy sentence of each code, ids without <eos>


def denoise(system: System, original: EncodedText, noised: EncodedText) -> Denoised:
    """Encode `noised`, score `original` and decode greedily; sentences correspond by their index."""
    if not np.array_equal(original.offsets, noised.offsets):
        raise ValueError("the noised sentences must be as long as the original ones")
    require_codes(system)
    device = system.device
    clean, corrupt = TextStore(original, device), TextStore(noised, device)
    nll = np.empty(len(original))
    words: list[np.ndarray] = [np.empty(0)] * len(original)
    by_length = np.argsort(original.lengths, kind="stable")
    with evaluating(system), torch.no_grad():
        for start in range(0, len(by_length), BATCH):
            rows = by_length[start : start + BATCH]
            batch, given = clean.batch(rows), corrupt.batch(rows)
            # Equal lengths put the same sentences into the same rows.
            codes = system.encode(given)
            per_row = batch.sum_per_row(system.decoder.nll(batch, codes))
            nll[batch.sentences] = per_row.double().cpu().numpy()
            ids, lengths = decode(
                system.decoder,
                codes,
                batch.size,
                system.settings.max_length,
                DecodingSettings(),
                Draws(0, device=device),  # greedy: nothing is drawn
            )
            for sentence, row, length in zip(
                batch.sentences, ids.cpu().numpy(), lengths.tolist(), strict=True
            ):
                words[sentence] = row[:length]
    return Denoised(noised, nll, words)


def after_swaps(
    system: System, text: EncodedText, swaps: int, draws: int, seed: int
) -> Iterator[list[Denoised]]:
    """For k = 0 … `swaps`, the text after k adjacent swaps, with `draws` draws of noise (one if k = 0).

    Draw number i with k swaps goes on from draw i with k - 1; noise depends on the seed alone.
    """
    for count in range(swaps + 1):
        yield [
            denoise(system, text, adjacent_swaps(text, count, np.random.default_rng([seed, draw])))
            for draw in range(draws if count else 1)
        ]
