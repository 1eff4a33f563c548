"""Iterations and phases recorded once per shape of minibatch and replayed: on a GPU, as CUDA graphs.

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
Part = tuple[Any, Moment]  # a minibatch and its moment
# Several of them, such as all of an iteration, each with a minibatch and a moment of its own.
Works = Callable[[Sequence[Part]], dict[str, Tensor]]
Schedule = Callable[[Moment], float]


class Recorder(Protocol):
    """Records what a function does to tensors, without doing it."""

    def record(
        self, work: Callable[[], list[Tensor]], generators: Sequence[torch.Generator]
    ) -> tuple[list[Tensor], Callable[[], None]]:
        """(the results' tensors, what fills them by doing it all again); `RuntimeError` if it cannot.

        `work` draws from `generators`, which are seeded anew before each replay.
        """


class CudaRecorder:
    """CUDA graphs that share their memory: results are to be copied before the next replay."""

    def __init__(self) -> None:
        self._pool = torch.cuda.graph_pool_handle()

    def record(
        self, work: Callable[[], list[Tensor]], generators: Sequence[torch.Generator]
    ) -> tuple[list[Tensor], Callable[[], None]]:
        """See `Recorder.record`; anything that makes the host wait cannot be recorded."""
        graph = torch.cuda.CUDAGraph()
        for generator in generators:
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


class _RecordedPart:
    """The memory that a recording reads of one minibatch and its moment."""

    def __init__(self, batch: Any, moment: Moment) -> None:
        self._given = None if moment.given is None else moment.given.clone()
        self.draws = Draws(0, device=moment.draws.device)
        # Kept as long as the recording: what a batch computes of its request is part of it.
        self.batch = batch
        nan = math.nan
        places = torch.zeros(NUMBERS, device=moment.draws.device).unbind()
        self.moment = RecordedMoment(
            nan,  # type: ignore[arg-type]
            nan,
            nan,
            self.draws,
            self._given,
            rate_scale=None if moment.rate_scale is None else nan,
            places=places,
        )

    def fill(self, moment: Moment) -> None:
        """Put another moment in place."""
        if self._given is not None:
            assert moment.given is not None
            self._given.copy_(moment.given)
        self.moment.fill(moment)
        self.draws.restart(moment.draws)


class Recording:
    """Some work on minibatches of given shapes; parts that share a minibatch go on sharing it."""

    def __init__(self, work: Works, parts: Sequence[Part], recorder: Recorder) -> None:
        self._requests: dict[int, Tensor] = {}
        like: dict[int, Any] = {}
        self._first = [_first_of(parts, place) for place in range(len(parts))]
        for place, (batch, _) in enumerate(parts):
            if self._first[place] == place:
                self._requests[place] = batch.request.clone()
                like[place] = batch.like(self._requests[place])
        firsts = zip(self._first, parts, strict=True)
        self._parts = [_RecordedPart(like[first], moment) for first, (_, moment) in firsts]
        self._names: list[str] = []

        def once() -> list[Tensor]:
            results = work([(part.batch, part.moment) for part in self._parts])
            self._names = list(results)
            return list(results.values())

        generators = [part.draws.generator for part in self._parts]
        self._results, self._replay = recorder.record(once, generators)

    def run(self, parts: Sequence[Part]) -> dict[str, Tensor]:
        """The work on other minibatches of the same shapes, at other moments."""
        for place, request in self._requests.items():
            request.copy_(parts[place][0].request)
        for recorded, (_, moment) in zip(self._parts, parts, strict=True):
            recorded.fill(moment)
        self._replay()
        return dict(zip(self._names, _copies(self._results), strict=True))


def _first_of(parts: Sequence[Part], place: int) -> int:
    """The first part that has this part's minibatch."""
    return next(at for at, (batch, _) in enumerate(parts) if batch is parts[place][0])


class Graphs:
    """Does work by recordings: each shape's first time as it is, which also warms up."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._recordings: dict[tuple[Any, ...], Recording | None] = {}
        self._refused: set[str] = set()

    def run(self, name: str, work: Work, batch: Any, moment: Moment) -> dict[str, Tensor]:
        """`work` of this minibatch, now; as it is, too, if it cannot be recorded."""
        done = self.run_all(name, lambda parts: work(*parts[0]), [(batch, moment)])
        return work(batch, moment) if done is None else done

    def run_all(self, name: str, work: Works, parts: Sequence[Part]) -> dict[str, Tensor] | None:
        """`work` of these minibatches by a recording; None, and nothing done, if there is none yet."""
        shapes = tuple(_shape(parts, place) for place in range(len(parts)))
        key = (name, *shapes)
        if name in self._refused:
            return None
        if key not in self._recordings:
            self._recordings[key] = None
            return None
        recording = self._recordings[key] or self._recorded(name, work, parts)
        if recording is None:
            return None
        self._recordings[key] = recording
        return recording.run(parts)

    def _recorded(self, name: str, work: Works, parts: Sequence[Part]) -> Recording | None:
        try:
            return Recording(work, parts, self._recorder)
        except RuntimeError as error:
            self._refused.add(name)
            say(
                f"{name}: cannot be replayed as a graph, so it goes on step by step "
                f"({str(error).splitlines()[0]})"
            )
            return None


def _shape(parts: Sequence[Part], place: int) -> tuple[Any, ...]:
    batch, moment = parts[place]
    given = None if moment.given is None else tuple(moment.given.shape)
    return batch.shape, given, _first_of(parts, place)


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
