"""Studies of kind `posterior`: what the Gaussian posterior of a VAE knows about its sentences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from arae.reporting.charts.curve_chart import curve_panel
from arae.reporting.charts.figure import Figure
from arae.reporting.claims import ClaimTest
from arae.reporting.columns import Column
from arae.reporting.study import StudyKind
from arae.reporting.verdicts import PROVED, proved

BOUNDS, CODES = "Bounds on −ln p(x), nats a sentence", "What the code carries"
STANDARD_ERRORS = 3  # of the one-sample estimate, which equality in truth exceeds half the time
LEAST = 1e-9  # what a logarithmic axis shows of a dimension that is constant


def _chance(details: Mapping[str, Any]) -> float | None:
    """What sampling may add to the mutual information; None in scores that do not say it."""
    error = details.get("information_error")
    return None if error is None else STANDARD_ERRORS * error


TESTS = {
    "weighting_tightens": ClaimTest(
        statement="importance-weighted bound ≤ −ELBO",
        metric="weighted",
        pairs=lambda table, _: proved(table, ("weighted", "weighted"), ("elbo", "−ELBO")),
        rule=PROVED,
        subjects=None,
    ),
    "information_below_kl": ClaimTest(
        statement=f"mutual information ≤ KL + {STANDARD_ERRORS} standard errors of the estimate",
        metric="information",
        pairs=lambda table, _: proved(
            table, ("information", "information"), ("kl", "KL"), slack=_chance
        ),
        rule=PROVED,
        subjects=None,
    ),
}


def figures(table: dict[str, Any]) -> list[Figure]:
    """Variances of the posterior means, dimension by dimension."""
    series = {
        (row["series"], row["label"]): {
            seed: [[place + 1, max(value, LEAST)] for place, value in enumerate(found["variances"])]
            for seed, found in row["details"].items()
        }
        for row in table["rows"]
    }
    return [
        Figure(
            name="units",
            title="Variance of the posterior mean, by dimension",
            caption="Over the test text, largest first, one line a seed; a dimension below 0.01 is not "
            "active: its code says the same of every sentence.",
            panels=[
                curve_panel("Variance", series, wide=True, log=True, across="dimension, by rank")
            ],
        )
    ]


KIND = StudyKind(
    place=10,
    title="What a Gaussian posterior knows",
    paper_item="beside the paper: its VAE, by the measures of the VAE literature",
    columns=(
        Column(metric="elbo", label="−ELBO", group=BOUNDS, better="lower"),
        Column(metric="weighted", label="Importance-weighted", group=BOUNDS, better="lower"),
        Column(metric="elbo_ppl", label="PPL by −ELBO", group=BOUNDS, better="lower"),
        Column(metric="weighted_ppl", label="PPL, weighted", group=BOUNDS, better="lower"),
        Column(metric="kl", label="KL, nats", group=CODES),
        Column(metric="information", label="Mutual information, nats", group=CODES),
        Column(metric="active", label="Active units", group=CODES),
        Column(metric="dimensions", label="of", group=CODES),
    ),
    tests=TESTS,
    figures=figures,
    figure_names=("units",),
    differs="The paper gives none of these numbers. Perplexities by −ELBO and by importance weighting are "
    "both bounds from above, of different tightness: never compare one with the other.",
)
