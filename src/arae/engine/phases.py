"""One step of one phase: its loss, the gradient of what it owns, its update."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor

from arae.engine.world import World
from arae.nn.store import Store
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


class WholeIteration:
    """All phases of an iteration as one piece of work, which a graph may replay (one process)."""

    def __init__(self, phases: Sequence[Phase], batches: Sequence[Any]) -> None:
        """Phases in their order, each with its minibatch."""
        self._groups: list[tuple[Phase, list[Any]]] = []
        for _, steps in itertools.groupby(zip(phases, batches, strict=True), lambda s: id(s[0])):
            (phase, *_), own = zip(*steps, strict=True)
            self._groups.append((phase, list(own)))

    def parts(self, store: Store) -> Iterator[tuple[tuple[Any, ...], Any]]:
        """(what its random numbers are for, minibatch) of each part, as `run` takes them."""
        place = itertools.count()
        for phase, batches in self._groups:
            if _is_given(phase, batches):
                yield ("given",), store.join(batches)
            for batch in batches:
                yield ("phase", next(place)), batch

    def run(self, parts: Sequence[tuple[Any, Moment]]) -> dict[str, Tensor]:
        """Every phase's metrics, by "place.name"."""
        rest, place, results = iter(parts), itertools.count(), dict[str, Tensor]()
        for phase, batches in self._groups:
            rows: Sequence[Tensor | None] = [None] * len(batches)
            if _is_given(phase, batches):
                assert phase.given is not None
                together, _ = next(rest)
                sizes = [batch.size for batch in batches]
                rows = together.restore(phase.given(together)).split(sizes)
            for given in rows:
                batch, moment = next(rest)
                metrics = run_phase(phase, batch, dataclasses.replace(moment, given=given))
                at = next(place)
                results |= {f"{at}.{name}": value for name, value in metrics.items()}
        return results


def _is_given(phase: Phase, batches: Sequence[Any]) -> bool:
    """Whether what the phase needs of its repetitions' minibatches is computed at once."""
    return phase.given is not None and len(batches) > 1
