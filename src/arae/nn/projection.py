"""Projection to the vocabulary and its cross-entropy in one step, on real tokens only."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any, Literal

import torch
import torch.nn.functional as functional
from torch import Tensor

from arae.nn.differentiation import expect_first_order, of_any_order

Precision = Literal["float32", "tf32", "bfloat16"]
SCORED_AT_ONCE = 256
TF32_DROPS = 13  # of float32's 23 bits of mantissa


def token_nll(
    hidden: Tensor,
    weight: Tensor,
    bias: Tensor,
    targets: Tensor,
    precision: Precision = "float32",
) -> Tensor:
    """−log softmax(hidden·weightᵀ + bias)[target], in nats.

    hidden [P, H], weight [V, H], bias [V], targets [P] → [P]. The probabilities overwrite the
    logits and become the gradient in place, so the [P, V] matrix exists once; that gradient can be
    taken once. `precision` is that of the factors of the three matrix products, all else is float32.
    """
    if not torch.is_grad_enabled():
        return _scored(hidden, weight, bias, targets, precision)
    if of_any_order():
        hidden, weight = _through(hidden, precision), _through(weight, precision)
        return functional.cross_entropy(hidden @ weight.t() + bias, targets, reduction="none")
    return _TokenNLL.apply(hidden, weight, bias, targets, precision)  # type: ignore[no-untyped-call]


def _scored(
    hidden: Tensor, weight: Tensor, bias: Tensor, targets: Tensor, precision: Precision
) -> Tensor:
    """`token_nll` without gradients; on a CPU a few rows at a time, whose logits stay in its caches."""
    weight = rounded(weight, precision).t()
    at_once = SCORED_AT_ONCE if hidden.device.type == "cpu" else max(1, len(hidden))
    pieces = zip(hidden.split(at_once), targets.split(at_once), strict=True)
    return torch.cat(
        [
            _nll(_logits(rounded(rows, precision), weight, bias, precision), wanted)[0]
            for rows, wanted in pieces
        ]
    )


def _logits(hidden: Tensor, weight: Tensor, bias: Tensor, precision: Precision) -> Tensor:
    """hidden [P, H] · weight [H, V] + bias [V], both factors rounded already: [P, V], float32."""
    with _tensor_cores(precision, hidden):
        if precision == "bfloat16":
            return (hidden @ weight).float().add_(bias)
        return torch.addmm(bias, hidden, weight)


def _nll(logits: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
    """(nll [P], Σ_v exp(logit − max) [P]) of logits [P, V], which become the summands."""
    logits -= logits.amax(dim=1, keepdim=True)
    chosen = logits.gather(1, targets.unsqueeze(1)).squeeze(1)
    total = logits.exp_().sum(dim=1)
    return total.log() - chosen, total


class _TokenNLL(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        hidden: Tensor,
        weight: Tensor,
        bias: Tensor,
        targets: Tensor,
        precision: Precision,
    ) -> Tensor:
        hidden, weight = rounded(hidden, precision), rounded(weight, precision)
        logits = _logits(hidden, weight.t(), bias, precision)
        nll, total = _nll(logits, targets)
        ctx.save_for_backward(hidden, weight, targets.unsqueeze(1), total)
        ctx.unnormalised, ctx.precision = logits, precision
        return nll

    @staticmethod
    def backward(ctx: Any, grad_nll: Tensor) -> tuple[Tensor | None, ...]:
        expect_first_order("token_nll")
        hidden, weight, targets, total = ctx.saved_tensors
        grad = ctx.unnormalised
        if grad is None:
            raise RuntimeError("token_nll: its gradient was already taken")
        ctx.unnormalised = None
        grad *= (grad_nll / total).unsqueeze(1)
        grad.scatter_add_(1, targets, -grad_nll.unsqueeze(1))
        needs = ctx.needs_input_grad
        factor = rounded(grad, ctx.precision)
        with _tensor_cores(ctx.precision, grad):
            grad_hidden = (factor @ weight).to(grad.dtype) if needs[0] else None
            grad_weight = (factor.t() @ hidden).to(grad.dtype) if needs[1] else None
        return grad_hidden, grad_weight, grad.sum(dim=0) if needs[2] else None, None, None


def rounded(factor: Tensor, precision: Precision) -> Tensor:
    """A factor of a matrix product in a precision.

    `tf32` is for a GPU to do; elsewhere it is imitated, so that its effect on a loss can be told without
    one: float32's exponent and 10 bits of its mantissa, rounded to the nearest, ties away from zero.
    """
    if precision == "bfloat16":
        return factor.bfloat16()
    if precision == "tf32" and not factor.is_cuda:
        bits = factor.contiguous().view(torch.int32)
        half = 1 << (TF32_DROPS - 1)
        return ((bits + half) & -(1 << TF32_DROPS)).view(torch.float32)
    return factor


def _through(factor: Tensor, precision: Precision) -> Tensor:
    """`rounded`, whose gradient is the factor's own."""
    return factor + (rounded(factor, precision).to(factor.dtype) - factor).detach()


@contextlib.contextmanager
def _tensor_cores(precision: Precision, factor: Tensor) -> Iterator[None]:
    """TF32 products inside, on a GPU that is asked for them."""
    if precision != "tf32" or not factor.is_cuda:
        yield
        return
    before = torch.backends.cuda.matmul.allow_tf32
    torch.backends.cuda.matmul.allow_tf32 = True
    try:
        yield
    finally:
        torch.backends.cuda.matmul.allow_tf32 = before
