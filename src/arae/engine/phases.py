"""One step of one phase: its loss, the gradient of what it owns, its update."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from arae.engine.world import World
from arae.systems.system import Moment, Phase


def run_phase(
    phase: Phase, batch: Any, moment: Moment, world: World | None = None
) -> dict[str, Tensor]:
    """Differentiate the phase's loss by its own parameters only and update them.

    In a `world` of several, `batch` is this process's share of the minibatch if the phase is shared.
    """
    for part in phase.trackers:
        part.tracking = True
    loss, metrics = phase.loss(batch, moment)
    for part in phase.trackers:
        part.tracking = False
    owned = len(phase.parameters)
    gradients: Sequence[Tensor] = torch.autograd.grad(
        loss, [*phase.parameters, *phase.clip_parameters]
    )
    values = [value.detach() for value in metrics.values()]
    if world and world.count > 1 and phase.is_shared:
        summed = world.sum([*gradients, *values])
        gradients, values = summed[: len(gradients)], summed[len(gradients) :]
    scale = 1.0 if moment.rate_scale is None else moment.number(_rate_scale)
    progress = moment.number(lambda now: now.progress)
    phase.optimiser.step(gradients[:owned], progress, scale, gradients[owned:])
    phase.after_step()
    return dict(zip(metrics, values, strict=True))


def _rate_scale(now: Moment) -> float:
    return 1.0 if now.rate_scale is None else now.rate_scale
