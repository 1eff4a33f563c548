"""Our optimisers take the same steps as torch's."""

import pytest
import torch
from torch import nn

from arae.nn.optimisers import Grouped, OptimiserSettings, build_optimiser


@pytest.mark.parametrize("kind", ["sgd", "adam"])
@pytest.mark.parametrize("clip", [0.0, 0.5])
def test_same_steps_as_torch(kind: str, clip: float) -> None:
    ours, theirs = nn.Linear(3, 2), nn.Linear(3, 2)
    theirs.load_state_dict(ours.state_dict())
    optimiser = build_optimiser(
        [ours], OptimiserSettings(kind=kind, lr=0.1, beta1=0.5, clip_norm=clip)
    )
    make = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}[kind]
    extra = {"betas": (0.5, 0.999)} if kind == "adam" else {}
    reference = make(theirs.parameters(), lr=0.1, **extra)
    for step in range(5):
        inputs = torch.full((4, 3), float(step + 1))
        optimiser.step(torch.autograd.grad(ours(inputs).square().sum(), list(ours.parameters())))
        reference.zero_grad()
        theirs(inputs).square().sum().backward()
        if clip:
            torch.nn.utils.clip_grad_norm_(theirs.parameters(), clip)
        reference.step()
    torch.testing.assert_close(ours.weight, theirs.weight)


@pytest.mark.parametrize("kind", ["sgd", "adam"])
def test_rows_of_an_embedding_move_as_under_a_dense_gradient(kind: str) -> None:
    settings = OptimiserSettings(kind=kind, lr=0.1, clip_norm=0.5)
    words = torch.tensor([4, 1, 4])  # a repeated word's gradients add up before the clipping
    tables = [nn.Embedding(6, 3, sparse=sparse) for sparse in (False, True)]
    tables[1].load_state_dict(tables[0].state_dict())
    for table in tables:
        optimiser = build_optimiser([table], settings)
        for _ in range(3):
            optimiser.step(torch.autograd.grad(table(words).square().sum(), [table.weight]))
    torch.testing.assert_close(tables[1].weight, tables[0].weight)


def test_rate_falls_linearly_to_its_final_share() -> None:
    settings = OptimiserSettings(lr=2.0, final_share=0.5)
    assert [settings.rate(p) for p in (0.0, 0.5, 1.0)] == [2.0, 1.5, 1.0]


def test_adam_state_round_trip() -> None:
    first, second = nn.Linear(2, 2), nn.Linear(2, 2)
    second.load_state_dict(first.state_dict())
    settings = OptimiserSettings(kind="adam", lr=0.1)
    left, right = build_optimiser([first], settings), build_optimiser([second], settings)
    gradients = [torch.ones_like(p) for p in first.parameters()]
    left.step([g.clone() for g in gradients])
    second.load_state_dict(first.state_dict())
    right.load_state(left.state())
    left.step([g.clone() for g in gradients])
    right.step([g.clone() for g in gradients])
    assert torch.equal(first.weight, second.weight)


def test_grouped_optimisers_step_as_they_would_alone() -> None:
    slow = OptimiserSettings(kind="adam", lr=0.01, clip_norm=0.1)
    fast = OptimiserSettings(kind="sgd", lr=0.5, final_share=0.0)
    layers = [nn.Linear(3, 3), nn.Linear(3, 2)]
    copies = [nn.Linear(3, 3), nn.Linear(3, 2)]
    for layer, copy in zip(layers, copies, strict=True):
        copy.load_state_dict(layer.state_dict())
    members = [build_optimiser([layers[0]], slow), build_optimiser([layers[1]], fast)]
    alone = [build_optimiser([copies[0]], slow), build_optimiser([copies[1]], fast)]
    grouped = Grouped(members)

    def gradients(parts: list[nn.Linear]) -> list[torch.Tensor]:
        parameters = [p for part in parts for p in part.parameters()]
        return list(torch.autograd.grad(parts[1](parts[0](torch.ones(4, 3))).sum(), parameters))

    for step in range(4):
        both = gradients(copies)
        grouped.step(gradients(layers), step / 8)
        alone[0].step(both[:2], step / 8)
        alone[1].step(both[2:], step / 8)
    for layer, copy in zip(layers, copies, strict=True):
        torch.testing.assert_close(layer.weight, copy.weight)
    assert len(grouped.parameters) == 4
    again = Grouped([build_optimiser([layers[0]], slow), build_optimiser([layers[1]], fast)])
    again.load_state(grouped.state())
    assert again.state().keys() == grouped.state().keys()
    for name, tensor in grouped.state().items():
        torch.testing.assert_close(again.state()[name], tensor)
