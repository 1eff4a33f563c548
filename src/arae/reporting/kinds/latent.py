"""Studies of kind `latent`: what codes look like while training, beside generated ones.

The paper's Figure 3: norms (left) and traces of covariances (middle) of codes and generated codes
meet; codes of similar sentences are more alike in an ARAE than in an AE (right).
"""

from __future__ import annotations

from typing import Any

from arae.reporting.charts.curve_chart import MEDIUM, curve_panel
from arae.reporting.charts.figure import Figure
from arae.reporting.columns import Column
from arae.reporting.curves import Curve
from arae.reporting.study import OBSERVED, StudyKind

CODES = "Codes and generated codes"
MEETING = "Relative difference of generated codes from codes while training"
SIMILAR, UNSEEN = "Cosine of similar sentences", "Cosine of similar sentences, validation text"

COLUMNS = (
    Column(metric="code_norm", label="Norm of codes", group=CODES),
    Column(metric="generated_norm", label="Norm of generated codes", group=CODES),
    Column(metric="code_trace", label="Variance of codes", group=CODES),
    Column(metric="generated_trace", label="Variance of generated codes", group=CODES),
    Column(metric="norm_gap_first", label="Norm, first", group=MEETING, percent=True),
    Column(metric="norm_gap_last", label="Norm, last", group=MEETING, percent=True),
    Column(metric="trace_gap_first", label="Variance, first", group=MEETING, percent=True),
    Column(metric="trace_gap_last", label="Variance, last", group=MEETING, percent=True),
    Column(metric="cosine_near", label="Similar", group=SIMILAR),
    Column(metric="cosine_random", label="Random", group=SIMILAR),
    Column(metric="cosine_gain", label="Difference", group=SIMILAR, better="higher"),
    Column(metric="valid_cosine_near", label="Similar, validation", group=UNSEEN),
    Column(metric="valid_cosine_random", label="Random, validation", group=UNSEEN),
    Column(
        metric="valid_cosine_gain", label="Difference, validation", group=UNSEEN, better="higher"
    ),
)

# Panel: its title, and the curves in it as metric -> (word of the legend, broken line).
PANELS = {
    "Mean norm": {"code_norm": ("codes", False), "generated_norm": ("generated", True)},
    "Trace of the covariance": {
        "code_trace": ("codes", False),
        "generated_trace": ("generated", True),
    },
    "Mean cosine": {"cosine_near": ("similar", False), "cosine_random": ("random", True)},
}


def figures(table: dict[str, Any]) -> list[Figure]:
    """The paper's three panels, one line a seed."""
    return [
        Figure(
            name="latent",
            title="Codes while training",
            caption="Against epochs; one line a seed. Left and middle: codes (solid) and generated "
            "codes (broken) of fixed sentences and fixed noise. Right: cosine between codes of "
            "sentences within a small edit distance (solid) and of random ones (broken).",
            panels=[_panel(table, title, metrics) for title, metrics in PANELS.items()],
        )
    ]


def _panel(table: dict[str, Any], title: str, metrics: dict[str, tuple[str, bool]]) -> Any:
    series: dict[tuple[int, str], dict[str, Curve]] = {}
    dashed = []
    for row in table["rows"]:
        for metric, (word, broken) in metrics.items():
            label = f"{row['label']} {word}"
            curves = {
                seed: details["curves"][metric]
                for seed, details in row["details"].items()
                if metric in details["curves"]
            }
            if curves:
                series[row["series"], label] = curves
                dashed += [label] if broken else []
    return curve_panel(
        title, series, wide=True, size=MEDIUM, dashed=dashed, log=False, across="epoch"
    )


KIND = StudyKind(
    place=6,
    needs=frozenset({OBSERVED}),
    title="Codes while training",
    paper_item="Figure 3, section 7",
    columns=COLUMNS,
    figures=figures,
    figure_names=("latent",),
    differs="The paper shows curves without numbers, of models of SNLI with 300 units. Whether "
    "curves meet is judged here by their relative difference when last and first observed, and the "
    "cosine of similar sentences is shown beside that of random ones, which the paper leaves out "
    "and which alone can make it high. Sentences equal to an anchor are not its neighbours, "
    "anchors with too few neighbours are passed over.",
)
