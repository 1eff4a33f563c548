"""Every system on a device beside itself on the CPU: same weights, same sentences, same random numbers."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch

from arae.corpora.source import IMAGES, TEXT
from arae.engine.graphs import buckets_for
from arae.engine.signals import StopRequest
from arae.engine.trainer import Trainer
from arae.engine.world import World
from arae.nn.images import ImageStore
from arae.nn.padded import training_text
from arae.nn.randomness import Draws
from arae.systems.registry import build_system, parse_recipe, settings_class
from arae.systems.system import Moment, distinct_phases
from benchmarks import replay
from benchmarks.sizes import Size, zipf_text
from benchmarks.work import wait_for

LABELS = ("one", "other")
SIDE = 8  # of an image
COMPARED = 20  # iterations, replayed and step by step


class HostDraws(Draws):
    """The CPU's random numbers, moved: the same on every device."""

    def __init__(self, *path: Any, device: torch.device) -> None:
        super().__init__(*path)
        self._to = device

    def normal(self, *shape: int) -> torch.Tensor:
        """See `Draws.normal`."""
        return super().normal(*shape).to(self._to)

    def uniform(self, *shape: int) -> torch.Tensor:
        """See `Draws.uniform`."""
        return super().uniform(*shape).to(self._to)

    def integers(self, high: int, *shape: int) -> torch.Tensor:
        """See `Draws.integers`."""
        return super().integers(high, *shape).to(self._to)

    def permutation(self, size: int) -> torch.Tensor:
        """See `Draws.permutation`."""
        return super().permutation(size).to(self._to)

    def _keep(self, values: torch.Tensor, rate: float) -> torch.Tensor:
        return super()._keep(torch.empty(values.shape), rate).to(self._to)


def recipe_of(name: str, size: Size, domain: str = TEXT) -> dict[str, Any]:
    """A recipe of a system: the size's layers where the system has such, its defaults elsewhere."""
    cls = settings_class(name, domain=domain)
    recipe = dict(size.recipe, system=name, epochs=2)
    if domain == IMAGES:
        recipe |= {"encoder": {"hidden": [32]}, "decoder": {"hidden": [32]}}
    else:
        recipe |= {"embedding": size.recipe["encoder"]["embedding"]}
    known = set(cls.__dataclass_fields__)
    return {key: value for key, value in recipe.items() if key in known}


class Twins:
    """A system on the CPU and the same on a device, with a store for each."""

    def __init__(
        self, name: str, size: Size, device: torch.device, sentences: int, domain: str = TEXT
    ) -> None:
        self.settings = parse_recipe(recipe_of(name, size, domain), domain=domain)
        self.is_image = domain == IMAGES
        self._things = SIDE**2 if self.is_image else size.vocabulary
        self.system, self.host = (
            build_system(self.settings, self._things, 1, len(LABELS)).train() for _ in range(2)
        )
        self.system.to(device)
        self.buckets = buckets_for(self.system, device, World())
        self._text = zipf_text(size, sentences)
        self._text.labels = np.random.default_rng(0).integers(0, 2, sentences).astype(np.uint8)
        self._text.label_names = LABELS
        self.stores = self._store(device, self.buckets), self._store(torch.device("cpu"), 0)
        self._device = device

    def _store(self, device: torch.device, buckets: int) -> Any:
        if self.is_image:
            rng = np.random.default_rng(0)
            return ImageStore(rng.integers(0, 2, (len(self._text), SIDE, SIDE)), device)
        return training_text(self._text, device, buckets)

    def differences(self) -> dict[str, float]:
        """Largest relative difference of a phase's loss, and of its gradient, at the same weights."""
        self.host.load_state_dict(self.system.state_dict())
        both = [distinct_phases(system) for system in (self.system, self.host)]
        worst = {"loss": 0.0, "gradient": 0.0}
        for name in both[0]:
            found = []
            for phases, store, device in zip(
                both, self.stores, (self._device, torch.device("cpu")), strict=True
            ):
                batch = store.batch(np.arange(self.settings.batch_size))
                moment = Moment(1, 0.2, 0.1, HostDraws(1, "phase", device=device))
                loss, _ = phases[name].loss(batch, moment)
                grads = torch.autograd.grad(loss, phases[name].parameters)
                flat = torch.cat([g.to_dense().flatten().double().cpu() for g in grads])
                found.append((loss.item(), flat))
            (ours, mine), (theirs, wanted) = found
            worst["loss"] = max(worst["loss"], abs(ours - theirs) / (abs(theirs) + 1e-3))
            apart = float((mine - wanted).norm() / (wanted.norm() + 1e-6))
            worst["gradient"] = max(worst["gradient"], apart)
        return worst

    def train(self, iterations: int) -> dict[str, Any]:
        """As the device trains: seconds an iteration once the shapes are known, and what was said.

        Also the largest relative difference of a metric in the first iterations to the same training
        step by step, without a graph.
        """
        plain, steps = self._trainer(), min(iterations, COMPARED)
        plain._graphs = None
        wanted = self._metrics(plain, steps)
        trainer = self._trainer()
        pairs = zip(self._metrics(trainer, steps), wanted, strict=True)
        apart = max(abs(one - other) / (abs(other) + 1e-3) for one, other in pairs)
        self._iterate(trainer, steps, iterations // 2)
        wait_for(self._device)
        began = time.perf_counter()
        self._iterate(trainer, iterations // 2, iterations)
        wait_for(self._device)
        seconds = (time.perf_counter() - began) / max(1, iterations - iterations // 2)
        trainer._flush()  # refuses NaN
        return {
            "milliseconds": seconds * 1e3,
            "buckets": self.buckets,
            "refused": sorted(trainer._graphs._refused) if trainer._graphs else [],
            "replay_difference": apart,
        }

    def _trainer(self) -> Trainer:
        """A trainer of the system with optimisers that know nothing yet."""
        self.system = build_system(self.settings, self._things, 1, len(LABELS)).train()
        self.system.to(self._device)
        folder = Path(tempfile.gettempdir())  # stays unused: only `fit` writes checkpoints
        return Trainer(
            self.system,
            self.stores[0],
            1,
            replay._unjudged,
            folder,
            StopRequest(),
            buckets=self.buckets,
        )

    def _metrics(self, trainer: Trainer, steps: int) -> list[float]:
        self._iterate(trainer, 0, steps)
        return [float(v) for *_, metrics in trainer._pending for v in metrics.values()]

    def _iterate(self, trainer: Trainer, first: int, last: int) -> None:
        order = Draws(1, "order", 0).permutation(len(self.stores[0]))
        rows = order.split(self.settings.batch_size)
        for iteration in range(first, last):
            batch = self.stores[0].batch(rows[iteration % (len(rows) - 1)])
            phases = trainer.system.phases(iteration % self.settings.epochs)
            trainer._iterate(phases, batch)
