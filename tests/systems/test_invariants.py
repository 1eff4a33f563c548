"""The invariants that every system keeps: ownership, sign, purity, order-insensitivity."""

import numpy as np
import pytest
import torch

from arae.engine.phases import run_phase
from arae.nn.optimisers import SGD, OptimiserSettings
from arae.nn.randomness import Draws
from arae.systems.system import Moment, distinct_phases, owned_parameters
from toy import (
    IMAGE_RECIPES,
    OBJECTS,
    RECIPES,
    VOCABULARY_SIZE,
    store_for,
    toy_system,
    validation_for,
)

NAMES = [*RECIPES, *OBJECTS, *IMAGE_RECIPES]
PHASES = [(name, phase) for name in NAMES for phase in distinct_phases(toy_system(name))]
# A statistic that one phase records for another, owned by no optimiser.
NOTES = {"reconstruction_slope"}


def _moment(iteration: int = 0) -> Moment:
    return Moment(iteration, iteration / 8, 0.0, Draws(1, "phase", iteration))


def _warm(name: str):
    """A system one iteration old: running statistics and slopes have been seen."""
    system, batch = toy_system(name).train(), store_for(name).batch(np.arange(8))
    for place, phase in enumerate(system.phases(0)):
        run_phase(phase, batch, Moment(0, 0.0, 0.0, Draws(1, "warm", place)))
    return system, batch


@pytest.mark.parametrize(("name", "phase_name"), PHASES)
def test_a_phase_changes_what_it_owns_and_nothing_else(name: str, phase_name: str) -> None:
    system, batch = _warm(name)
    phase = distinct_phases(system)[phase_name]
    owned = {id(t) for module in phase.modules for t in module.state_dict(keep_vars=True).values()}
    before = {key: t.clone() for key, t in system.state_dict().items()}
    run_phase(phase, batch, _moment(1))
    changed = {key for key, t in system.state_dict().items() if not torch.equal(t, before[key])}
    outside = {key for key, t in system.state_dict(keep_vars=True).items() if id(t) not in owned}
    assert changed & outside <= NOTES
    assert changed - outside


@pytest.mark.parametrize(("name", "phase_name"), PHASES)
def test_what_a_phase_is_given_does_not_depend_on_it(name: str, phase_name: str) -> None:
    system, batch = _warm(name)
    phase = distinct_phases(system)[phase_name]
    if phase.given is None:
        return
    before = phase.given(batch)
    assert not before.requires_grad and len(before) == batch.size
    run_phase(phase, batch, _moment(1))
    assert torch.equal(phase.given(batch), before)


@pytest.mark.parametrize(("name", "phase_name"), PHASES)
def test_a_small_step_lowers_the_phase_own_loss(name: str, phase_name: str) -> None:
    system, batch = _warm(name)
    phase = distinct_phases(system)[phase_name]
    parameters = owned_parameters(phase)
    loss, _ = phase.loss(batch, _moment(1))
    gradients = [g.clone() for g in torch.autograd.grad(loss, parameters)]
    squared = sum(float(g.square().sum()) for g in gradients)
    rate = 1e-3 / max(squared, 1e-6) ** 0.5
    SGD(parameters, OptimiserSettings(lr=rate)).step(gradients)
    after, _ = phase.loss(batch, _moment(1))
    rounding = 64 * 2.0**-24  # of float32, in units; norms that are matched magnify it
    assert after.item() <= loss.item() + rounding * max(1.0, abs(loss.item()))


@pytest.mark.parametrize("name", NAMES)
def test_metrics_leave_training_untouched(name: str) -> None:
    def losses(measure: bool) -> list[float]:
        system, store = toy_system(name).train(), store_for(name)
        validate = validation_for(name, store, seed=3)
        seen = []
        for iteration in range(3):
            for phase in system.phases(0):
                metrics = run_phase(phase, store.batch(np.arange(8)), _moment(iteration))
                seen += [value.item() for value in metrics.values()]
            if measure:
                validate(system)
                assert system.training
        return seen

    assert losses(measure=True) == losses(measure=False)


@pytest.mark.parametrize("name", NAMES)
def test_permuting_a_batch_permutes_its_results(name: str) -> None:
    system, store = toy_system(name).eval(), store_for(name)
    order = np.random.default_rng(1).permutation(12)
    with torch.no_grad():
        straight, shuffled = store.batch(np.arange(12)), store.batch(order)
        first = straight.restore(system.loss_per_sentence(straight))
        second = shuffled.restore(system.loss_per_sentence(shuffled))
        alone = torch.cat([system.loss_per_sentence(store.batch([i])) for i in range(12)])
    torch.testing.assert_close(first[order], second)
    torch.testing.assert_close(first, alone)


@pytest.mark.parametrize("name", NAMES)
def test_initial_weights_depend_on_the_seed_only(name: str) -> None:
    torch.manual_seed(0)
    first = toy_system(name, seed=5).state_dict()
    torch.manual_seed(99)
    second, other = toy_system(name, seed=5).state_dict(), toy_system(name, seed=6).state_dict()
    assert all(torch.equal(first[key], second[key]) for key in first)
    assert any(not torch.equal(first[key], other[key]) for key in first)
    assert first["decoder.output.weight"].shape[0] == VOCABULARY_SIZE
