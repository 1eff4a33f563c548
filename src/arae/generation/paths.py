"""Paths from one point of a code space to another: straight lines and great arcs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor

How = Literal["linear", "spherical"]

# Below this sine of the angle between two directions an arc is a line to float precision (or, for
# opposite directions, not unique).
SMALL_SINE = 1e-4


def path(start: Tensor, end: Tensor, points: int, how: How = "linear") -> Tensor:
    """`points` ≥ 2 codes from `start` [B, d] to `end` [B, d], both ends exact: [B, points, d]."""
    if points < 2:
        raise ValueError(f"points {points}: a path has at least 2, its ends")
    shares = torch.arange(points, device=start.device, dtype=torch.float64) / (points - 1)
    first, second = WEIGHTS[how](start, end, shares)
    between = first.to(start.dtype)[..., None] * start[:, None]
    return between + second.to(start.dtype)[..., None] * end[:, None]


def _linear(start: Tensor, end: Tensor, shares: Tensor) -> tuple[Tensor, Tensor]:
    """Weights of the ends at each share [points] of the way: [B, points] each."""
    rows = shares.expand(len(start), -1)
    return 1 - rows, rows


def _spherical(start: Tensor, end: Tensor, shares: Tensor) -> tuple[Tensor, Tensor]:
    """sin((1−t)ω)/sin ω and sin(tω)/sin ω, ω the angle between the ends; a line where sin ω ≈ 0."""
    one, other = (
        torch.nn.functional.normalize(ends.double(), dim=1, eps=1e-30) for ends in (start, end)
    )
    # Kahan's formula: accurate for small angles too, unlike acos of the inner product.
    angle = 2 * torch.atan2((one - other).norm(dim=1), (one + other).norm(dim=1))[:, None]
    straight = angle.sin() < SMALL_SINE
    sine = torch.where(straight, 1.0, angle.sin())
    line = _linear(start, end, shares)
    arc = ((1 - shares) * angle).sin() / sine, (shares * angle).sin() / sine
    first = torch.where(straight, line[0], arc[0])
    second = torch.where(straight, line[1], arc[1])
    # sin ω / sin ω is 1 and sin 0 is 0 exactly, so the ends need no care.
    return first, second


WEIGHTS: dict[str, Callable[[Tensor, Tensor, Tensor], tuple[Tensor, Tensor]]] = {
    "linear": _linear,
    "spherical": _spherical,
}
