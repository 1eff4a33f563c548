"""Decoding: codes become sentences, all on the device, finished sentences dropped as they end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from arae.foundation.settings import bounded
from arae.nn.decoder import StepDecoder
from arae.nn.randomness import Draws
from arae.text.vocabulary import BOS, EOS, PAD

BLOCK = 128  # words


@dataclass(frozen=True, kw_only=True)
class DecodingSettings:
    """`greedy` takes the likeliest word; `sample` draws at `temperature` among the `top_k` likeliest.

    `top_k` 0 means all words.
    """

    decoding: Literal["greedy", "sample"] = "greedy"
    temperature: float = bounded(1.0, low=1e-3)
    top_k: int = bounded(0, low=0)


@torch.no_grad()
def decode(
    decoder: StepDecoder,
    latents: Tensor | None,
    count: int,
    max_length: int,
    settings: DecodingSettings,
    draws: Draws,
) -> tuple[Tensor, Tensor]:
    """Generate `count` sentences of at most `max_length` words from codes [count, d].

    Returns word ids [count, max_length] (0-padded, without <eos>) and lengths [count]. <pad> and
    <bos> are never generated; a sentence that reaches `max_length` words is cut there.
    """
    device = decoder.output.weight.device
    words = torch.full((count, max_length), PAD, dtype=torch.long, device=device)
    lengths = torch.full((count,), max_length, dtype=torch.long, device=device)
    running = torch.arange(count, device=device)
    state = decoder.begin(latents, count)
    word = torch.full((count,), BOS, dtype=torch.long, device=device)
    for position in range(max_length + 1):
        logits, state = decoder.advance(word, state)
        logits[:, [PAD, BOS]] = -torch.inf
        word = _choose(logits, settings, draws)
        ended = word == EOS
        lengths[running[ended]] = position
        alive = (~ended).nonzero().squeeze(1)
        if position == max_length or len(alive) == 0:
            break
        running, word = running[alive], word[alive]
        words[running, position] = word
        if len(alive) < len(ended):
            state = state.keep(alive)
    return words, lengths.clamp_(max=max_length)


def likeliest(logits: Tensor) -> Tensor:
    """`logits.argmax(dim=1)` [B] of logits [B, V], faster on a CPU.

    There torch finds a row's maximum with vector instructions, and where it is without: so it looks for
    the first block that holds the maximum, and for the place in that block only.
    """
    vocabulary = logits.shape[1]
    if logits.device.type != "cpu" or vocabulary <= BLOCK:
        return logits.argmax(dim=1)
    whole = vocabulary - vocabulary % BLOCK
    tops = logits[:, :whole].unflatten(1, (-1, BLOCK)).amax(dim=2)
    if whole < vocabulary:
        tops = torch.cat([tops, logits[:, whole:].amax(dim=1, keepdim=True)], dim=1)
    # The last block reaches back into the one before it, which cannot hold the maximum if this one is chosen.
    start = (tops.argmax(dim=1, keepdim=True) * BLOCK).clamp_(max=vocabulary - BLOCK)
    inside = logits.gather(1, start + torch.arange(BLOCK))
    return start.squeeze(1) + inside.argmax(dim=1)


def _choose(logits: Tensor, settings: DecodingSettings, draws: Draws) -> Tensor:
    if settings.decoding == "greedy":
        return likeliest(logits)
    if settings.temperature != 1:
        logits = logits / settings.temperature
    if 0 < settings.top_k < logits.shape[1]:
        least = logits.topk(settings.top_k, dim=1).values[:, -1:]
        logits = logits.masked_fill(logits < least, -torch.inf)
    return draws.choice(logits.softmax(dim=1))
