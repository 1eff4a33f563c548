"""Sentences from a system's prior: codes, then decoding, batch by batch."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from arae.foundation.console import progress
from arae.foundation.settings import bounded
from arae.generation.decode import DecodingSettings, decode
from arae.nn.decoder import StepDecoder
from arae.nn.randomness import Draws
from arae.systems.system import System
from arae.text.encoded import EncodedText

BATCH = 1000


@dataclass(frozen=True, kw_only=True)
class SampleSettings(DecodingSettings):
    """How many sentences, and how each is decoded."""

    count: int = bounded(100_000, low=1)


@contextmanager
def evaluating(system: System) -> Iterator[None]:
    """Evaluation mode inside, the former mode again outside."""
    was_training = system.training
    system.eval()
    try:
        yield
    finally:
        system.train(was_training)


def generate(
    system: System,
    count: int,
    settings: DecodingSettings,
    seed: int,
    label: str = "",
    decoder: StepDecoder | None = None,
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield (word ids [B, T], lengths [B]) until `count` sentences are made.

    Sentence i depends on the model, `settings`, `seed` and i's batch only. `label` is shown while it
    goes on; `decoder` stands in for the system's own.
    """
    with (
        evaluating(system),
        torch.no_grad(),
        progress(label, count if label else None, "sentences") as bar,
    ):
        writer = system.decoder.ready() if decoder is None else decoder
        for start in range(0, count, BATCH):
            size = min(BATCH, count - start)
            draws = Draws(seed, "sample", start, device=system.device)
            latents = system.sample_latents(size, draws)
            words, lengths = decode(
                writer, latents, size, system.settings.max_length, settings, draws
            )
            yield words.cpu().numpy(), lengths.cpu().numpy()
            bar.advance(size)


def decode_latents(
    system: System, latents: Tensor, settings: DecodingSettings, draws: Draws
) -> tuple[Tensor, Tensor]:
    """Decode given codes [N, d] in bulk: word ids [N, T] (0-padded) and lengths [N]."""
    parts = []
    with evaluating(system), torch.no_grad():
        writer = system.decoder.ready()
        for codes in latents.split(BATCH):
            longest = system.settings.max_length
            parts.append(decode(writer, codes, len(codes), longest, settings, draws))
    words, lengths = zip(*parts, strict=True)
    return torch.cat(words), torch.cat(lengths)


def generate_text(system: System, count: int, settings: DecodingSettings, seed: int) -> EncodedText:
    """`count` generated sentences as one encoded text; empty sentences are left out."""
    parts, lengths = [], []
    for words, sizes in generate(system, count, settings, seed):
        parts.append(words[np.arange(words.shape[1])[None, :] < sizes[:, None]])
        lengths.append(sizes[sizes > 0])
    sizes = np.concatenate(lengths)
    offsets = np.concatenate(([0], np.cumsum(sizes))).astype(np.int64)
    return EncodedText(np.concatenate(parts).astype(np.int32), offsets)
