"""How often layers can be differentiated: once and fast, or, where that is asked for, any number of times.

Some layers have backward passes of their own, which overwrite what they no longer need and leave no
graph. Inside `any_order()` they compute by plain operations instead, slower and with more memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import torch

_any_order: ContextVar[bool] = ContextVar("any_order", default=False)


@contextmanager
def any_order() -> Iterator[None]:
    """What layers compute inside can be differentiated again and again, gradients included."""
    token = _any_order.set(True)
    try:
        yield
    finally:
        _any_order.reset(token)


def of_any_order() -> bool:
    """Whether plain operations are asked for."""
    return _any_order.get()


def expect_first_order(layer: str) -> None:
    """For a backward pass that leaves no graph: an error if one is asked for (`create_graph=True`)."""
    if torch.is_grad_enabled():
        raise RuntimeError(
            f"{layer}: this gradient cannot be differentiated again; compute the loss inside "
            "`with arae.nn.differentiation.any_order():`"
        )
