"""Arithmetic of an iteration, counted by formula, and what the machine could do at best."""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import nn

from arae.systems.arae import Settings

PEAK_SIZE = 2048
SHORT, LONG = 32, 160  # time steps between which one step's latency is read
# Encoder and decoder forward and backward; all critic batches encoded at once; the encoder's own step.
PASSES_OVER_TIME = 4 + 1 + 2


def training_flops(settings: Settings, vocabulary: int, tokens: float) -> float:
    """Floating-point operations of the matrix products of one iteration on `tokens` real tokens.

    2·m·n·k per product; padding and products that a loop saves by sharing are not counted, so both
    loops are measured against the same work. A backward pass is twice its forward pass (weights
    and inputs); the gradient penalty is a forward pass, its slope, and twice the slope backward.
    """
    s, size = settings, settings.batch_size
    words = tokens / size  # per sentence, <eos> included
    encoder = 8 * s.encoder.hidden * (s.encoder.embedding + s.encoder.hidden) * words
    decoder = 8 * s.decoder.hidden * (s.decoder.embedding + s.decoder.hidden) * words
    decoder += 8 * s.decoder.hidden * s.latent + 2 * s.decoder.hidden * vocabulary * words
    generator = _chain([s.generator.noise, *s.generator.hidden, s.latent])
    critic = _chain([s.latent, *s.critic.hidden, 1])
    reconstruction = 3 * (encoder + decoder)
    critic_step = encoder + generator + 2 * 3 * critic + 4 * critic
    adversaries = 3 * encoder + 2 * critic + 3 * generator + 2 * critic
    return size * (reconstruction + s.critic.steps * critic_step + adversaries)


def latency_floor(settings: Settings, positions: float, device: torch.device) -> float:
    """Seconds an iteration takes at least, for each time step of an LSTM waits for the one before.

    `positions`: those of a batch's longest sentence, `<eos>` included. A step's latency is torch's own
    LSTM's (cuDNN's on a GPU), forward, at this batch and these sizes, from the difference of a long and
    a short sequence. The layers of critic and generator are not counted: the true floor lies higher.
    """
    return PASSES_OVER_TIME * positions * _step_seconds(settings, device)


@torch.no_grad()
def _step_seconds(settings: Settings, device: torch.device, repeats: int = 9) -> float:
    lstm = nn.LSTM(settings.encoder.embedding, settings.encoder.hidden).to(device)
    seconds: dict[int, list[float]] = {SHORT: [], LONG: []}
    for _ in range(repeats):
        for steps, laps in seconds.items():
            words = torch.zeros(
                steps, settings.batch_size, settings.encoder.embedding, device=device
            )
            wait_for(device)
            began = time.perf_counter()
            lstm(words)
            wait_for(device)
            laps.append(time.perf_counter() - began)
    short, long = (statistics.median(laps[1:]) for laps in seconds.values())
    return (long - short) / (LONG - SHORT)


def wait_for(device: torch.device) -> None:
    """Until a device has done all that it was given."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def _chain(sizes: Sequence[int]) -> int:
    return sum(2 * fan_in * fan_out for fan_in, fan_out in pairwise(sizes))


def peak_flops(repeats: int = 12, device: torch.device | str = "cpu") -> float:
    """Floating-point operations per second of `torch.mm` on float32 matrices, the best of several."""
    first, second = torch.randn(2, PEAK_SIZE, PEAK_SIZE, device=device)
    out = torch.empty_like(first)
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        torch.mm(first, second, out=out)
        wait_for(out.device)
        seconds.append(time.perf_counter() - start)
    return 2 * PEAK_SIZE**3 / min(seconds)
