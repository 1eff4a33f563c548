"""Studies of kind `semi_supervised`: natural-language inference with few labels (Table 5)."""

from __future__ import annotations

from typing import Any

from arae.reporting.charts.figure import Figure
from arae.reporting.charts.interval_chart import Mark, interval_panel, reading
from arae.reporting.columns import Column
from arae.reporting.study import LABELS, StudyKind

# As in Table 5; a study's labels are `SYSTEM, SIZE`.
SYSTEMS = ("Supervised", "AE", "ARAE")
SIZES = ("medium", "small", "tiny")
METRIC = "accuracy"
FOUND, SHORTCUTS, TEST = "Right labels found", "Guessing from one sentence", "Accuracy"

COLUMNS = (
    Column(metric=METRIC, label="Accuracy, %", group=TEST, better="higher"),
    Column(metric="labelled_pairs", label="Labelled pairs", group=TEST, decimals=0),
    Column(metric="recall_entailment", label="Entailment, %", group=FOUND, better="higher"),
    Column(metric="recall_neutral", label="Neutral, %", group=FOUND, better="higher"),
    Column(metric="recall_contradiction", label="Contradiction, %", group=FOUND, better="higher"),
    Column(metric="majority", label="Most frequent label, %", group=SHORTCUTS, decimals=1),
    Column(metric="hypothesis_only", label="Hypothesis alone, %", group=SHORTCUTS, decimals=1),
    Column(metric="premise_only", label="Premise alone, %", group=SHORTCUTS, decimals=1),
)


def figures(table: dict[str, Any]) -> list[Figure]:
    """Accuracies, one panel for each number of labels."""
    rows = {row["label"]: row for row in table["rows"]}
    sizes = {size: marks for size in SIZES if (marks := _marks(rows, size))}
    return [
        Figure(
            name="accuracy",
            title="Accuracy on test pairs, by the number of labels",
            caption=reading(mark for marks in sizes.values() for mark in marks)
            + " Higher is better.",
            panels=[interval_panel(f"Accuracy, %, {size}", marks) for size, marks in sizes.items()],
        )
    ]


def _marks(rows: dict[str, Any], size: str) -> list[Mark]:
    return [
        _mark(series, system, rows[f"{system}, {size}"])
        for series, system in enumerate(SYSTEMS)
        if f"{system}, {size}" in rows
    ]


def _mark(series: int, system: str, row: dict[str, Any]) -> Mark:
    content = row["cells"].get(METRIC)
    return Mark(
        series=series,
        label=system,
        values=content["values"] if content else [],
        mean=content["mean"] if content else None,
        half_width=content["half_width"] if content else None,
        published=row["published"].get(METRIC),
    )


KIND = StudyKind(
    place=4,
    needs=frozenset({LABELS}),
    title="Semi-supervised natural-language inference",
    paper_item="Table 5, section 6.3",
    columns=COLUMNS,
    figures=figures,
    figure_names=("accuracy",),
    order=tuple(f"{system}, {size}" for size in SIZES for system in SYSTEMS),
    differs="The paper shows 120k, 59k and 28k labels of SNLI's 543k pairs (22.2, 10.8 and 5.25 %); "
    "here the same shares of this corpus's training pairs. It does not describe its classifier: "
    "here two hidden layers on [u; v; |u − v|; u ⊙ v]. The autoencoders see the text of all "
    "training pairs, labelled or not, before any label (the paper: the rest of them, and for ARAE "
    "sentences under 15 words only).",
)
