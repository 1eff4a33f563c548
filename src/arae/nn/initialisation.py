"""Initial weights, drawn from the run's own seed."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import nn

from arae.nn.mlp import BatchNorm
from arae.nn.randomness import Draws


def uniform_(modules: Iterable[nn.Module], bound: float, draws: Draws) -> None:
    """Every parameter ~ U(−bound, bound), biases of linear and recurrent layers 0."""
    for name, parameter in _named(modules):
        with torch.no_grad():
            if name.endswith("bias"):
                parameter.zero_()
            else:
                values = draws.uniform(*parameter.shape)
                parameter.copy_(values.mul_(2 * bound).sub_(bound))


def fan_in_(modules: Iterable[nn.Module], draws: Draws) -> None:
    """Weights and biases of linear layers and convolutions ~ U(±1/√(inputs of a unit)).

    Other parts stay as they are.
    """
    for module in modules:
        for part in module.modules():
            if isinstance(part, nn.Linear | nn.Conv2d):
                bound = part.weight[0].numel() ** -0.5
                with torch.no_grad():
                    for parameter in part.parameters():
                        values = draws.uniform(*parameter.shape)
                        parameter.copy_(values.mul_(2 * bound).sub_(bound))


def normal_(modules: Iterable[nn.Module], std: float, draws: Draws) -> None:
    """Weights of linear layers ~ N(0, std²), biases 0; batch normalisation stays at identity."""
    for module in modules:
        kept = {
            id(p)
            for part in module.modules()
            if isinstance(part, BatchNorm)
            for p in part.parameters()
        }
        for name, parameter in _named([module]):
            if id(parameter) in kept:
                continue
            with torch.no_grad():
                if name.endswith("bias"):
                    parameter.zero_()
                else:
                    parameter.copy_(draws.normal(*parameter.shape).mul_(std))


def he_(modules: Iterable[nn.Module], draws: Draws) -> None:
    """Weights of linear layers ~ N(0, 2 / fan-in) (He et al. 2015, for ReLU), biases 0."""
    for _, parameter in _named(modules):
        with torch.no_grad():
            if parameter.dim() < 2:
                parameter.zero_()
            else:
                std = (2.0 / parameter.shape[1]) ** 0.5
                parameter.copy_(draws.normal(*parameter.shape).mul_(std))


def scale_batch_norm_(modules: Iterable[nn.Module], std: float, draws: Draws) -> None:
    """Batch-normalisation gains ~ N(0, std²), as the authors' code does by accident."""
    for module in modules:
        for part in module.modules():
            if isinstance(part, BatchNorm):
                with torch.no_grad():
                    part.weight.copy_(draws.normal(*part.weight.shape).mul_(std))


def _named(modules: Iterable[nn.Module]) -> Iterable[tuple[str, nn.Parameter]]:
    return (pair for module in modules for pair in module.named_parameters())
