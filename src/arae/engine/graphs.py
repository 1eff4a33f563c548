"""Phases recorded once per shape of minibatch and replayed: on a GPU, as CUDA graphs.

A step of a phase is some hundred small operations, each of which costs the host more time to start
than the GPU to compute. Recorded as one graph they start at once. What may differ between replays is
put in place first: the minibatch's `request`, what the phase is given, the random numbers' seed, and
the numbers of `Moment.number`. All else is the same memory: parameters, optimiser's state, statistics.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import torch
from torch import Tensor

from arae.engine.world import World
from arae.foundation.console import say
from arae.foundation.errors import SettingsError
from arae.nn.randomness import Draws
from arae.systems.system import Moment, System

BUCKETS = 4  # what a GPU gets where a recipe does not say
NUMBERS = 8  # that one piece of work may ask for
# A step of a phase, or what it is given: (batch, moment) → named results.
Work = Callable[[Any, Moment], dict[str, Tensor]]
Schedule = Callable[[Moment], float]


class Recorder(Protocol):
    """Records what a function does to tensors, without doing it."""

    def record(
        self, work: Callable[[], list[Tensor]], generator: torch.Generator
    ) -> tuple[list[Tensor], Callable[[], None]]:
        """(the results' tensors, what fills them by doing it all again); `RuntimeError` if it cannot.

        `work` draws from `generator`, which is seeded anew before each replay.
        """


class CudaRecorder:
    """CUDA graphs that share their memory: results are to be copied before the next replay."""

    def __init__(self) -> None:
        self._pool = torch.cuda.graph_pool_handle()

    def record(
        self, work: Callable[[], list[Tensor]], generator: torch.Generator
    ) -> tuple[list[Tensor], Callable[[], None]]:
        """See `Recorder.record`; anything that makes the host wait cannot be recorded."""
        graph = torch.cuda.CUDAGraph()
        graph.register_generator_state(generator)
        with torch.cuda.graph(graph, pool=self._pool):
            results = work()
        return results, graph.replay


@dataclass(frozen=True)
class RecordedMoment(Moment):
    """The moment of a recording: its plain numbers are NaN, so that no loss can keep one of them."""

    # Made before the recording, which would else record that they are made.
    places: Sequence[Tensor] = ()
    schedules: list[Schedule] = field(default_factory=list)

    def number(self, schedule: Schedule) -> Tensor:
        """A scalar that each replay fills first."""
        self.schedules.append(schedule)
        return self.places[len(self.schedules) - 1]

    def fill(self, moment: Moment) -> None:
        """Put the schedules' numbers of another moment in place."""
        for schedule, place in zip(self.schedules, self.places, strict=False):
            place.fill_(schedule(moment))


class Recording:
    """One piece of work on minibatches of one shape."""

    def __init__(self, work: Work, batch: Any, moment: Moment, recorder: Recorder) -> None:
        self._request = batch.request.clone()
        self._given = None if moment.given is None else moment.given.clone()
        self._draws = Draws(0, device=moment.draws.device)
        # Kept as long as the recording: what a batch computes of its request is part of it.
        self._batch = batch.like(self._request)
        nan = math.nan
        places = torch.zeros(NUMBERS, device=moment.draws.device).unbind()
        self._moment = RecordedMoment(
            nan,  # type: ignore[arg-type]
            nan,
            nan,
            self._draws,
            self._given,
            rate_scale=None if moment.rate_scale is None else nan,
            places=places,
        )
        self._names: list[str] = []

        def once() -> list[Tensor]:
            results = work(self._batch, self._moment)
            self._names = list(results)
            return list(results.values())

        self._results, self._replay = recorder.record(once, self._draws.generator)

    def run(self, batch: Any, moment: Moment) -> dict[str, Tensor]:
        """The work on another minibatch of the same shape, at another moment."""
        self._request.copy_(batch.request)
        if self._given is not None:
            assert moment.given is not None
            self._given.copy_(moment.given)
        self._moment.fill(moment)
        self._draws.restart(moment.draws)
        self._replay()
        return dict(zip(self._names, _copies(self._results), strict=True))


class Graphs:
    """Does pieces of work by recordings: each shape's first time as it is, which also warms up."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._recordings: dict[tuple[Any, ...], Recording | None] = {}
        self._refused: set[str] = set()

    def run(self, name: str, work: Work, batch: Any, moment: Moment) -> dict[str, Tensor]:
        """`work` of this minibatch, now; as it is, too, if it cannot be recorded."""
        key = (name, batch.shape, None if moment.given is None else moment.given.shape)
        if name in self._refused:
            return work(batch, moment)
        if key not in self._recordings:
            self._recordings[key] = None
            return work(batch, moment)
        recording = self._recordings[key] or self._recorded(name, work, batch, moment)
        if recording is None:
            return work(batch, moment)
        self._recordings[key] = recording
        return recording.run(batch, moment)

    def _recorded(self, name: str, work: Work, batch: Any, moment: Moment) -> Recording | None:
        try:
            return Recording(work, batch, moment, self._recorder)
        except RuntimeError as error:
            self._refused.add(name)
            say(
                f"{name}: cannot be replayed as a graph, so it goes on step by step "
                f"({str(error).splitlines()[0]})"
            )
            return None


def buckets_for(system: System, device: torch.device, world: World) -> int:
    """To multiples of how many positions sentences are padded; 0: packed, step by step.

    A recipe's `buckets` decides; without them the device does, for losses are the same.
    """
    if system.settings.buckets is not None:
        return system.settings.buckets
    if device.type != "cuda":
        return 0
    obstacle = _obstacle(system, world)
    if obstacle:
        say(f"minibatches are packed and phases go step by step on this GPU: {obstacle}")
    return 0 if obstacle else BUCKETS


def graphs_for(
    system: System, buckets: int, device: torch.device, world: World, recorder: Recorder | None
) -> Graphs | None:
    """What replays phases, if minibatches are padded and the device can."""
    if not buckets:
        return None
    obstacle = _obstacle(system, world)
    if obstacle:
        raise SettingsError(f"buckets: {obstacle}; use `buckets: 0`, or leave it out")
    if recorder is None and device.type == "cuda":
        recorder = CudaRecorder()
    return Graphs(recorder) if recorder else None


def _obstacle(system: System, world: World) -> str:
    """Why minibatches cannot be padded; empty if they can."""
    if world.count > 1:
        return "padded minibatches are not shared out among processes (--processes 1 would do)"
    if not system.has_fixed_shapes:
        return (
            f"'{system.settings.system}' sets each label's sentences apart, and how many they are "
            "changes from minibatch to minibatch"
        )
    return ""


def _copies(results: Sequence[Tensor]) -> list[Tensor]:
    if results and all(result.dim() == 0 for result in results):
        return list(torch.stack(list(results)).unbind())
    return [result.clone() for result in results]
