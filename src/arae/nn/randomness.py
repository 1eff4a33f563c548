"""Random numbers as a pure function of (seed, purpose, counters): nothing to save, nothing to restore."""

from __future__ import annotations

import hashlib

import torch
from torch import Tensor


def derive_seed(seed: int, *path: int | str) -> int:
    """A 63-bit seed for one purpose, e.g. `derive_seed(7, "order", epoch)`; independent of all others."""
    text = "/".join([str(seed), *map(str, path)])
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big") >> 1


class Draws:
    """The random numbers of one moment (one phase of one iteration, one batch of samples)."""

    def __init__(self, seed: int, *path: int | str, device: torch.device | str = "cpu") -> None:
        self.device = torch.device(device)
        self._generator = torch.Generator(self.device)
        self._generator.manual_seed(derive_seed(seed, *path))

    def normal(self, *shape: int) -> Tensor:
        """Standard normal numbers of a shape."""
        return torch.randn(shape, generator=self._generator, device=self.device)

    def uniform(self, *shape: int) -> Tensor:
        """Numbers uniform in [0, 1)."""
        return torch.rand(shape, generator=self._generator, device=self.device)

    def integers(self, high: int, *shape: int) -> Tensor:
        """Integers uniform in [0, high)."""
        return torch.randint(high, shape, generator=self._generator, device=self.device)

    def permutation(self, size: int) -> Tensor:
        """A random order of 0 … size-1."""
        return torch.randperm(size, generator=self._generator, device=self.device)

    def choice(self, probabilities: Tensor) -> Tensor:
        """One index per row of `probabilities` [B, V], drawn in proportion: [B]."""
        return torch.multinomial(probabilities, 1, generator=self._generator).squeeze(1)

    def dropout(self, values: Tensor, rate: float) -> Tensor:
        """`values` with each element zeroed with probability `rate`, the rest scaled by 1/(1-rate)."""
        if rate == 0.0:
            return values
        keep = torch.empty_like(values).bernoulli_(1.0 - rate, generator=self._generator)
        return values * keep.div_(1.0 - rate)


class InverseDraws(Draws):
    """Draws whose `choice` inverts the cumulative distribution: one uniform number a row instead of one
    a value, some twenty times faster with a thousand values; other numbers of the same law."""

    def choice(self, probabilities: Tensor) -> Tensor:
        """One index per row of `probabilities` [B, V], drawn in proportion: [B]."""
        cumulative = probabilities.cumsum(dim=1)
        # A uniform number is at most 1 − 2⁻²⁴, and in float32 its product with the total is below it.
        at = self.uniform(len(probabilities), 1) * cumulative[:, -1:]
        return torch.searchsorted(cumulative, at, right=True).squeeze(1)
