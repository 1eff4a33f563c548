"""What a system is: parts, phases, and how to sample from it.

A training iteration is a list of phases. A phase owns some modules; the engine differentiates its
loss with respect to their parameters only, so no gradient can leak into a part that it does not
own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor, nn

from arae.foundation.errors import SettingsError
from arae.foundation.settings import bounded, nested
from arae.nn.batch import Batch, TextStore
from arae.nn.decoder import Decoder, StepDecoder
from arae.nn.mlp import BatchNorm, SpectralLinear
from arae.nn.optimisers import Optimiser
from arae.nn.randomness import Draws
from arae.nn.store import Store

# A loss and the numbers worth logging beside it (all on the device, none read back).
Loss = tuple[Tensor, Mapping[str, Tensor]]


@dataclass(frozen=True)
class Moment:
    """When a loss is computed: schedules and random numbers are functions of it alone."""

    iteration: int
    epoch: float  # epochs done, with their fraction
    progress: float  # share of the whole training done, 0 to 1
    draws: Draws
    given: Tensor | None = None  # what `Phase.given` computed of the batch, if the engine did
    # The mean, over the processes that train together, of what each computed from its rows.
    mean: Callable[[Tensor], Tensor] = lambda value: value

    def number(self, schedule: Callable[[Moment], float]) -> float | Tensor:
        """What a schedule says now: losses ask here for whatever changes from iteration to iteration.

        A loss that is replayed without its Python code is given a scalar on the device instead.
        """
        return schedule(self)


@dataclass(frozen=True)
class Phase:
    """One step of an iteration: which modules it trains, on what loss, by which optimiser."""

    name: str
    modules: tuple[nn.Module, ...]
    loss: Callable[[Batch, Moment], Loss]
    optimiser: Optimiser
    # "epoch": each sentence once an epoch, in the epoch's order; "random": a fresh draw of
    # sentences; "same": the sentences of the phase before it in the iteration.
    stream: Literal["epoch", "random", "same"] = "epoch"
    after_step: Callable[[], None] = lambda: None
    # Picks the sentences of a "random" phase: (store, draws, how many) -> their places; by default
    # all sentences are equally likely.
    choose: Callable[[Any, Draws, int], Tensor | np.ndarray] | None = None
    # What the loss needs of the batch [B, …] that depends on no module of the phase: the engine may
    # compute it at once for consecutive repetitions of the phase, which cannot change it.
    given: Callable[[Batch], Tensor] | None = None
    # Whether the loss and its metrics are sums over the batch's rows, divided by counts of the whole
    # minibatch: then several processes may compute it of some rows each.
    by_rows: bool = False

    @cached_property
    def parameters(self) -> list[nn.Parameter]:
        """The parameters that the phase may change."""
        return [parameter for module in self.modules for parameter in module.parameters()]

    @property
    def is_shared(self) -> bool:
        """Whether processes that train together share out the rows: not past batch statistics."""
        return self.by_rows and not self.trackers

    @cached_property
    def trackers(self) -> list[BatchNorm | SpectralLinear]:
        """Its parts with running statistics, which move only while the phase runs."""
        parts = (part for module in self.modules for part in module.modules())
        return [part for part in parts if isinstance(part, BatchNorm | SpectralLinear)]


@dataclass(frozen=True, kw_only=True)
class SelectionSettings:
    """How the best epoch is chosen, on validation text only.

    `reverse_ngram`: perplexity of validation sentences under an n-gram model of generated ones
    (K2); `valid_loss`: the system's own loss on validation sentences; `accuracy`: the share of
    validation items that a classifying system labels right.
    """

    by: Literal["reverse_ngram", "valid_loss", "accuracy"] = "reverse_ngram"
    samples: int = bounded(4000, low=1)
    order: int = bounded(5, low=1, high=7)
    from_epoch: int = bounded(1, low=1)
    patience: int | None = None  # epochs without improvement before training stops; None = never


@dataclass(frozen=True, kw_only=True)
class LatentSettings:
    """Which codes are looked at (K14, K15): `sentences` fixed ones and as many generated codes, and
    `neighbours` sentences within word edit distance `distance` of each of `anchors` sentences.
    """

    sentences: int = bounded(1000, low=2)
    anchors: int = bounded(250, low=1)
    neighbours: int = bounded(100, low=1)
    distance: int = bounded(5, low=1)


@dataclass(frozen=True, kw_only=True)
class ObserveSettings(LatentSettings):
    """Statistics of codes recorded while training, every `every` iterations (0: never)."""

    every: int = bounded(0, low=0)


@dataclass(frozen=True, kw_only=True)
class TrainingSettings:
    """Settings that every recipe has.

    `buckets`: 0 packs the sentences of a minibatch without padding. Above it they are padded to the
    next multiple of so many positions, for GPUs: a phase is then recorded once for each width and
    replayed as a CUDA graph. Losses are the same but for rounding, and for other random numbers where
    words or positions are dropped. Images have one shape: any number above 0 has their phases replayed.
    """

    system: str
    corpus: str = ""
    epochs: int = bounded(15, low=1)
    batch_size: int = bounded(64, low=2)
    max_length: int = bounded(15, low=1)  # longest generated sentence, in words
    log_every: int = bounded(50, low=1)
    checkpoint_minutes: float = bounded(5.0, low=0.0)
    buckets: int = bounded(0, low=0, high=1024)
    selection: SelectionSettings = nested(SelectionSettings)
    observe: ObserveSettings = nested(ObserveSettings)


class System(nn.Module):
    """Base of all systems: subclasses set `decoder`, `phases` and what they sample from."""

    decoder: Decoder
    settings: TrainingSettings
    likelihood = "log p(x)"  # what the negative of `loss_per_sentence` is
    labels: int = 0  # classes whose sentences it can write, each in its own way

    def phases(self, epoch: int) -> Sequence[Phase]:
        """The phases of every iteration of an epoch (0-based), in order; the same Phase may recur."""
        raise TypeError(f"{type(self).__name__} defines no phases")

    def loss_per_sentence(self, batch: Batch) -> Tensor:
        """Deterministic loss on held-out sentences [B], nats, in row order (evaluation mode)."""
        raise TypeError(f"{type(self).__name__} defines no loss")

    def encode(self, batch: Batch) -> Tensor:
        """Mean codes [B, d], in row order; only systems with an encoder have them."""
        raise TypeError(f"{type(self).__name__} has no codes")

    def validation_metrics(self, store: TextStore) -> dict[str, float]:
        """What a classifying system is judged by on held-out text, `accuracy` among it."""
        raise SettingsError(
            f"selection.by: '{self.settings.system}' classifies nothing, so it has no accuracy; "
            "choose reverse_ngram or valid_loss"
        )

    def fit_prior(self, store: Store) -> None:
        """Estimate from training sentences whatever sampling needs beyond trained weights."""

    def sample_latents(self, count: int, draws: Draws) -> Tensor | None:
        """`count` codes from the model's prior [count, d]; None for a system without codes."""
        return None

    def prior_noise(self, count: int, draws: Draws) -> Tensor | None:
        """Draws from the space that the prior is simple in [count, n]: the codes, unless overridden.

        Where one moves to interpolate or to add offsets; `from_noise` makes codes of its points.
        """
        return self.sample_latents(count, draws)

    def from_noise(self, noise: Tensor) -> Tensor:
        """Codes [count, d] of points of the space of `prior_noise` [count, n]."""
        return noise

    def decoder_for(self, label: int | None = None) -> StepDecoder:
        """The decoder that writes sentences of a class; all systems but those of transfer have one."""
        return self.decoder

    @property
    def has_codes(self) -> bool:
        """Whether `encode` is there."""
        return type(self).encode is not System.encode

    @property
    def has_fixed_shapes(self) -> bool:
        """Whether all shapes of an iteration follow from the minibatch's, so that it can be replayed."""
        return not self.labels

    @property
    def fits_prior(self) -> bool:
        """Whether `sample_latents` means something only after `fit_prior`."""
        return type(self).fit_prior is not System.fit_prior

    @property
    def device(self) -> torch.device:
        """Where the parameters live."""
        return self.decoder.output.weight.device


def owned_parameters(phase: Phase) -> list[nn.Parameter]:
    """The parameters a phase may change."""
    return list(phase.parameters)


def distinct_phases(system: System) -> dict[str, Phase]:
    """Every phase of a system once, by name, over all its epochs."""
    epochs = range(system.settings.epochs)
    return {phase.name: phase for epoch in epochs for phase in system.phases(epoch)}
