"""Random numbers as a pure function of (seed, purpose, counters): nothing to save, nothing to restore."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import torch
from torch import Tensor

from arae.nn.store import Share


def derive_seed(seed: int, *path: int | str) -> int:
    """A 63-bit seed for one purpose, e.g. `derive_seed(7, "order", epoch)`; independent of all others."""
    text = "/".join([str(seed), *map(str, path)])
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big") >> 1


class Draws:
    """The random numbers of one moment (one phase of one iteration, one batch of samples)."""

    def __init__(self, seed: int, *path: int | str, device: torch.device | str = "cpu") -> None:
        self.device = torch.device(device)
        self._start = derive_seed(seed, *path)
        self._generator = torch.Generator(self.device)
        self._generator.manual_seed(self._start)

    @property
    def generator(self) -> torch.Generator:
        """Where the numbers come from."""
        return self._generator

    def restart(self, other: Draws) -> None:
        """Go on with the numbers that `other` began with."""
        self._generator.manual_seed(other._start)

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
        if self.device.type == "cpu":
            return torch.multinomial(probabilities, 1, generator=self._generator).squeeze(1)
        return self._first_arrival(probabilities)  # `multinomial` would make the host wait

    def _first_arrival(self, rates: Tensor) -> Tensor:
        """Which of independent arrivals at rates [B, V] comes first: each in proportion to its rate."""
        waiting = torch.empty_like(rates).exponential_(generator=self._generator)
        return (rates / waiting).argmax(dim=1)

    def dropout(self, values: Tensor, rate: float) -> Tensor:
        """`values` with each element zeroed with probability `rate`, the rest scaled by 1/(1-rate)."""
        if rate == 0.0:
            return values
        return values * self._keep(values, rate).div_(1.0 - rate)

    def _keep(self, values: Tensor, rate: float) -> Tensor:
        return torch.empty_like(values).bernoulli_(1.0 - rate, generator=self._generator)


class SameDraws(Draws):
    """The same normal numbers for all things of a batch: results depend on no other thing in it."""

    def normal(self, *shape: int) -> Tensor:
        """Standard normal numbers [..., B, d], alike along B."""
        *before, _, last = shape
        return super().normal(*before, 1, last).expand(shape)


class ShareDraws(Draws):
    """The numbers that the rows of a share would have had in the whole minibatch.

    What is drawn has the share's rows or its packed positions as first dimension.
    """

    def __init__(self, share: Share, seed: int, *path: int | str, device: torch.device) -> None:
        super().__init__(seed, *path, device=device)
        self._share = share

    def _part(self, shape: Sequence[int]) -> tuple[list[int], Tensor]:
        """The shape of the whole minibatch's draw, and which of its first places are the share's."""
        share = self._share
        if shape[0] == len(share.positions):
            return [share.tokens, *shape[1:]], share.positions
        if shape[0] == len(share.rows):
            return [share.size, *shape[1:]], share.rows
        raise ValueError(
            f"a draw of {list(shape)} is neither of a share's rows nor of its positions"
        )

    def normal(self, *shape: int) -> Tensor:
        """Standard normal numbers of a shape."""
        whole, mine = self._part(shape)
        return super().normal(*whole)[mine]

    def uniform(self, *shape: int) -> Tensor:
        """Numbers uniform in [0, 1)."""
        whole, mine = self._part(shape)
        return super().uniform(*whole)[mine]

    def integers(self, high: int, *shape: int) -> Tensor:
        """Integers uniform in [0, high)."""
        whole, mine = self._part(shape)
        return super().integers(high, *whole)[mine]

    def permutation(self, size: int) -> Tensor:
        """Not of a share: an order belongs to all rows."""
        raise ValueError("no order can be drawn for a share of a minibatch")

    def choice(self, probabilities: Tensor) -> Tensor:
        """Not of a share: sampling reads other rows' numbers."""
        raise ValueError("nothing can be chosen for a share of a minibatch")

    def _keep(self, values: Tensor, rate: float) -> Tensor:
        whole, mine = self._part(values.shape)
        return super()._keep(values.new_empty(whole), rate)[mine]


class InverseDraws(Draws):
    """Draws whose `choice` inverts the cumulative distribution: one uniform number a row instead of one
    a value, some twenty times faster with a thousand values; other numbers of the same law."""

    def choice(self, probabilities: Tensor) -> Tensor:
        """One index per row of `probabilities` [B, V], drawn in proportion: [B]."""
        if self.device.type != "cpu":  # there a sum of floats so far depends on the run
            return super().choice(probabilities)
        cumulative = probabilities.cumsum(dim=1)
        # A uniform number is at most 1 − 2⁻²⁴, and in float32 its product with the total is below it.
        at = self.uniform(len(probabilities), 1) * cumulative[:, -1:]
        return torch.searchsorted(cumulative, at, right=True).squeeze(1)
