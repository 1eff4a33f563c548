"""The training loop.

Everything random is a function of (seed, epoch, iteration), so a run that is killed and resumed is
bit for bit the run that was not. Losses stay on the device and are read every `log_every`
iterations.
"""

from __future__ import annotations

import itertools
import math
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from arae.engine.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from arae.engine.graphs import Graphs, Part, Recorder, Work, graphs_for
from arae.engine.phases import WholeIteration, run_phase
from arae.engine.signals import StopRequest
from arae.engine.world import World
from arae.foundation.console import Progress, progress, say
from arae.foundation.errors import InterruptedByUser, Preempted, TrainingError
from arae.nn.batch import Batch
from arae.nn.randomness import Draws, ShareDraws
from arae.nn.store import Store
from arae.systems.system import Moment, Phase, Repeat, System, distinct_phases

# Called at each epoch's end with the system; returns metrics, of which "score" (low is good)
# decides which epoch's weights are kept.
Validate = Callable[[Any], dict[str, float]]
Record = dict[str, Any]
# Called every so many iterations with the system; returns numbers for the history, changes nothing.
Observe = Callable[[System], dict[str, float]]


class Trainer:
    """Trains one system; its state is `iteration`, the best epoch so far, and the history."""

    def __init__(
        self,
        system: System,
        store: Store,
        seed: int,
        validate: Validate,
        folder: Path,
        stop: StopRequest,
        on_record: Callable[[Record], None] = lambda record: None,
        observe: Observe | None = None,
        observe_every: int = 0,
        world: World | None = None,
        where: str = "",
        recorder: Recorder | None = None,
        buckets: int | None = None,
    ) -> None:
        """`where` describes what computes; a run that goes on elsewhere is not bit-exact, and says so.

        `recorder`: what records phases of padded minibatches, by default CUDA graphs. `buckets`: how the
        store pads them (`buckets_for`); by default as the recipe says.
        """
        self.system, self.store, self.seed = system, store, seed
        self.settings = system.settings
        self.world = world or World()
        self.world.check(self.settings.batch_size)
        padded = (self.settings.buckets or 0) if buckets is None else buckets
        self.whole = True  # an iteration replayed as one, where that can be done
        self._graphs = graphs_for(system, padded, store.device, self.world, recorder)
        self.iteration = 0
        self.history: list[Record] = []
        self.best: dict[str, Any] = {"epoch": None, "score": math.inf}
        self._worse, self._cuts = (
            0,
            0,
        )  # epochs since the best one or the last cut; cuts of the rates
        self.resumed_from = 0
        self.ran_on = [where]
        self._best_weights: dict[str, Tensor] = {}
        self._validate, self._folder, self._stop, self._on_record = (
            validate,
            folder,
            stop,
            on_record,
        )
        self._observe, self._observe_every = observe, observe_every
        self._per_epoch = max(1, len(store) // self.settings.batch_size)
        self._pending: list[tuple[int, str, dict[str, Tensor | float]]] = []
        self._phases = distinct_phases(system)
        self._saved_at = time.monotonic()

    def fit(self) -> None:
        """Train to the last epoch (or patience's end), then put the best epoch's weights back."""
        self._resume()
        last = self.settings.epochs * self._per_epoch
        self.system.train()
        with progress("training", last, "iterations", done=self.iteration) as bar:
            while self.iteration < last and not self._is_over():
                epoch, position = divmod(self.iteration, self._per_epoch)
                order = Draws(self.seed, "order", epoch).permutation(len(self.store))
                if position == 0:
                    self.system.begin_epoch(epoch, Draws(self.seed, "begin", epoch))
                phases = self.system.phases(epoch)
                for batch in self._batches(order, position):
                    self._iterate(phases, batch)
                    self._after_iteration(bar)
        if self._best_weights:
            self.system.load_state_dict(self._best_weights)

    def _iterate(self, phases: Sequence[Phase], batch: Batch) -> None:
        """One iteration: each phase updates the parameters that it owns, and nothing else."""
        batches = self._sentences(phases, batch)
        if self._graphs and self.whole and self._replayed(self._graphs, phases, batches):
            self.iteration += 1
            return
        steps = zip(phases, batches, self._given(phases, batches), strict=True)
        for place, (phase, current, given) in enumerate(steps):
            path = (self.seed, "phase", self.iteration, place)
            metrics = self._update(phase, current, given, path)
            if phase.repeat:
                self._repeat(phase, phase.repeat, current, metrics, path)
        self.iteration += 1

    def _replayed(self, graphs: Graphs, phases: Sequence[Phase], batches: Sequence[Batch]) -> bool:
        """The iteration by one recording of all of it; false, and nothing done, if there is none."""
        if len(phases) < 2 or any(phase.repeat for phase in phases):
            return False
        iteration, parts = WholeIteration(phases, batches), list[Part]()
        for path, one in iteration.parts(self.store):
            draws = Draws(self.seed, path[0], self.iteration, *path[1:], device=self.store.device)
            parts.append((one, self._moment(draws)))
        name = "iteration of " + ", ".join(dict.fromkeys(phase.name for phase in phases))
        done = graphs.run_all(name, iteration.run, parts)
        if done is None:
            return False
        for place, phase in enumerate(phases):
            mine = f"{place}."
            metrics = {n.removeprefix(mine): t for n, t in done.items() if n.startswith(mine)}
            self._pending.append((self.iteration + 1, phase.name, {**metrics}))
        return True

    def _update(
        self, phase: Phase, batch: Batch, given: Tensor | None, path: tuple[Any, ...]
    ) -> dict[str, Tensor]:
        """One update by a phase, with the random numbers of a path."""
        mine, draws = self._share(phase, batch, path)
        step = partial(run_phase, phase, world=self.world)
        metrics = self._do(phase.name, step, mine, self._moment(draws, given))
        self._pending.append((self.iteration + 1, phase.name, {**metrics}))
        return metrics

    def _repeat(
        self,
        phase: Phase,
        repeat: Repeat,
        batch: Batch,
        metrics: dict[str, Tensor],
        path: tuple[Any, ...],
    ) -> None:
        """Repeat a phase on fresh minibatches as long as its rule says, after its first update."""
        goes_on, updates, size = repeat.begin(), 1, batch.size
        while goes_on(batch, metrics):
            batch = self._random_batch(phase, size, self.iteration, path[-1], updates)
            metrics = self._update(phase, batch, None, (*path, updates))
            updates += 1
        count = f"{phase.name}_updates"
        self._pending.append((self.iteration + 1, phase.name, {count: float(updates)}))

    def _moment(self, draws: Draws, given: Tensor | None = None) -> Moment:
        epoch = self.iteration / self._per_epoch
        done = epoch / self.settings.epochs
        plateau = self.settings.plateau
        scale = plateau.factor**self._cuts if plateau.patience else None
        return Moment(self.iteration, epoch, done, draws, given, self.world.mean, scale)

    def _do(self, name: str, work: Work, batch: Any, moment: Moment) -> dict[str, Tensor]:
        """Some work on a minibatch, replayed where that is possible."""
        return self._graphs.run(name, work, batch, moment) if self._graphs else work(batch, moment)

    def _share(self, phase: Phase, batch: Batch, path: tuple[Any, ...]) -> tuple[Batch, Draws]:
        """What this process computes a phase of, and its random numbers."""
        if self.world.count == 1 or not phase.is_shared:
            return batch, Draws(*path, device=self.store.device)
        mine = self.store.share(batch, self.world.place, self.world.count)
        return mine, ShareDraws(mine.part, *path, device=self.store.device)

    def _sentences(self, phases: Sequence[Phase], batch: Batch) -> list[Batch]:
        """Each phase's sentences."""
        batches = [batch]
        for place, phase in enumerate(phases):
            if phase.stream == "random":
                batches.append(self._random_batch(phase, batch.size, self.iteration, place))
            else:
                batches.append(batch if phase.stream == "epoch" else batches[-1])
        return batches[1:]

    def _random_batch(self, phase: Phase, size: int, *path: int) -> Batch:
        """A fresh minibatch for a phase; which one, is a matter of the seed and the path."""
        choose = phase.choose or _any_sentences
        batch: Batch = self.store.batch(choose(self.store, Draws(self.seed, "batch", *path), size))
        return batch

    def _given(self, phases: Sequence[Phase], batches: Sequence[Batch]) -> Iterator[Tensor | None]:
        """What each phase is given, computed when the first of its repetitions is reached."""
        for _, repeated in itertools.groupby(zip(phases, batches, strict=True), lambda s: id(s[0])):
            (phase, *_), parts = zip(*repeated, strict=True)
            if phase.given is None or len(parts) == 1:
                yield from [None] * len(parts)
            else:
                together = self.store.join(parts)
                mine = together
                if self.world.count > 1:
                    mine = self.store.share(together, self.world.place, self.world.count)
                draws = Draws(self.seed, "given", self.iteration, device=self.store.device)
                work = partial(_what_is_given, phase.given)
                found = self._do(f"given to {phase.name}", work, mine, self._moment(draws))
                rows = together.restore(self.world.rows(found["given"]))
                yield from rows.split([part.size for part in parts])

    def _batches(self, order: Tensor, position: int) -> Any:
        """The epoch's batches from `position` on; the last, partial one is left out."""
        size = min(self.settings.batch_size, len(order))
        for start in range(position * size, self._per_epoch * size, size):
            yield self.store.batch(order[start : start + size])

    def _after_iteration(self, bar: Progress) -> None:
        bar.advance()
        # Read once: a signal may arrive between two looks, and at one process before another.
        stop = self.world.greatest((self._stop.received or 0) if self._stop else 0)
        epoch_ended = self.iteration % self._per_epoch == 0
        if epoch_ended or self.iteration % self.settings.log_every == 0:
            self._flush()
        due = self._observe_every and not self.iteration % self._observe_every
        if self._observe and due and self.world.leads:
            self._record(self._observe(self.system))
        if epoch_ended:
            self._end_epoch()
        minutes = (time.monotonic() - self._saved_at) / 60
        if epoch_ended or stop or minutes >= self.settings.checkpoint_minutes > 0:
            self._save()
        if stop:
            cause = InterruptedByUser if stop == signal.SIGINT else Preempted
            raise cause(
                f"stopped at iteration {self.iteration}; saved, run the same command to go on"
            )

    def _flush(self) -> None:
        """Read the pending losses back and record their means."""
        sums: dict[str, list[float]] = {}
        for *_, metrics in self._host_pending():
            for name, value in metrics.items():
                sums.setdefault(name, []).append(value)
        self._pending = []
        self._record({name: sum(values) / len(values) for name, values in sums.items()})

    def _host_pending(self) -> list[tuple[int, str, dict[str, float]]]:
        """The pending metrics as numbers, in one transfer from the device; NaN and infinities refused."""
        tensors = [v for *_, m in self._pending for v in m.values() if isinstance(v, Tensor)]
        numbers = iter(torch.stack(tensors).tolist() if tensors else [])
        result = []
        for step, phase, metrics in self._pending:
            values = {n: next(numbers) if isinstance(v, Tensor) else v for n, v in metrics.items()}
            for name, value in values.items():
                if not math.isfinite(value):
                    raise TrainingError(
                        f"phase '{phase}' gave {name} = {value} at iteration {step}; the last good "
                        f"checkpoint is in {self._folder}; lower a learning rate or clip gradients"
                    )
            result.append((step, phase, values))
        return result

    def _record(self, values: dict[str, float]) -> None:
        if values:
            epoch = round(self.iteration / self._per_epoch, 4)
            record = {"step": self.iteration, "epoch": epoch, **values}
            self.history.append(record)
            self._on_record(record)

    def _end_epoch(self) -> None:
        epoch = self.iteration // self._per_epoch
        metrics = self.world.agree(self._validate(self.system) if self.world.leads else None)
        found = dict(metrics)
        score = metrics.pop("score")
        self._record(metrics)
        better = score < self.best["score"] and epoch >= self.settings.selection.from_epoch
        if better or (not self._best_weights and epoch == self.settings.epochs):
            self.best = {"epoch": epoch, "score": score}
            self._best_weights = {n: t.clone() for n, t in self.system.state_dict().items()}
        shown = ", ".join(f"{name} {value:.4g}" for name, value in metrics.items())
        say(f"epoch {epoch}/{self.settings.epochs}: {shown}{' (best so far)' if better else ''}")
        self._watch_plateau(epoch, better)
        self.system.end_epoch(epoch - 1, found)

    def _watch_plateau(self, epoch: int, better: bool) -> None:
        """After too many epochs without a better one: its weights again, and smaller steps from there."""
        plateau = self.settings.plateau
        self._worse = 0 if better else self._worse + 1
        if not plateau.patience or self._worse < plateau.patience or epoch < plateau.from_epoch:
            return
        self._worse, self._cuts = 0, self._cuts + 1
        if self._best_weights:
            going_on = [module.state_dict() for module in self.system.schedules]
            kept = [{name: t.clone() for name, t in state.items()} for state in going_on]
            self.system.load_state_dict(self._best_weights)
            for module, state in zip(self.system.schedules, kept, strict=True):
                module.load_state_dict(state)
        for phase in self._phases.values():
            phase.optimiser.reset()
        say(
            f"no better epoch for {plateau.patience}: back to epoch {self.best['epoch']}, learning rates × "
            f"{plateau.factor**self._cuts:g}"
        )

    @property
    def best_record(self) -> dict[str, Any]:
        """The best epoch and its score as plain data; None for a score that is infinite."""
        score = self.best["score"]
        return {**self.best, "score": score if math.isfinite(score) else None}

    def _is_over(self) -> bool:
        """Whether training ends before its last epoch."""
        if self.settings.plateau.patience and self._cuts >= self.settings.plateau.most:
            return True
        patience, epoch = self.settings.selection.patience, self.iteration // self._per_epoch
        if patience is None or self.best["epoch"] is None or self.iteration % self._per_epoch:
            return False
        return bool(epoch - self.best["epoch"] >= patience)

    def _save(self) -> None:
        if not self.world.leads:
            return
        tensors = {f"system.{name}": t for name, t in self.system.state_dict().items()}
        tensors |= {f"best.{name}": t for name, t in self._best_weights.items()}
        for name, phase in self._phases.items():
            tensors |= {f"optimiser.{name}.{k}": t for k, t in phase.optimiser.state().items()}
        counters = {
            "iteration": self.iteration,
            "best": self.best_record,
            "plateau": [self._worse, self._cuts],
            "ran_on": self.ran_on,
            "history": self.history,
            "pending": self._host_pending(),
        }
        save_checkpoint(self._folder, self.iteration, Checkpoint(tensors, counters))
        self._saved_at = time.monotonic()

    def _resume(self) -> None:
        saved = load_checkpoint(self._folder)
        if saved is None:
            return
        self.system.load_state_dict(_part(saved.tensors, "system."))
        self._best_weights = _part(saved.tensors, "best.")
        for name, phase in self._phases.items():
            phase.optimiser.load_state(_part(saved.tensors, f"optimiser.{name}."))
        self.iteration = self.resumed_from = saved.progress["iteration"]
        best = saved.progress["best"]
        self.best = {**best, "score": math.inf if best["score"] is None else best["score"]}
        self._worse, self._cuts = saved.progress.get("plateau", (0, 0))
        self.history = saved.progress["history"]
        self._pending = [(step, name, metrics) for step, name, metrics in saved.progress["pending"]]
        say(f"resumed at iteration {self.iteration}")
        before, (here,) = saved.progress["ran_on"], self.ran_on
        self.ran_on = before if before[-1] == here else [*before, here]
        if self.ran_on != before:
            say(
                f"it ran on {before[-1]}, now on {here}: not bit for bit what one of them would give"
            )


def _what_is_given(given: Callable[[Any], Tensor], batch: Any, moment: Moment) -> dict[str, Tensor]:
    return {"given": given(batch)}


def _any_sentences(store: Store, draws: Draws, count: int) -> Tensor:
    return draws.integers(len(store), count)


def _part(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): t for name, t in tensors.items() if name.startswith(prefix)}
