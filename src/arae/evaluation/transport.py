"""Optimal transport between two finite distributions, with a certificate of how good the plan is.

Entropic regularisation (Cuturi 2013) in the logarithmic domain, sharpened step by step; its plan is
rounded to exact marginals (Altschuler et al. 2017, algorithm 2), so that its cost bounds the
optimum from above, and its potentials are made feasible, so that they bound it from below.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

SHARPNESS = (0.1, 0.03, 0.01, 0.003, 0.001)  # regularisation, as a share of the cost's spread
ROUNDS, SWEEPS = 12, 25
CLOSE = 1e-4  # marginal error at which a sharpness is done with


@dataclass(frozen=True)
class Transport:
    """A plan [N, M] with the given marginals; the optimal cost lies in [lower, upper]."""

    plan: np.ndarray
    upper: float
    lower: float


def transport(cost: np.ndarray, left: np.ndarray, right: np.ndarray) -> Transport:
    """A cheap plan for `cost` [N, M] between the weights `left` [N] and `right` [M] (each sums to 1).

    Weights of zero are allowed. The result is deterministic.
    """
    cost = np.asarray(cost, np.float64)
    rows, columns = left > 0, right > 0
    inner = cost[np.ix_(rows, columns)]
    plan = np.zeros_like(cost)
    small, first = _solve(inner, left[rows], right[columns])
    plan[np.ix_(rows, columns)] = small
    second = (inner - first[:, None]).min(axis=0)
    first = (inner - second[None, :]).min(axis=1)
    return Transport(
        plan=plan,
        upper=float((plan * cost).sum()),
        lower=float(first @ left[rows] + second @ right[columns]),
    )


def _solve(cost: np.ndarray, left: np.ndarray, right: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(plan with exact marginals, potential of the rows)."""
    spread = float(np.ptp(cost)) or 1.0
    first, second = np.zeros(len(left)), np.zeros(len(right))
    for share in SHARPNESS:
        scale = share * spread
        for _ in range(ROUNDS):
            first = scale * (np.log(left) - _log_sum((second[None, :] - cost) / scale, 1))
            second = scale * (np.log(right) - _log_sum((first[:, None] - cost) / scale, 0))
            plan = np.exp((first[:, None] + second[None, :] - cost) / scale)
            if np.abs(plan.sum(axis=1) - left).sum() < CLOSE:
                break
            # Sweeps on the plan itself need no exponentials; its scale is right, so none vanishes.
            rows, columns = np.ones(len(left)), np.ones(len(right))
            for _ in range(SWEEPS):
                rows = left / (plan @ columns)
                columns = right / (rows @ plan)
            first, second = first + scale * np.log(rows), second + scale * np.log(columns)
    return _rounded(plan, left, right), first


def _log_sum(values: np.ndarray, along: int) -> np.ndarray:
    top = values.max(axis=along, keepdims=True)
    return np.squeeze(top, along) + np.log(np.exp(values - top).sum(axis=along))


def _rounded(plan: np.ndarray, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """The nearest plan, up to a factor of two, whose marginals are exact."""
    plan = plan * np.minimum(1.0, left / plan.sum(axis=1))[:, None]
    plan = plan * np.minimum(1.0, right / plan.sum(axis=0))[None, :]
    lacking = np.maximum(left - plan.sum(axis=1), 0.0)
    wanting = np.maximum(right - plan.sum(axis=0), 0.0)
    total = wanting.sum()
    return plan + np.outer(lacking, wanting) / total if total > 0 else plan
