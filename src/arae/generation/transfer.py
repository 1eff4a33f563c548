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
from arae.generation.decode import DecodingSettings, decode
from arae.generation.sampling import evaluating
from arae.nn.batch import Batch, TextStore
from arae.nn.decoder import StepDecoder
from arae.nn.randomness import Draws
from arae.systems.system import TextSystem

BATCH = 500


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


def transfer_everything(
    system: TextSystem, store: TextStore, settings: DecodingSettings, seed: int, name: str = ""
) -> Iterator[Transferred]:
    """Every sentence of a labelled text to every other label: by sentence, then by label.

    A result depends on the model, `settings`, `seed` and the sentence's batch only. A
    `SettingsError` if the system cannot transfer.
    """
    able = require_transfer(system)
    if store.labels is None:
        raise SettingsError("the text has no labels, so nothing says what to transfer it from")
    with evaluating(system), torch.no_grad(), progress(name, len(store), "sentences") as bar:
        for rows in torch.arange(len(store)).split(BATCH):
            start, own = int(rows[0]), store.labels[rows.numpy()]
            batch = store.batch(rows)
            codes = batch.restore(able.encode(batch))
            written = []
            for target in range(able.labels):
                wanted = np.flatnonzero(own != target)
                if not len(wanted):
                    continue
                draws = Draws(seed, "transfer", start, target, device=system.device)
                latents = codes[torch.from_numpy(wanted).to(codes.device)]
                words, lengths = decode(
                    able.decoder_for(target),
                    latents,
                    len(wanted),
                    system.settings.max_length,
                    settings,
                    draws,
                )
                rows_written = zip(wanted, words.cpu().numpy(), lengths.tolist(), strict=True)
                written += [
                    Transferred(start + int(row), int(own[row]), target, ids[:length])
                    for row, ids, length in rows_written
                ]
            yield from sorted(written, key=lambda result: (result.sentence, result.target))
            bar.advance(len(rows))


def require_transfer(system: TextSystem) -> Transferring:
    """The system as one that transfers; `SettingsError` if it was trained without labels."""
    if not isinstance(system, Transferring) or system.labels < 2:
        raise SettingsError(
            f"system '{system.settings.system}' has one decoder for all labels and cannot "
            "transfer; train arae_transfer or cross_aligned"
        )
    return system
