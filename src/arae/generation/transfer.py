"""Transfer: a sentence's code, decoded in another label's words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
import torch
from torch import Tensor

from arae.foundation.console import progress
from arae.foundation.errors import SettingsError
from arae.foundation.settings import bounded
from arae.generation.decode import DecodingSettings, decode
from arae.generation.sampling import evaluating
from arae.nn.batch import Batch, TextStore
from arae.nn.decoder import StepDecoder
from arae.nn.randomness import Draws
from arae.systems.system import System

BATCH = 500


@dataclass(frozen=True, kw_only=True)
class TransferSettings(DecodingSettings):
    """How many transferred sentences are wanted, all targets together, and how they are decoded."""

    count: int = bounded(100_000, low=1)


@runtime_checkable
class Transferring(Protocol):
    """What a system needs to transfer: codes without the label, and a decoder for each label."""

    labels: int

    def encode(self, batch: Batch) -> Tensor:
        """Codes [B, d], in row order."""

    def decoder_for(self, label: int | None = None) -> StepDecoder:
        """The decoder that writes sentences of a label."""


@dataclass(frozen=True)
class Transferred:
    """One sentence in another label's words."""

    sentence: int  # its place in the text
    source: int  # its own label
    target: int
    words: np.ndarray  # ids, without <eos>; may be empty


def transfer_all(
    system: System, store: TextStore, rows: np.ndarray, settings: DecodingSettings, seed: int
) -> Iterator[Transferred]:
    """The sentences `rows` [N] of a labelled text to every other label: by sentence, then by label.

    A result depends on the model, `settings`, `seed` and the sentence's batch only. A
    `SettingsError` if the system cannot transfer.
    """
    able = require_transfer(system)
    if store.labels is None:
        raise SettingsError("the text has no labels, so nothing says what to transfer it from")
    with evaluating(system), torch.no_grad(), progress("transfer", len(rows), "sentences") as bar:
        for start in range(0, len(rows), BATCH):
            chosen = rows[start : start + BATCH]
            own, batch = store.labels[chosen], store.batch(chosen)
            codes = batch.restore(able.encode(batch))
            written: list[Transferred] = []
            for target in range(able.labels):
                wanted = np.flatnonzero(own != target)
                draws = Draws(seed, "transfer", start, target, device=system.device)
                sentences = _decode(system, target, codes[wanted], settings, draws)
                written += [
                    Transferred(int(chosen[row]), int(own[row]), target, words)
                    for row, words in zip(wanted, sentences, strict=True)
                ]
            yield from sorted(written, key=lambda result: (result.sentence, result.target))
            bar.advance(len(chosen))


def _decode(
    system: System, target: int, codes: Tensor, settings: DecodingSettings, draws: Draws
) -> list[np.ndarray]:
    if not len(codes):
        return []
    decoder, longest = system.decoder_for(target), system.settings.max_length
    words, lengths = decode(decoder, codes, len(codes), longest, settings, draws)
    return [ids[:length] for ids, length in zip(words.cpu().numpy(), lengths.tolist(), strict=True)]


def spread(available: int, wanted: int) -> np.ndarray:
    """`wanted` places of 0 … available−1, rising and evenly spaced: every part of a text is in."""
    return np.arange(wanted) * available // wanted


def require_transfer(system: System) -> Transferring:
    """The system as one that transfers; `SettingsError` if it was trained without labels."""
    if not isinstance(system, Transferring) or system.labels < 2:
        raise SettingsError(
            f"system '{system.settings.system}' has one decoder for all labels and cannot "
            "transfer; train arae_transfer or cross_aligned"
        )
    return system
