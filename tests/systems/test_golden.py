"""No silent numeric change: losses and gradients of every recipe against a record, on any processor.

Processors round differently, and training lets rounding grow. So nothing here compares bits:

- **float64 with the record.** Every phase's first step from fresh weights, each gradient included,
  and then six iterations of training, to 1e-9. A test shows that rounding stays far below that.
- **float32 with float64, both computed now.** Every phase's first step from the same weights, with
  the same random numbers, to some units of float32's rounding.

The faults at the end of this file show what the bounds find, each by far. After a deliberate change:
`ARAE_RECORD_GOLDEN=1 pytest tests/systems/test_golden.py`, and say why in the commit.
"""

import contextlib
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from arae.engine.phases import run_phase
from arae.nn.images import ImageBatch
from arae.nn.randomness import Draws
from arae.systems.system import Moment, Phase
from toy import IMAGE_RECIPES, RECIPES, store_for, toy_system

GOLDEN = Path(__file__).with_name("golden_losses.json")
ITERATIONS = 6
# float64 against the record: the share of a number, and what is noise of a metric and of a gradient
# (where nothing passes a critic, matching norms makes a gradient of 1e-13 out of rounding).
CLOSE, NOISE, GRADIENT_NOISE = 1e-9, 1e-12, 1e-11
# float32 against float64, in units of float32's rounding: of the number, and of 1 for a metric.
# Terms that cancel cost up to a hundred units in these recipes.
UNIT, UNITS, UNITS_OF_ONE = 2.0**-24, 256, 4
# The toy recipe as in the paper clips its critic so hard that no gradient passes: this one does not.
UNCLIPPED = {
    "constraint": {"kind": "weight_clip", "bound": 1.0},
    "hidden": [8, 8],
    "steps": 2,
    "batch_norm": "after_first",
}
CASES: dict[str, tuple[str, dict[str, Any]]] = {
    **{name: (name, {}) for name in [*RECIPES, *IMAGE_RECIPES]},
    "arae-paper, unclipped": ("arae-paper", {"critic": UNCLIPPED, "adversarial_std": 0.5}),
}

Change = Callable[[Phase], Phase]  # what a fault does to a phase


def same(phase: Phase) -> Phase:
    return phase


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


@contextlib.contextmanager
def default_type(kind: torch.dtype) -> Iterator[None]:
    """What torch makes unless told otherwise: here weights and random numbers too."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(kind)
    try:
        yield
    finally:
        torch.set_default_dtype(before)


class WidenedDraws(Draws):
    """The numbers that float32 has, as float64."""

    def normal(self, *shape: int) -> Tensor:
        with default_type(torch.float32):
            return super().normal(*shape).double()

    def uniform(self, *shape: int) -> Tensor:
        with default_type(torch.float32):
            return super().uniform(*shape).double()


class Witness:
    """An optimiser that keeps a copy of the gradients it is given, then does its work."""

    def __init__(self, optimiser: Any) -> None:
        self.optimiser = optimiser
        self.gradients: list[Tensor] = []

    @property
    def parameters(self) -> list[Tensor]:
        return self.optimiser.parameters

    def step(self, gradients: Sequence[Tensor], *rest: Any) -> None:
        self.gradients = [g.to_dense().detach().clone().double() for g in gradients]
        self.optimiser.step(gradients, *rest)


@dataclass(frozen=True)
class Seen:
    """What one step of a phase showed."""

    metrics: dict[str, float]
    gradients: list[Tensor]


def step(phase: Phase, batch: Any, iteration: int, draws: Draws, change: Change = same) -> Seen:
    if isinstance(batch, ImageBatch):
        batch = batch.like(batch.pixels.to(torch.get_default_dtype()))
    witness = Witness(phase.optimiser)
    metrics = run_phase(
        change(replace(phase, optimiser=witness)),  # type: ignore[arg-type]
        batch,
        Moment(iteration, float(iteration), 0.0, draws),
    )
    return Seen({name: value.item() for name, value in metrics.items()}, witness.gradients)


def system_of(case: str) -> Any:
    name, changes = CASES[case]
    return toy_system(name, **changes).train()


def store_of(case: str) -> Any:
    return store_for(CASES[case][0])


def phase_names(system: Any) -> list[str]:
    """Every phase of the first iterations once."""
    return list(dict.fromkeys(phase.name for i in range(ITERATIONS) for phase in system.phases(i)))


def first_step(case: str, phase: str, *, widened: bool = False, change: Change = same) -> Seen:
    """A phase's first step of all, so that it reads initial weights only.

    `widened`: in float64 from the weights and random numbers of float32.
    """
    system = system_of(case)
    if widened:
        system = system.double()
    with default_type(torch.float64 if widened else torch.get_default_dtype()):
        iteration = next(
            i for i in range(ITERATIONS) if phase in {p.name for p in system.phases(i)}
        )
        (chosen, *_) = (p for p in system.phases(iteration) if p.name == phase)
        draws = (WidenedDraws if widened else Draws)(1, "phase", phase)
        return step(chosen, store_of(case).batch(np.arange(8)), iteration, draws, change)


def training(
    case: str,
    change: Change = same,
    order: Callable[[Sequence[Phase]], Sequence[Phase]] = list,
) -> list[tuple[str, Seen]]:
    """Every step of the first iterations."""
    system, store = system_of(case), store_of(case)
    return [
        (phase.name, step(phase, batch, iteration, Draws(1, "phase", iteration, place), change))
        for iteration in range(ITERATIONS)
        for batch in [store.batch(np.arange(8) + 8 * iteration)]
        for place, phase in enumerate(order(system.phases(iteration)))
    ]


def digest(gradients: Sequence[Tensor]) -> list[float]:
    """Length of a gradient and its shadow on two fixed directions."""
    flat = torch.cat([g.flatten() for g in gradients])
    places = torch.arange(len(flat), dtype=torch.float64)
    directions = torch.stack([torch.cos(places * place + place) for place in (1.7, 2.9)])
    shadows = directions @ flat / len(flat) ** 0.5
    return [float(f"{number:.13g}") for number in (flat.norm().item(), *shadows.tolist())]


def record_of(
    case: str,
    change: Change = same,
    order: Callable[[Sequence[Phase]], Sequence[Phase]] = list,
) -> dict[str, Any]:
    """What is on record of a recipe, computed now, in float64."""
    with default_type(torch.float64):
        firsts = {
            phase: first_step(case, phase, change=change) for phase in phase_names(system_of(case))
        }
        later = training(case, change, order)
    return {
        "first": {
            phase: {
                "metrics": seen.metrics,
                "gradient": digest(seen.gradients),
                "of parameters": [digest([gradient]) for gradient in seen.gradients],
            }
            for phase, seen in firsts.items()
        },
        "later": [
            {"phase": phase, "metrics": seen.metrics, "gradient": digest(seen.gradients)}
            for phase, seen in later
        ],
    }


def excess(now: Mapping[str, Any], golden: Mapping[str, Any]) -> tuple[float, str]:
    """The greatest difference from the record, as a multiple of what is allowed, and where it is."""
    worst, place = 0.0, "nowhere"

    def compare(got: float, wanted: float, allowed: float, where: str) -> None:
        nonlocal worst, place
        share = abs(got - wanted) / allowed
        if not share <= worst:  # so that a NaN counts
            worst, place = share, f"{where}: {got!r}, on record {wanted!r}"

    def one(got: Mapping[str, Any], wanted: Mapping[str, Any], where: str) -> None:
        assert sorted(got["metrics"]) == sorted(wanted["metrics"]), where
        for key, value in wanted["metrics"].items():
            allowed = CLOSE * abs(value) + NOISE
            compare(got["metrics"][key], value, allowed, f"{where}, {key}")
        noise = GRADIENT_NOISE * max(1.0, wanted["gradient"][0])
        parts = [got["gradient"], *got.get("of parameters", [])]
        on_record = [wanted["gradient"], *wanted.get("of parameters", [])]
        for number, (mine, theirs) in enumerate(zip(parts, on_record, strict=True)):
            part = f"gradient of parameter {number}" if number else "gradient"
            for a, b in zip(mine, theirs, strict=True):
                compare(a, b, CLOSE * theirs[0] + noise, f"{where}, {part}")

    assert sorted(now["first"]) == sorted(golden["first"])
    for phase, wanted in golden["first"].items():
        one(now["first"][phase], wanted, f"{phase}, first step")
    names = [[entry["phase"] for entry in record["later"]] for record in (now, golden)]
    if names[0] != names[1]:
        return float("inf"), f"phases {names[0]}, on record {names[1]}"
    for number, (got, wanted) in enumerate(zip(now["later"], golden["later"], strict=True)):
        one(got, wanted, f"step {number}, {wanted['phase']}")
    return worst, place


def on_record() -> dict[str, Any]:
    record: dict[str, Any] = json.loads(GOLDEN.read_text()) if GOLDEN.exists() else {}
    return record


def golden_of(entry: str, now: Any) -> Any:
    """What is on record, which is what is computed now if a record is being made."""
    record = on_record()
    if os.environ.get("ARAE_RECORD_GOLDEN"):
        record[entry] = now
        lines = (f"{json.dumps(key)}: {json.dumps(record[key])}" for key in sorted(record))
        GOLDEN.write_text("{\n" + ",\n".join(lines) + "\n}\n")
    return record[entry]


@pytest.mark.parametrize("case", CASES)
def test_float64_is_as_on_record(case: str) -> None:
    now = record_of(case)
    worst, place = excess(now, golden_of(case, now))
    assert worst <= 1.0, place


def single_excess(case: str, change: Change = same) -> tuple[float, str]:
    """How far float32's first steps are from float64's, as a multiple of what is allowed."""
    worst, place = 0.0, "nowhere"
    for phase in phase_names(system_of(case)):
        short, long = (
            first_step(case, phase, widened=wide, change=same if wide else change)
            for wide in (False, True)
        )
        shares = {
            key: abs(short.metrics[key] - value) / UNIT / (UNITS * abs(value) + UNITS_OF_ONE)
            for key, value in long.metrics.items()
        }
        got, wanted = (torch.cat([g.flatten() for g in seen.gradients]) for seen in (short, long))
        size = max(wanted.norm().item(), 1e-12)
        shares["gradient"] = (got - wanted).norm().item() / UNIT / (UNITS * size)
        for key, share in shares.items():
            if not share <= worst:
                worst, place = share, f"{phase}, {key}"
    return worst, place


@pytest.mark.parametrize("case", CASES)
def test_float32_is_float64_but_for_rounding(case: str) -> None:
    worst, place = single_excess(case)
    assert worst <= 1.0, place


def test_random_numbers_are_those_on_record() -> None:
    draws = Draws(1, "golden")
    now = {
        "normal": draws.normal(20).tolist(),
        "uniform": draws.uniform(3, 3).flatten().tolist(),
        "integers": draws.integers(100, 8).tolist(),
        "permutation": draws.permutation(12).tolist(),
        "dropout": draws.dropout(torch.ones(40), 0.3).tolist(),
    }
    golden = golden_of("of random numbers", now)
    assert sorted(now) == sorted(golden)
    for key, numbers in golden.items():
        assert now[key] == pytest.approx(numbers, abs=4e-6), key  # their sines are approximate


def jitter(phase: Phase) -> Phase:
    """Every gradient off by a unit of float64's rounding, this way or that; what is 0 stays 0."""
    chance = torch.Generator().manual_seed(7)

    class Shaken:
        parameters = phase.optimiser.parameters

        def step(self, gradients: Sequence[Tensor], *rest: Any) -> None:
            sizes = [g.to_dense().abs().max() for g in gradients]
            for gradient, size in zip(gradients, sizes, strict=True):
                values = gradient.to_dense() if gradient.is_sparse else gradient
                signs = torch.randint(2, values.shape, generator=chance) * 2 - 1
                values.add_(signs * (values != 0) * (size * 2.0**-53))
            phase.optimiser.step(gradients, *rest)

    return replace(phase, optimiser=Shaken())  # type: ignore[arg-type]


@pytest.mark.parametrize("case", CASES)
def test_rounding_is_far_below_the_bound(case: str) -> None:
    """Another processor's rounding, made on this one: gradients off by a unit in each step."""
    worst, place = excess(record_of(case, jitter), on_record()[case])
    assert worst <= 0.1, place


def altered(name: str, alter: Callable[[Tensor, Mapping[str, Tensor]], Tensor]) -> Change:
    """A fault in the loss of the phases of one name."""

    def change(phase: Phase) -> Phase:
        if phase.name != name:
            return phase

        def loss(batch: Any, moment: Moment) -> tuple[Tensor, Mapping[str, Tensor]]:
            value, metrics = phase.loss(batch, moment)
            return alter(value, metrics), metrics

        return replace(phase, loss=loss)

    return change


def unconstrained(phase: Phase) -> Phase:
    return replace(phase, after_step=lambda: None)


def swapped(phases: Sequence[Phase]) -> list[Phase]:
    """The first two different phases in each other's place."""
    other = next(place for place, phase in enumerate(phases) if phase.name != phases[0].name)
    order = list(phases)
    order[0], order[other] = phases[other], phases[0]
    return order


def length_held(values: Tensor, p: float = 2.0, dim: int = 1, eps: float = 1e-12) -> Tensor:
    """`normalize` as if a vector's length did not depend on it."""
    return values / values.norm(dim=dim, keepdim=True).detach().clamp_min(eps)


DROPOUT = Draws.dropout


def half_detached(self: Draws, values: Tensor, rate: float) -> Tensor:
    """Half of the gradient stopped where dropout is."""
    kept = DROPOUT(self, values, rate)
    return (kept + kept.detach()) / 2


def unscaled(self: Draws, values: Tensor, rate: float) -> Tensor:
    """Dropout whose kept values are not made larger."""
    return DROPOUT(self, values, rate) * (1 - rate)


def times(factor: float) -> Callable[[Tensor, Mapping[str, Tensor]], Tensor]:
    return lambda loss, _: factor * loss


CODE = "arae-code2018"
# Faults of a phase: of its loss or its step.
PHASE_FAULTS: dict[str, tuple[str, Change]] = {
    "the critic's sign": (CODE, altered("critic", times(-1))),
    "the encoder's sign": ("image-arae", altered("encoder", times(-1))),
    "factor 1.001 under SGD, clipped": ("ae", altered("reconstruction", times(1.001))),
    "factor 1.001 under Adam": (CODE, altered("generator", times(1.001))),
    "factor 1.000001": ("lm", altered("language_model", times(1.000001))),
    "no penalty": (CODE, altered("critic", lambda loss, seen: loss - seen["critic_penalty"])),
    "no KL": ("vae", altered("elbo", lambda _, seen: seen["reconstruction"])),
    "no adversary": (
        "aae-gaussian",
        altered("autoencoder", lambda _, seen: seen["reconstruction"]),
    ),
    "unclipped weights": ("arae-paper", lambda phase: replace(phase, after_step=lambda: None)),
}
# Faults of the code: what is put in the place of what.
CODE_FAULTS: dict[str, tuple[str, Any, str, Any]] = {
    "a detached length": ("ae", torch.nn.functional, "normalize", length_held),
    "a half detached gradient": ("lm", Draws, "dropout", half_detached),
    "unscaled dropout": ("vae", Draws, "dropout", unscaled),
}
# Faults of settings: Adam's epsilon and its memory.
SETTING_FAULTS = {"epsilon": 1.1e-8, "beta1": 0.9001, "beta2": 0.9991, "lr": 0.010001}
BY_FAR = 100.0


@pytest.mark.parametrize("fault", PHASE_FAULTS)
def test_fault_of_a_phase_is_found(fault: str) -> None:
    case, change = PHASE_FAULTS[fault]
    worst, _ = excess(record_of(case, change), on_record()[case])
    assert worst > BY_FAR


@pytest.mark.parametrize("fault", CODE_FAULTS)
def test_fault_of_the_code_is_found(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    case, place, name, wrong = CODE_FAULTS[fault]
    monkeypatch.setattr(place, name, wrong)
    worst, _ = excess(record_of(case), on_record()[case])
    assert worst > BY_FAR


@pytest.mark.parametrize("name", SETTING_FAULTS)
@pytest.mark.parametrize("case", ["vae", "image-ae"])
def test_other_optimiser_is_found(case: str, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    recipes = RECIPES if case in RECIPES else IMAGE_RECIPES
    optimiser = {**recipes[case]["autoencoder"], name: SETTING_FAULTS[name]}
    monkeypatch.setitem(CASES, case, (case, {"autoencoder": optimiser}))
    worst, _ = excess(record_of(case), on_record()[case])
    assert worst > BY_FAR


@pytest.mark.parametrize("case", ["aae-dirac", CODE, "cross-aligned", "nli-ae"])
def test_swapped_phases_are_found(case: str) -> None:
    golden = on_record()[case]
    now = record_of(case, order=swapped)
    worst, _ = excess(now, golden)
    assert worst > BY_FAR
    # Not by their names alone: the same phase shows other numbers.
    name = golden["later"][0]["phase"]
    swapped_in = next(entry for entry in now["later"] if entry["phase"] == name)
    length, wanted = swapped_in["gradient"][0], golden["later"][0]["gradient"][0]
    assert abs(length - wanted) > BY_FAR * (CLOSE * wanted + GRADIENT_NOISE)


@pytest.mark.parametrize("case", ["lm", CODE, "image-vae"])
def test_fault_of_float32_alone_is_found(case: str) -> None:
    """A loss off by 1/1000: as a table of too few digits, or a product in half the precision, is."""

    def change(phase: Phase) -> Phase:
        return altered(phase.name, times(1.001))(phase)

    assert single_excess(case, change)[0] > 10
