"""Optimisers over a phase's parameters: state in plain tensors, no host synchronisation.

Own code because torch's optimisers import its compiler (0.7 s a process) and keep their state in a
form that only pickle stores whole.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from arae.foundation.settings import bounded


@dataclass(frozen=True, kw_only=True)
class OptimiserSettings:
    """`sgd` or `adam`; `clip_norm` bounds the norm of the whole phase's gradient (0 = off).

    `clip_value` bounds each element of the gradient instead (0 = off). The learning rate goes linearly
    from `lr` to `final_share`·`lr` over the training; with `cycles` above 0 it does so along half a cosine
    in each of so many equal parts of the training, and starts anew (Loshchilov & Hutter 2017).
    """

    kind: Literal["sgd", "adam"] = "sgd"
    lr: float = bounded(1.0, low=0.0)
    final_share: float = bounded(1.0, low=0.0, high=1.0)
    beta1: float = bounded(0.9, low=0.0, high=1.0)
    beta2: float = bounded(0.999, low=0.0, high=1.0)
    epsilon: float = bounded(1e-8, low=0.0)
    clip_norm: float = bounded(0.0, low=0.0)
    clip_value: float = bounded(0.0, low=0.0)
    cycles: int = bounded(0, low=0)

    def rate(self, progress: float | Tensor) -> float | Tensor:
        """Learning rate when a share `progress` of the training is done; a tensor only if it changes."""
        if self.final_share == 1.0:
            return self.lr
        if self.cycles:
            turn = progress * self.cycles % 1.0 * math.pi
            fallen = 0.5 - 0.5 * (turn.cos() if isinstance(turn, Tensor) else math.cos(turn))
        else:
            fallen = progress
        return self.lr * (1 - (1 - self.final_share) * fallen)


class SGD:
    """θ ← θ − lr·g."""

    def __init__(self, parameters: Sequence[nn.Parameter], settings: OptimiserSettings) -> None:
        self.parameters: list[Tensor] = list(parameters)
        self.settings = settings

    @torch.no_grad()
    def step(
        self,
        gradients: Sequence[Tensor],
        progress: float | Tensor = 0.0,
        scale: float | Tensor = 1.0,
        beside: Sequence[Tensor] = (),
    ) -> None:
        """Apply one update when a share `progress` of the training is done, at `scale` times the rate.

        `beside`: gradients of parameters that are not stepped, which count in the norm to clip by.
        """
        grads = [g.coalesce() if g.is_sparse else g for g in gradients]
        _clip([g.values() if g.is_sparse else g for g in grads], self.settings, beside)
        rate = self.settings.rate(progress) * scale
        if isinstance(rate, Tensor):
            torch._foreach_sub_(self.parameters, [g * rate for g in grads])
        else:
            torch._foreach_add_(self.parameters, grads, alpha=-rate)

    def state(self) -> dict[str, Tensor]:
        """Tensors to save: none."""
        return {}

    def load_state(self, state: dict[str, Tensor]) -> None:
        """Nothing to restore."""

    def reset(self) -> None:
        """Nothing to forget."""


class Adam:
    """Adam (Kingma & Ba 2015, Algorithm 1)."""

    def __init__(self, parameters: Sequence[nn.Parameter], settings: OptimiserSettings) -> None:
        self.parameters: list[Tensor] = list(parameters)
        self.settings = settings
        self._first: list[
            Tensor
        ] = []  # made when first needed: by then the parameters are in place
        self._second: list[Tensor] = []
        self._steps = torch.zeros(())

    @torch.no_grad()
    def step(
        self,
        gradients: Sequence[Tensor],
        progress: float | Tensor = 0.0,
        scale: float | Tensor = 1.0,
        beside: Sequence[Tensor] = (),
    ) -> None:
        """See `SGD.step`."""
        if not self._first:
            self._begin()
        s = self.settings
        grads = [g.to_dense() if g.is_sparse else g for g in gradients]
        _clip(grads, s, beside)
        self._steps += 1
        torch._fused_adam_(  # type: ignore[attr-defined]
            self.parameters,
            grads,
            self._first,
            self._second,
            [],
            [self._steps] * len(grads),
            lr=s.rate(progress) * scale,
            beta1=s.beta1,
            beta2=s.beta2,
            weight_decay=0.0,
            eps=s.epsilon,
            amsgrad=False,
            maximize=False,
        )

    def state(self) -> dict[str, Tensor]:
        """Moments and step count, by position; nothing before the first step."""
        moments = {f"first.{i}": m for i, m in enumerate(self._first)}
        moments |= {f"second.{i}": m for i, m in enumerate(self._second)}
        return moments | {"steps": self._steps}

    def load_state(self, state: dict[str, Tensor]) -> None:
        """Restore what `state` gave."""
        if state["steps"] == 0:
            return
        self._begin()
        self._steps.copy_(state["steps"])
        for name, moments in (("first", self._first), ("second", self._second)):
            for position, moment in enumerate(moments):
                moment.copy_(state[f"{name}.{position}"])

    def reset(self) -> None:
        """Forget all moments, in place: a recorded step goes on with the same memory."""
        for tensor in (*self._first, *self._second, self._steps):
            tensor.zero_()

    def _begin(self) -> None:
        self._first = [torch.zeros_like(p) for p in self.parameters]
        self._second = [torch.zeros_like(p) for p in self.parameters]
        self._steps = torch.zeros((), device=self.parameters[0].device)


class Grouped:
    """Several optimisers as one: each updates its own parameters, at its own rate."""

    def __init__(self, members: Sequence[SGD | Adam]) -> None:
        self.members = list(members)

    @property
    def parameters(self) -> list[Tensor]:
        """The members' parameters, in order."""
        return [parameter for member in self.members for parameter in member.parameters]

    def step(
        self,
        gradients: Sequence[Tensor],
        progress: float | Tensor = 0.0,
        scale: float | Tensor = 1.0,
        beside: Sequence[Tensor] = (),
    ) -> None:
        """See `SGD.step`; each member clips by its own norm, so there is nothing `beside`."""
        rest = list(gradients)
        for member in self.members:
            own, rest = rest[: len(member.parameters)], rest[len(member.parameters) :]
            member.step(own, progress, scale)

    def state(self) -> dict[str, Tensor]:
        """The members' tensors, by position."""
        return {
            f"{place}.{name}": tensor
            for place, member in enumerate(self.members)
            for name, tensor in member.state().items()
        }

    def load_state(self, state: dict[str, Tensor]) -> None:
        """Restore what `state` gave."""
        for place, member in enumerate(self.members):
            mine = f"{place}."
            member.load_state(
                {name.removeprefix(mine): t for name, t in state.items() if name.startswith(mine)}
            )

    def reset(self) -> None:
        """Let each member forget."""
        for member in self.members:
            member.reset()


class Borrowed:
    """An optimiser that belongs to another phase, which also saves and restores its state."""

    def __init__(self, owner: SGD | Adam) -> None:
        self._owner = owner

    @property
    def parameters(self) -> list[Tensor]:
        """The owner's parameters."""
        return self._owner.parameters

    def step(
        self,
        gradients: Sequence[Tensor],
        progress: float | Tensor = 0.0,
        scale: float | Tensor = 1.0,
        beside: Sequence[Tensor] = (),
    ) -> None:
        """Apply one update, which the owner remembers."""
        self._owner.step(gradients, progress, scale, beside)

    def state(self) -> dict[str, Tensor]:
        """Nothing: the owner's phase saves it."""
        return {}

    def load_state(self, state: dict[str, Tensor]) -> None:
        """Nothing to restore."""

    def reset(self) -> None:
        """Nothing: the owner's phase does it."""


Optimiser = SGD | Adam | Grouped | Borrowed
_KINDS: dict[str, type[SGD] | type[Adam]] = {"sgd": SGD, "adam": Adam}


def distinct_parameters(modules: Iterable[nn.Module]) -> list[nn.Parameter]:
    """All parameters of some modules in order, each once though several of them hold it."""
    found = {id(p): p for module in modules for p in module.parameters()}
    return list(found.values())


def build_optimiser(modules: Iterable[nn.Module], settings: OptimiserSettings) -> SGD | Adam:
    """An optimiser over all parameters of `modules`."""
    return _KINDS[settings.kind](distinct_parameters(modules), settings)


def _clip(gradients: list[Tensor], settings: OptimiserSettings, beside: Sequence[Tensor]) -> None:
    """Bound gradients by element, then by their joint norm, without reading it back."""
    if settings.clip_value > 0:
        torch._foreach_clamp_max_(gradients, settings.clip_value)
        torch._foreach_clamp_min_(gradients, -settings.clip_value)
    if settings.clip_norm > 0:
        others = [g.coalesce().values() if g.is_sparse else g for g in beside]
        norms = torch._foreach_norm([*gradients, *others])
        norm = torch.linalg.vector_norm(torch.stack(norms))
        torch._foreach_mul_(gradients, (settings.clip_norm / (norm + 1e-6)).clamp(max=1.0))
