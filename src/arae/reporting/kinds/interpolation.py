"""Studies of kind `interpolation`: sentences on the way from one point of a space to another.

The paper's Appendix D (and Figure 2, bottom, for text): greedy sentences at even steps.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from arae.reporting.charts.curve_chart import curve_panel
from arae.reporting.charts.figure import Figure
from arae.reporting.charts.text_panel import Block, text_panel
from arae.reporting.columns import Column
from arae.reporting.curves import Curve
from arae.reporting.study import StudyKind

# Kind of path in the details, prefix of its metrics, group of columns, heading of figures.
PATHS = (
    ("draws", "", "Between draws from the prior"),
    ("sentences", "text_", "Between sentences of the test text"),
)


def _columns(prefix: str, group: str) -> tuple[Column, ...]:
    def column(metric: str, label: str, better: str | None = None, percent: bool = False) -> Column:
        name = f"{prefix}{metric}"
        return Column(metric=name, label=label, group=group, better=better, percent=percent)

    return (
        column("ends", "Ends as expected", "higher", percent=True),
        column("rising", "Distance does not fall", percent=True),
        column("rising_unrelated", "Distance does not fall, unrelated", percent=True),
        column("step", "Edit distance per step"),
        column("step_unrelated", "Edit distance per step, unrelated"),
        column("largest_step", "Largest step"),
        column("distinct", "Distinct sentences"),
        column("between_ppl", "PPL between"),
        column("ends_ppl", "PPL at the ends"),
        column("between_grammatical", "Grammatical between", "higher", percent=True),
        column("ends_grammatical", "Grammatical at the ends", percent=True),
    )


def figures(table: dict[str, Any]) -> list[Figure]:
    """How the distance to the first sentence grows along the way; paths as rows of sentences."""
    blocks = [
        Block(
            heading=f"{row['label']}: {heading.lower()}",
            lines=[line or "(empty)" for line in _first_seed(row)[kind]["paths"][0]],
            series=row["series"],
        )
        for kind, _, heading in PATHS
        for row in table["rows"]
    ]
    profiles = [
        Figure(
            name=kind,
            title=f"{heading}: edit distance to the first sentence",
            caption="Mean over paths, in words, at each point from one end (0) to the other. One "
            "line a seed. An even climb is a smooth space.",
            panels=[
                curve_panel("Words", _profiles(table, kind), wide=True, across="point of the path")
            ],
        )
        for kind, _, heading in PATHS
    ]
    paths = Figure(
        name="paths",
        title="From one sentence to another",
        caption="The first path of the first seed, not chosen: greedy sentences at even steps.",
        panels=[text_panel("One end to the other", blocks)],
    )
    return [*profiles, paths]


def _profiles(table: Mapping[str, Any], kind: str) -> dict[tuple[int, str], dict[str, Curve]]:
    return {
        (row["series"], row["label"]): {
            seed: [[place, value] for place, value in enumerate(found[kind]["distance"])]
            for seed, found in row["details"].items()
        }
        for row in table["rows"]
    }


def _first_seed(row: Mapping[str, Any]) -> dict[str, Any]:
    first = min(row["details"], key=int)
    details: dict[str, Any] = row["details"][first]
    return details


KIND = StudyKind(
    place=9,
    title="Interpolation",
    paper_item="Figure 2 (bottom) and Appendix D, for text",
    columns=tuple(column for _, prefix, group in PATHS for column in _columns(prefix, group)),
    figures=figures,
    figure_names=("draws", "sentences", "paths"),
    differs="The paper shows interpolations without numbers: all scores are ours. Between draws the "
    "ARAE moves along a line of its Gaussian noise, as in the paper; the other systems move among "
    "their codes. Between sentences of the test text all of them move among codes. The numbers "
    "called unrelated are the same scores with each path's inner sentences taken from another path.",
)
