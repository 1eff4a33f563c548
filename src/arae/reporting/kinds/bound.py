"""Studies of kind `bound`: total variation beside the upper bound of Corollary 1, all exact."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from arae.reporting.charts.figure import Figure
from arae.reporting.charts.inequality_chart import Point, inequality_panel
from arae.reporting.charts.interval_chart import Mark, interval_panel, mark_of, reading
from arae.reporting.claims import ClaimTest
from arae.reporting.columns import Column
from arae.reporting.study import LANGUAGE, StudyKind
from arae.reporting.verdicts import PROVED, proved

ENCODER, PRIOR, SAMPLES = "Codes of the encoder", "Codes of the prior", "Samples"
DIFFERENCE = "Difference"

COLUMNS = (
    Column(metric="difference", label=DIFFERENCE, group=ENCODER, better="lower"),
    Column(metric="twice_wrong", label="Twice wrong", group=ENCODER, better="lower"),
    Column(metric="bound", label="Bound", group=ENCODER, better="lower"),
    Column(metric="greedy_misses", label="Greedy misses", group=ENCODER, percent=True),
    Column(metric="unproven", label="Unproven", group=ENCODER, percent=True),
    Column(metric="prior_difference", label=DIFFERENCE, group=PRIOR, better="lower"),
    Column(metric="prior_bound", label="Bound", group=PRIOR, better="lower"),
    Column(metric="prior_gap", label="Gap of the bound", group=PRIOR, percent=True),
    Column(metric="code_distance", label="Distance to codes", group=PRIOR, better="lower"),
    Column(metric="code_distance_floor", label="Distance, floor", group=PRIOR),
    Column(metric="sample_difference", label=DIFFERENCE, group=SAMPLES, better="lower"),
    Column(metric="sample_floor", label="Floor", group=SAMPLES),
    Column(metric="outside", label="Not in the language", group=SAMPLES, percent=True),
    Column(metric="missing", label="Truth missed", group=SAMPLES, percent=True),
)

TESTS = {
    "encoder_bound": ClaimTest(
        statement="codes of the encoder: Σ|p − p*| ≤ (2 / ln 2)·E[−ln p(x | z)]",
        metric="difference",
        pairs=lambda table, _: proved(table, ("difference", "difference"), ("bound", "bound")),
        rule=PROVED,
        subjects=None,
    ),
    "prior_bound": ClaimTest(
        statement="codes of the prior, coupled with sentences: Σ|p − p*| ≤ (2 / ln 2)·E[−ln p(x | z)]",
        metric="prior_difference",
        pairs=lambda table, _: proved(
            table, ("prior_difference", "difference"), ("prior_bound", "bound")
        ),
        rule=PROVED,
        subjects=None,
    ),
}


def figures(table: dict[str, Any]) -> list[Figure]:
    """All pairs of (bound, difference), and the quantities of each system."""
    sides = {
        ENCODER: _marks(table, ("difference", "twice_wrong", "bound")),
        PRIOR: _marks(table, ("prior_difference", "prior_bound")),
    }
    return [
        Figure(
            name="corollary",
            title="Total variation against its bound",
            caption="Every measured pair: the encoder's codes as they are, the same with Gaussian "
            "noise of several sizes, and codes of the prior; one dot a seed. The corollary allows "
            "only what lies below the diagonal. A difference is at most 2, so bounds above 2 say nothing.",
            panels=[
                inequality_panel(
                    "Difference and its bound",
                    "bound: (2 / ln 2)·E[−ln p(x | z)]",
                    "difference: Σ|p(x) − p*(x)|",
                    list(_points(table)),
                )
            ],
        ),
        Figure(
            name="sides",
            title="Both sides of the corollary",
            caption=reading(mark for marks in sides.values() for mark in marks),
            panels=[interval_panel(title, marks) for title, marks in sides.items()],
        ),
    ]


def _points(table: Mapping[str, Any]) -> Iterator[Point]:
    for row in table["rows"]:
        own = {"series": row["series"], "label": row["label"]}
        for seed, details in row["details"].items():
            for level in details["noise"]:
                name = f"noise {level['std']:g}, seed {seed}"
                yield Point(**own, name=name, across=level["bound"], up=level["difference"])
        cells = row["cells"]
        for metric, limit, name in (
            ("difference", "bound", "encoder's codes"),
            ("prior_difference", "prior_bound", "prior's codes"),
        ):
            if metric in cells and limit in cells:
                values = zip(
                    cells[metric]["seeds"],
                    cells[limit]["values"],
                    cells[metric]["values"],
                    strict=True,
                )
                for seed, across, up in values:
                    yield Point(**own, name=f"{name}, seed {seed}", across=across, up=up)


def _marks(table: Mapping[str, Any], metrics: tuple[str, ...]) -> list[Mark]:
    labels = {column["metric"]: column["label"] for column in table["columns"]}
    return [
        mark_of(row, metric, f"{row['label']}, {labels[metric][0].lower()}{labels[metric][1:]}")
        for row in table["rows"]
        for metric in metrics
        if metric in row["cells"]
    ]


KIND = StudyKind(
    place=11,
    needs=frozenset({LANGUAGE}),
    title="An upper bound on the total variation",
    paper_item="Corollary 1, appendix A",
    columns=COLUMNS,
    tests=TESTS,
    figures=figures,
    figure_names=("corollary", "sides"),
    differs="The paper proves the corollary and measures nothing. Here the language is small enough "
    "to be listed, so both sides are finite sums with the true probabilities. The stronger form is "
    "tested, with Σ|p − p*| where the paper has half of it. The arg max is over whole sentences and "
    "proven by search; the paper approximates it greedily. The infimum over Q is found by optimal "
    "transport for a finite sample of the prior.",
)
