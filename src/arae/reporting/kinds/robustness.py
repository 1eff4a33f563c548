"""Studies of kind `robustness`: a sentence is scored through the code of its noised self.

The paper's Figure 4: an AE reconstructs undisturbed sentences better than an ARAE, and sentences
some words of which were exchanged worse.
"""

from __future__ import annotations

from typing import Any

from arae.reporting.charts.curve_chart import MEDIUM, curve_panel
from arae.reporting.charts.figure import Figure
from arae.reporting.columns import Column
from arae.reporting.curves import Curve
from arae.reporting.study import StudyKind

MOST_SWAPS = 8
PUBLISHED = " Broken lines are the published values (compare the order)."
NLL = "NLL of the original sentence after k swaps"
SHARES = {
    "exact": "Exact: greedy sentences equal to the original",
    "grammatical": "Grammatical: greedy sentences that are",
}

COLUMNS = (
    *(
        Column(metric=f"nll_{k}", label=f"NLL, k = {k}", group=NLL, better="lower")
        for k in range(MOST_SWAPS + 1)
    ),
    Column(metric="rise", label="Rise", group=NLL),
    *(
        Column(
            metric=f"{name}_{k}",
            label=f"{name.capitalize()}, k = {k}",
            group=group,
            better="higher",
            percent=True,
        )
        for name, group in SHARES.items()
        for k in range(MOST_SWAPS + 1)
    ),
)


def figures(table: dict[str, Any]) -> list[Figure]:
    """Metrics against the number of swaps."""
    titles = {"nll": "NLL of the original, nats"} | SHARES
    measured = {column["metric"] for column in table["columns"]}
    return [
        Figure(
            name="swaps",
            title="Reconstruction after swaps",
            caption="Against the number of swaps of neighbouring words before encoding; one line a seed."
            + (PUBLISHED if any(row["published"] for row in table["rows"]) else ""),
            panels=[
                _panel(table, title, name)
                for name, title in titles.items()
                if f"{name}_0" in measured
            ],
        )
    ]


def _panel(table: dict[str, Any], title: str, name: str) -> Any:
    series: dict[tuple[int, str], dict[str, Curve]] = {}
    dashed = []
    for row in table["rows"]:
        measured = {k: row["cells"].get(f"{name}_{k}") for k in range(MOST_SWAPS + 1)}
        cells = {k: cell for k, cell in measured.items() if cell is not None}
        if cells:
            series[row["series"], row["label"]] = {
                str(seed): [[k, cell["values"][place]] for k, cell in cells.items()]
                for place, seed in enumerate(table["seeds"])
            }
        published = [
            [k, row["published"][f"{name}_{k}"]]
            for k in range(MOST_SWAPS + 1)
            if f"{name}_{k}" in row["published"]
        ]
        if published:
            label = f"{row['label']} (paper)"
            series[row["series"], label] = {"": published}
            dashed.append(label)
    return curve_panel(
        title, series, wide=True, size=MEDIUM, dashed=dashed, log=False, across="swaps"
    )


KIND = StudyKind(
    place=7,
    title="Robustness of reconstruction to swapped words",
    paper_item="Figure 4, section 7",
    columns=COLUMNS,
    figures=figures,
    figure_names=("swaps",),
    differs="The paper's models are of SNLI with 300 units, and it says neither which words are "
    "swapped nor how many sentences are scored: here neighbouring words at random places, as in its "
    "examples, so that a later swap may undo an earlier one. What is decoded greedily is "
    "also compared with the original, and judged by the grammar where there is one.",
)
