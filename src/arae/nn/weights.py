"""The weight of a term of a loss over time.

A weight is a module: a schedule is a function of the moment alone, a controller keeps its state in
buffers, which are saved with the model and stay on its device.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

import torch
from torch import Tensor, nn

from arae.foundation.settings import bounded


class Now(Protocol):
    """What a schedule may depend on."""

    epoch: float  # epochs done, with their fraction
    progress: float  # share of the training done, 0 to 1

    def number(self, schedule: object) -> float | Tensor:
        """What a schedule says now (see `Moment.number`)."""


class Weight(nn.Module):
    """Base of the weights."""

    def forward(self, moment: Now, observed: Tensor) -> float | Tensor:
        """The weight now; `observed` is the mean of the weighted term over the minibatch, detached."""
        raise NotImplementedError

    def after_step(self) -> None:
        """Called when the step whose loss had the weight is made."""

    def notes(self) -> Mapping[str, Tensor]:
        """Numbers worth logging."""
        return {}


class Schedule(Weight):
    """A weight that depends on time alone."""

    def __init__(self, settings: Timed) -> None:
        super().__init__()
        self.settings = settings

    def forward(self, moment: Now, observed: Tensor) -> float | Tensor:
        """The schedule's number."""
        return moment.number(self.settings.at)


class Timed(Protocol):
    """Settings of a schedule."""

    def at(self, now: Now) -> float:
        """The weight at a moment."""


@dataclass(frozen=True, kw_only=True)
class Constant:
    """Always `value` (β-VAE)."""

    kind: Literal["constant"] = "constant"
    value: float = bounded(1.0, low=0.0)

    def build(self) -> Weight:
        """The weight of a new model."""
        return Schedule(self)

    def at(self, now: Now) -> float:
        """The weight at a moment."""
        return self.value


@dataclass(frozen=True, kw_only=True)
class Linear:
    """From `start` to `end` over `epochs`, then `end` (Bowman et al. 2016)."""

    kind: Literal["linear"] = "linear"
    start: float = bounded(0.0, low=0.0)
    end: float = bounded(1.0, low=0.0)
    epochs: float = bounded(10.0, low=0.0)

    def build(self) -> Weight:
        """The weight of a new model."""
        return Schedule(self)

    def at(self, now: Now) -> float:
        """The weight at a moment."""
        share = 1.0 if self.epochs == 0 else min(1.0, now.epoch / self.epochs)
        return self.start + (self.end - self.start) * share


@dataclass(frozen=True, kw_only=True)
class Logistic:
    """1 / (1 + exp(−(t − T/2) / (T/10))) of T = `epochs`, times `end`; `end` from T on."""

    kind: Literal["logistic"] = "logistic"
    end: float = bounded(1.0, low=0.0)
    epochs: float = bounded(10.0, low=1e-6)

    def build(self) -> Weight:
        """The weight of a new model."""
        return Schedule(self)

    def at(self, now: Now) -> float:
        """The weight at a moment."""
        share = now.epoch / self.epochs
        return self.end if share >= 1 else self.end / (1 + math.exp(-10 * (share - 0.5)))


@dataclass(frozen=True, kw_only=True)
class Cyclical:
    """`cycles` times in the training from 0 to `end` during the share `rise` of a cycle, then `end`."""

    kind: Literal["cyclical"] = "cyclical"
    end: float = bounded(1.0, low=0.0)
    cycles: int = bounded(4, low=1)
    rise: float = bounded(0.5, low=1e-6, high=1.0)

    def build(self) -> Weight:
        """The weight of a new model."""
        return Schedule(self)

    def at(self, now: Now) -> float:
        """The weight at a moment."""
        place = now.progress * self.cycles
        return self.end * min(1.0, (place - math.floor(place)) / self.rise)


@dataclass(frozen=True, kw_only=True)
class PI:
    """ControlVAE's controller (Shao et al. 2020), which holds the term at `target` nats a thing.

    e = target − observed; P = kp / (1 + exp(e)); I ← I − ki·e; the weight is P + I + `least`, clipped to
    [`least`, `greatest`]. `integrates`: when I moves. `directional`: unless the last unclipped sum is
    outside the limits and I would go further out. `inside`: only if that sum is inside (the authors'
    dialogue code), which can lock the weight at a limit for ever. `always`: as Algorithm 1 is printed,
    whose test is of the clipped weight and so always true.
    """

    kind: Literal["pi"] = "pi"
    target: float = bounded(low=0.0)
    kp: float = bounded(0.01, low=0.0)
    ki: float = bounded(1e-4, low=0.0)
    least: float = bounded(0.0, low=0.0)
    greatest: float = bounded(1.0, low=0.0)
    integrates: Literal["directional", "inside", "always"] = "directional"

    def build(self) -> Weight:
        """The weight of a new model."""
        return Controller(self)

    def check(self) -> None:
        """The limits are in order."""
        if self.greatest < self.least:
            raise ValueError(f"greatest: {self.greatest:g} is below least: {self.least:g}")


class Controller(Weight):
    """The controller of `PI`; `forward` changes nothing, `after_step` takes over what it found."""

    integral: Tensor  # I
    unclipped: Tensor  # P + I + least of the last step
    value: Tensor  # the weight of the last step

    def __init__(self, settings: PI) -> None:
        super().__init__()
        self.settings = settings
        start = {"integral": 0.0, "unclipped": settings.least, "value": settings.least}
        for name, number in start.items():
            self.register_buffer(name, torch.tensor(number, dtype=torch.float64))
        self._found: tuple[Tensor, Tensor, Tensor] | None = None

    @torch.no_grad()
    def forward(self, moment: Now, observed: Tensor) -> Tensor:
        """The weight for the term as it is now, a scalar."""
        s = self.settings
        error = s.target - observed.double()
        proportional = s.kp * torch.sigmoid(-error)
        change = -s.ki * error
        integral = self.integral + torch.where(self._may_move(change), change, 0.0)
        unclipped = proportional + integral + s.least
        value = unclipped.clamp(s.least, s.greatest)
        self._found = integral, unclipped, value
        return value.to(observed.dtype)

    @torch.no_grad()
    def after_step(self) -> None:
        """Keep the state that the step's loss was computed with."""
        if self._found is not None:
            for buffer, found in zip(
                (self.integral, self.unclipped, self.value), self._found, strict=True
            ):
                buffer.copy_(found)

    def notes(self) -> Mapping[str, Tensor]:
        """The weight."""
        return {} if self._found is None else {"weight": self._found[2].float()}

    def _may_move(self, change: Tensor) -> Tensor:
        s = self.settings
        below, above = self.unclipped < s.least, self.unclipped > s.greatest
        return MAY_MOVE[s.integrates](below, above, change)


MAY_MOVE = {
    "directional": lambda below, above, change: ~(below & (change < 0) | above & (change > 0)),
    "inside": lambda below, above, change: ~(below | above),
    "always": lambda below, above, change: torch.ones_like(below),
}

WeightSettings = Constant | Linear | Logistic | Cyclical | PI
