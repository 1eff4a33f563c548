"""What a system is: parts, phases, and how to sample from it.

A training iteration is a list of phases. A phase owns some modules; the engine differentiates its
loss with respect to their parameters only, so no gradient can leak into a part that it does not
own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Literal, Protocol

import numpy as np
import torch
from torch import Tensor, nn

from arae.corpora.source import TEXT
from arae.foundation.errors import SettingsError
from arae.foundation.settings import bounded, nested
from arae.nn.batch import Batch, TextStore
from arae.nn.decoder import Decoder, StepDecoder
from arae.nn.mlp import BatchNorm, SpectralLinear
from arae.nn.optimisers import Optimiser, distinct_parameters
from arae.nn.posteriors import Posterior
from arae.nn.priors import Prior
from arae.nn.randomness import Draws
from arae.nn.store import Store

# A loss and the numbers worth logging beside it (all on the device, none read back).
Loss = tuple[Tensor, Mapping[str, Tensor]]

ENCODE_BATCH = 512


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
    # What learning rates are multiplied by after plateaus; None in a training without that rule.
    rate_scale: float | None = None

    def number(self, schedule: Callable[[Moment], float]) -> float | Tensor:
        """What a schedule says now: losses ask here for whatever changes from iteration to iteration.

        A loss that is replayed without its Python code is given a scalar on the device instead.
        """
        return schedule(self)


class Repeat(Protocol):
    """How often a phase is repeated within one iteration, decided by how its updates go."""

    def begin(self) -> Callable[[Any, Mapping[str, Tensor]], bool]:
        """The judge of one iteration: after each update it is told the minibatch and the metrics, and
        says whether another update follows, on a fresh minibatch."""


@dataclass(frozen=True, kw_only=True)
class UntilRise:
    """Repeat a phase until its loss stops falling (He et al. 2019, Algorithm 1; M13).

    Every `window` updates the window's loss per prediction is compared with that of the window before
    (the first with 10⁴); the loop ends where it rose, and after `most` − 1 updates at the latest.
    `watch` names the phase's metric: a mean over the minibatch's rows, nats. One read from the device a
    window.
    """

    watch: str = "loss"
    window: int = bounded(15, low=1)
    most: int = bounded(100, low=2)

    def begin(self) -> Callable[[Any, Mapping[str, Tensor]], bool]:
        """See `Repeat.begin`."""
        before, updates = 1e4, 0
        loss: Tensor | float = 0.0
        predictions: Tensor | int = 0

        def goes_on(batch: Any, metrics: Mapping[str, Tensor]) -> bool:
            nonlocal before, updates, loss, predictions
            updates += 1
            loss = loss + metrics[self.watch].double() * batch.whole_size
            predictions = predictions + batch.whole_tokens
            if updates % self.window == 0:
                mean = float(loss / predictions)
                if mean > before:
                    return False
                before, loss, predictions = mean, 0.0, 0
            return updates < self.most - 1

        return goes_on


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
    # None: one update an iteration.
    repeat: Repeat | None = None
    # Modules that the phase does not change, whose gradient counts in the norm that it clips by.
    clipped_with: tuple[nn.Module, ...] = ()

    def __post_init__(self) -> None:
        stepped = [id(parameter) for parameter in self.optimiser.parameters]
        if stepped != [id(parameter) for parameter in distinct_parameters(self.modules)]:
            raise TypeError(
                f"the optimiser of phase '{self.name}' does not step exactly the parameters of the "
                "phase's modules, each once, in their order"
            )

    @cached_property
    def parameters(self) -> list[nn.Parameter]:
        """The parameters that the phase may change, each once, whichever modules share it."""
        return distinct_parameters(self.modules)

    @cached_property
    def clip_parameters(self) -> list[nn.Parameter]:
        """The parameters of `clipped_with` that the phase does not own."""
        own = {id(parameter) for parameter in self.parameters}
        return [p for p in distinct_parameters(self.clipped_with) if id(p) not in own]

    @property
    def is_shared(self) -> bool:
        """Whether processes that train together share out the rows: not past batch statistics."""
        return self.by_rows and not self.trackers

    @cached_property
    def trackers(self) -> list[BatchNorm | SpectralLinear]:
        """Its parts with running statistics, which move only while the phase runs."""
        parts = (part for module in self.modules for part in module.modules())
        return [part for part in parts if isinstance(part, BatchNorm | SpectralLinear)]


@dataclass(frozen=True)
class Stage:
    """Some epochs of a training: what is trained in them, and what is changed before the first.

    `before`: e.g. a decoder drawn anew, an optimiser's memory emptied; each is given random numbers.
    """

    phases: tuple[Phase, ...]
    epochs: int | None = None  # None: all that are left
    before: tuple[Callable[[Draws], None], ...] = ()


@dataclass(frozen=True, kw_only=True)
class PlateauSettings:
    """After `patience` epochs without a better score, from epoch `from_epoch` on: the best weights are
    put back, optimisers forget, and learning rates are multiplied by `factor`; at most `most` times,
    then the training ends. `patience` 0: never.
    """

    patience: int = bounded(0, low=0)
    from_epoch: int = bounded(15, low=1)
    factor: float = bounded(0.5, low=0.0, high=1.0)
    most: int = bounded(5, low=1)


@dataclass(frozen=True, kw_only=True)
class SelectionSettings:
    """How the best epoch is chosen, on validation data only.

    `by` names the score that is minimised, `beside` what is measured as well at each epoch's end, without a
    say in the choice, `samples` how many are drawn. A domain says which scores it has.
    """

    by: str
    beside: tuple[str, ...] = ()
    samples: int = bounded(4000, low=1)
    from_epoch: int = bounded(1, low=1)
    patience: int | None = None  # epochs without improvement before training stops; None = never


@dataclass(frozen=True, kw_only=True)
class TextSelectionSettings(SelectionSettings):
    """How the best epoch is chosen, on validation text only.

    `reverse_ngram`: perplexity of validation sentences under an n-gram model of generated ones
    (K2); `valid_loss`: the system's own loss on validation sentences; `accuracy`: the share of
    validation items that a classifying system labels right. Only beside: `posterior`, which is KL, mutual
    information (K11) and active units (K12) of posteriors with a density. `order` is the n-gram model's.
    """

    by: Literal["reverse_ngram", "valid_loss", "accuracy"] = "reverse_ngram"
    beside: tuple[Literal["reverse_ngram", "valid_loss", "accuracy", "posterior"], ...] = ()
    order: int = bounded(5, low=1, high=7)


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
class StartSettings:
    """Weights to start from: `parts` (modules by name, e.g. encoder) of another recipe's model.

    The model is that of the same seed, on the same corpus; what is not named is drawn as ever.
    """

    recipe: str
    parts: tuple[str, ...] = ("encoder", "decoder")

    def check(self) -> None:
        """Some part must be taken."""
        if not self.parts:
            raise ValueError("parts: empty; name modules of the system, e.g. [encoder]")


@dataclass(frozen=True, kw_only=True)
class RecipeSettings:
    """Settings that every recipe has, whatever it is trained on.

    A class that is of one domain alone, or has been made for it, names it.

    `buckets`: 0 packs the sentences of a minibatch without padding. Above it they are padded to the
    next multiple of so many positions, for GPUs: a phase is then recorded once for each width and
    replayed as a CUDA graph. None leaves it to the device: packed on a CPU, padded on a GPU. Losses are
    the same but for rounding, and for other random numbers where words or positions are dropped.
    Images have one shape: any number above 0 has their phases replayed.
    """

    domain: ClassVar[str] = ""
    has_sampling: ClassVar[bool] = False
    system: str
    corpus: str = ""
    epochs: int = bounded(15, low=1)
    batch_size: int = bounded(64, low=2)
    log_every: int = bounded(50, low=1)
    checkpoint_minutes: float = bounded(5.0, low=0.0)
    buckets: int | None = bounded(None, low=0, high=1024)
    selection: SelectionSettings
    plateau: PlateauSettings = nested(PlateauSettings)


@dataclass(frozen=True, kw_only=True)
class TextTraining:
    """What a recipe of text has beside. To be laid over other settings, as the first base class."""

    domain: ClassVar[str] = TEXT
    has_sampling: ClassVar[bool] = True  # a recipe may say how its model is sampled
    max_length: int = bounded(15, low=1)  # longest generated sentence, in words
    selection: TextSelectionSettings = nested(TextSelectionSettings)
    start: StartSettings | None = None
    observe: ObserveSettings = nested(ObserveSettings)


@dataclass(frozen=True, kw_only=True)
class TrainingSettings(TextTraining, RecipeSettings):
    """Settings that every recipe of text has."""


class System(nn.Module):
    """Base of all systems: subclasses set `decoder`, `prior` if they have one, and `phases`."""

    decoder: Decoder
    prior: Prior | None  # where codes are drawn from; None for a system that draws none
    settings: Any  # `RecipeSettings`, with what its domain and the system add
    likelihood = "log p(x)"  # what the negative of `loss_per_sentence` is
    labels: int = 0  # classes whose sentences it can write, each in its own way
    judged_beside: Sequence[str] = ()  # what `end_epoch` needs of validation: names of `beside`
    # Modules that keep time (weights, latches): they go on where a plateau puts the best weights back.
    schedules: Sequence[nn.Module] = ()
    stages: Sequence[
        Stage
    ] = ()  # instead of `phases`, where what is trained changes with the epochs
    has_codes = False  # whether it has an encoder

    def __init__(self) -> None:
        super().__init__()
        self.prior = None

    def phases(self, epoch: int) -> Sequence[Phase]:
        """The phases of every iteration of an epoch (0-based), in order; the same Phase may recur.

        May depend on the system's buffers as they are when the epoch begins.
        """
        return self._stage_of(epoch)[1].phases

    def all_phases(self) -> Sequence[Phase]:
        """Every phase of any epoch; to be overridden where `phases` depends on buffers."""
        return [phase for epoch in range(self.settings.epochs) for phase in self.phases(epoch)]

    def begin_epoch(self, epoch: int, draws: Draws) -> None:
        """Called before an epoch's (0-based) first iteration: a stage's changes are made here."""
        if self.stages:
            first, stage = self._stage_of(epoch)
            for change in stage.before if epoch == first else ():
                change(draws)

    def end_epoch(self, epoch: int, metrics: Mapping[str, float]) -> None:
        """Told what validation found after an epoch (0-based), the same in all processes.

        What it remembers of them must be in buffers, which checkpoints keep.
        """

    def _stage_of(self, epoch: int) -> tuple[int, Stage]:
        """The stage that an epoch is of, and that stage's first epoch."""
        first = 0
        for stage in self.stages:
            if stage.epochs is None or epoch < first + stage.epochs:
                return first, stage
            first += stage.epochs
        raise TypeError(f"{type(self).__name__} defines no phases for epoch {epoch + 1}")

    def loss_per_sentence(self, batch: Batch) -> Tensor:
        """Deterministic loss on held-out sentences [B], nats, in row order (evaluation mode)."""
        raise TypeError(f"{type(self).__name__} defines no loss")

    def posterior(self, batch: Any, draws: Draws | None = None) -> Posterior:
        """q(z | x), in row order; with `draws` as while training. Only systems with an encoder have it."""
        raise TypeError(f"{type(self).__name__} has no codes")

    def encode(self, batch: Any) -> Tensor:
        """Mean codes [B, d], in row order."""
        return self.posterior(batch).mean()

    def validation_metrics(self, store: TextStore) -> dict[str, float]:
        """What a classifying system is judged by on held-out text, `accuracy` among it."""
        require_accuracy(self)
        return {}

    @torch.no_grad()
    def fit_prior(self, store: Store) -> None:
        """Estimate from training data whatever the prior needs beyond trained weights."""
        if self.prior is not None and self.prior.is_fitted:
            rows = torch.arange(len(store)).split(ENCODE_BATCH)
            self.prior.fit(torch.cat([self.encode(store.batch(some)) for some in rows]))

    def sample_latents(self, count: int, draws: Draws) -> Tensor | None:
        """`count` codes from the model's prior [count, d]; None for a system without codes."""
        return None if self.prior is None else self.prior.sample(count, draws)

    def prior_noise(self, count: int, draws: Draws) -> Tensor | None:
        """Draws from the space that the prior is simple in [count, n]; None without codes.

        Where one moves to interpolate or to add offsets; `from_noise` makes codes of its points.
        """
        return None if self.prior is None else self.prior.noise(count, draws)

    def from_noise(self, noise: Tensor) -> Tensor:
        """Codes [count, d] of points of the space of `prior_noise` [count, n]."""
        return noise if self.prior is None else self.prior.codes(noise)

    def decoder_for(self, label: int | None = None) -> StepDecoder:
        """The decoder of a class; without one, the decoder, or all classes' decoders by turns."""
        return self.decoder if label is None else self.decoder.of(label)

    @property
    def has_fixed_shapes(self) -> bool:
        """Whether all shapes of an iteration follow from the minibatch's, so that it can be replayed."""
        return not self.labels

    @property
    def fits_prior(self) -> bool:
        """Whether `sample_latents` means something only after `fit_prior`."""
        return self.prior is not None and self.prior.is_fitted

    @property
    def device(self) -> torch.device:
        """Where the parameters live."""
        return self.decoder.output.weight.device


def require_accuracy(system: System) -> None:
    """Raise a `SettingsError` for a system that classifies nothing."""
    if type(system).validation_metrics is System.validation_metrics:
        raise SettingsError(
            f"selection.by: '{system.settings.system}' classifies nothing, so it has no accuracy; "
            "choose reverse_ngram or valid_loss"
        )


def owned_parameters(phase: Phase) -> list[nn.Parameter]:
    """The parameters a phase may change."""
    return list(phase.parameters)


def distinct_phases(system: System) -> dict[str, Phase]:
    """Every phase of a system once, by name, over all its epochs.

    `TypeError` if two of them share a name: the state of one would be lost.
    """
    phases: dict[str, Phase] = {}
    for phase in system.all_phases():
        if phases.setdefault(phase.name, phase) is not phase:
            raise TypeError(f"{type(system).__name__} has two phases named '{phase.name}'")
    return phases
