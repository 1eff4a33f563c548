"""What optimisers are handed: dense gradients in the parameters' own memory layout, whatever computes.

Fused optimisers on a GPU refuse any other. cuDNN's way of recurrent layers runs on a CPU, too.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import arae.nn.cudnn
import arae.nn.embedding
from arae.engine.signals import StopRequest
from arae.engine.trainer import Trainer
from arae.nn.optimisers import Adam, OptimiserSettings
from arae.nn.padded import training_text
from arae.nn.randomness import Draws
from arae.systems.system import Moment, System, distinct_phases
from engine.imitation import Imitation
from toy import IMAGE_RECIPES, RECIPES, store_for, toy_system, toy_text

NAMES = [*RECIPES, *IMAGE_RECIPES]
LABELLED = ["arae-transfer", "arae-transfer-uniform", "cross-aligned"]


@pytest.fixture(params=["cudnn", "own"])
def as_on_a_gpu(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Dense gradients of embeddings; recurrent layers by cuDNN's way, or by the CPU's."""
    monkeypatch.setattr(arae.nn.embedding, "SPARSE_ON", "nowhere")
    monkeypatch.setattr(arae.nn.cudnn, "CUDNN_ON", "cpu" if request.param == "cudnn" else "nowhere")


def _watched(system: System) -> list[int]:
    """Has every update of a system checked; returns the updates' numbers of gradients."""
    seen: list[int] = []
    for phase in distinct_phases(system).values():
        step, parameters = phase.optimiser.step, list(phase.optimiser.parameters)
        names = {id(p): name for name, p in system.named_parameters()}

        def checked(
            gradients: Sequence[Tensor],
            *rest: Any,
            step: Any = step,
            wanted: Any = parameters,
            names: Any = names,
        ) -> None:
            for gradient, parameter in zip(gradients, wanted, strict=True):
                _expect_alike(gradient, parameter, names[id(parameter)])
            seen.append(len(gradients))
            step(gradients, *rest)

        phase.optimiser.step = checked  # type: ignore[method-assign]
    return seen


def _expect_alike(gradient: Tensor, parameter: Tensor, name: str) -> None:
    assert gradient.layout == torch.strided, name
    assert gradient.is_contiguous() and gradient.stride() == parameter.stride(), name
    assert gradient.shape == parameter.shape, name
    assert (gradient.dtype, gradient.device) == (parameter.dtype, parameter.device), name


@pytest.mark.usefixtures("as_on_a_gpu")
@pytest.mark.parametrize("how", ["packed", "replayed"])
@pytest.mark.parametrize("name", NAMES)
def test_every_gradient_lies_as_its_parameter_does(name: str, how: str, tmp_path: Path) -> None:
    if how != "packed" and not toy_system(name).has_fixed_shapes:
        how = "packed"  # all that these systems can
    buckets = 0 if how == "packed" else 4
    system = toy_system(name, buckets=buckets).train()
    store: Any = store_for(name)
    if name in RECIPES:
        store = training_text(toy_text(), torch.device("cpu"), buckets)
    recorder = Imitation() if how == "replayed" else None
    seen = _watched(system)
    trainer = Trainer(system, store, 1, lambda _: {}, tmp_path, StopRequest(), recorder=recorder)
    for epoch in (0, *[2] * 15):  # until a shape has come often enough to be replayed
        trainer._iterate(system.phases(epoch), store.batch(torch.arange(8)))
        if epoch and (recorder is None or recorder.replayed):
            break
    assert len(seen) >= len(distinct_phases(system)) and all(seen)
    assert recorder is None or recorder.replayed


@pytest.mark.usefixtures("as_on_a_gpu")
@pytest.mark.parametrize("name", [name for name in NAMES if name not in LABELLED])
def test_fused_adam_takes_every_phases_gradients(name: str) -> None:
    """And steps as the formula says, element by element."""
    system, store = toy_system(name).train(), store_for(name)
    for phase in distinct_phases(system).values():
        loss, _ = phase.loss(store.batch(torch.arange(8)), Moment(1, 0.2, 0.1, Draws(1, "phase")))
        gradients = torch.autograd.grad(loss, phase.parameters)
        moved = [nn.Parameter(p.detach().clone()) for p in phase.parameters]
        Adam(moved, OptimiserSettings(kind="adam", lr=0.01)).step(gradients)
        for after, before, gradient in zip(moved, phase.parameters, gradients, strict=True):
            step = 0.01 * gradient / (gradient.abs() + 1e-8)  # Adam's first
            torch.testing.assert_close(after, before - step)


@pytest.mark.usefixtures("as_on_a_gpu")
@pytest.mark.parametrize("name", ["arae-transfer", "cross-aligned"])
def test_a_label_without_a_sentence_has_such_gradients_too(name: str) -> None:
    system, store = toy_system(name).train(), store_for(name)
    rows = np.flatnonzero(toy_text().labels == 0)[:8]
    for phase in list(distinct_phases(system).values())[:1]:
        loss, _ = phase.loss(store.batch(rows), Moment(1, 0.2, 0.1, Draws(1, "phase")))
        gradients = torch.autograd.grad(loss, phase.parameters)
        for gradient, parameter in zip(gradients, phase.parameters, strict=True):
            _expect_alike(gradient, parameter, phase.name)
