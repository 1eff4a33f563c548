"""Projection to the vocabulary and its cross-entropy in one step, on real tokens only."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable


def token_nll(hidden: Tensor, weight: Tensor, bias: Tensor, targets: Tensor) -> Tensor:
    """−log softmax(hidden·weightᵀ + bias)[target], in nats.

    hidden [P, H], weight [V, H], bias [V], targets [P] → [P]. The probabilities overwrite the
    logits and become the gradient in place, so the [P, V] matrix exists once; that gradient can be
    taken once.
    """
    return _TokenNLL.apply(hidden, weight, bias, targets)  # type: ignore[no-untyped-call]


class _TokenNLL(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, hidden: Tensor, weight: Tensor, bias: Tensor, targets: Tensor) -> Tensor:
        logits = torch.addmm(bias, hidden, weight.t())
        targets = targets.unsqueeze(1)
        logits -= logits.amax(dim=1, keepdim=True)
        chosen = logits.gather(1, targets).squeeze(1)
        total = logits.exp_().sum(dim=1)
        ctx.save_for_backward(hidden, weight, targets, total)
        ctx.unnormalised = logits
        return total.log() - chosen

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad_nll: Tensor) -> tuple[Tensor | None, ...]:
        hidden, weight, targets, total = ctx.saved_tensors
        grad = ctx.unnormalised
        if grad is None:
            raise RuntimeError("token_nll: its gradient was already taken")
        ctx.unnormalised = None
        grad *= (grad_nll / total).unsqueeze(1)
        grad.scatter_add_(1, targets, -grad_nll.unsqueeze(1))
        needs = ctx.needs_input_grad
        return (
            grad @ weight if needs[0] else None,
            grad.t() @ hidden if needs[1] else None,
            grad.sum(dim=0) if needs[2] else None,
            None,
        )
