"""Studies of kind `transfer`: sentences rewritten in another style.

The paper's Tables 2 and 3: does the output have the wanted label (Transfer), does it keep the source
(BLEU), is it fluent and varied (forward and reverse perplexity).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from arae.reporting.charts.figure import Figure
from arae.reporting.charts.interval_chart import Mark, interval_panel, reading
from arae.reporting.charts.scatter_chart import Cloud, scatter_panel
from arae.reporting.columns import REAL, REAL_LABEL, Column
from arae.reporting.study import LABELS, OF_TRANSFERS, StudyKind

TRANSFER, PERPLEXITY = "Transfer", "Perplexity"
GRAMMAR, OUTPUTS = "Judged by the true grammar", "Outputs and classifiers"
CROSS, AE, NONE, LOW, HIGH = "Cross-AE", "AE", "ARAE λ0", "ARAE λa", "ARAE λb"

COLUMNS = (
    Column(metric="transfer", label="Transfer", group=TRANSFER, better="higher", percent=True),
    Column(
        metric="transfer_cnn", label="Transfer, CNN", group=TRANSFER, better="higher", percent=True
    ),
    Column(
        metric="transfer_fasttext",
        label="Transfer, fastText",
        group=TRANSFER,
        better="higher",
        percent=True,
    ),
    Column(metric="bleu", label="BLEU", group=TRANSFER, better="higher"),
    Column(metric="forward_ppl", label="Forward PPL", group=PERPLEXITY, better=REAL),
    Column(metric="reverse_ppl", label="Reverse PPL", group=PERPLEXITY, better="lower"),
    Column(metric="exact_label", label="Exact label", group=GRAMMAR, better="higher", percent=True),
    Column(
        metric="content_kept", label="Content kept", group=GRAMMAR, better="higher", percent=True
    ),
    Column(
        metric="exact_transfer",
        label="Correct transfer",
        group=GRAMMAR,
        better="higher",
        percent=True,
    ),
    Column(metric="copied", label="Copied", group=OUTPUTS, better="lower", percent=True),
    Column(metric="empty", label="Empty", group=OUTPUTS, better="lower", percent=True),
    Column(
        metric="classifier_accuracy",
        label="Classifier accuracy",
        group=OUTPUTS,
        percent=True,
    ),
    Column(
        metric="classifier_accuracy_cnn",
        label="Classifier accuracy, CNN",
        group=OUTPUTS,
        percent=True,
    ),
)


def figures(table: dict[str, Any]) -> list[Figure]:
    """What is gained against what is lost, and the accuracy of each direction."""
    systems = [row for row in table["rows"] if row["label"] != REAL_LABEL]
    clouds = {
        (title, across, up): [_cloud(row, (first, second)) for row in systems]
        for title, across, first, up, second in (
            ("By the classifier", "BLEU to the source", "bleu", "transfer accuracy", "transfer"),
            (
                "By the true grammar",
                "content kept",
                "content_kept",
                "exact label",
                "exact_label",
            ),
        )
        if any(second in row["cells"] for row in systems)
    }
    diamonds = any(cloud.published for one in clouds.values() for cloud in one if cloud.points)
    directions = sorted({name for row in systems for name in _by_direction(row, "transfer")})
    drawn = {
        direction: [_direction_mark(row, direction) for row in systems] for direction in directions
    }
    return [
        Figure(
            name="frontier",
            title="Transfer against content",
            caption=f"Each dot is one seed{', a hollow diamond the published value' if diamonds else ''}. "
            "Right keeps more of the source, up reaches the wanted label more often.",
            panels=[scatter_panel(*names, one) for names, one in clouds.items()],
        ),
        Figure(
            name="directions",
            title="Transfer accuracy by direction",
            caption="Share of outputs that the bag-of-words classifier gives the wanted label. "
            + reading(mark for marks in drawn.values() for mark in marks),
            panels=[interval_panel(direction, marks) for direction, marks in drawn.items()],
        ),
    ]


def _cloud(row: dict[str, Any], metrics: tuple[str, str]) -> Cloud:
    cells = [row["cells"].get(metric) for metric in metrics]
    values: Iterable[tuple[float, float]] = ()
    if all(cells):
        values = zip(*(content["values"] for content in cells if content), strict=True)
    known = [row["published"].get(metric) for metric in metrics]
    return Cloud(
        series=row["series"],
        label=row["label"],
        points=list(values),
        published=(known[0], known[1]) if all(value is not None for value in known) else None,
    )


def _by_direction(row: dict[str, Any], metric: str) -> dict[str, list[float]]:
    """`source → target` -> values by seed."""
    found: dict[str, list[float]] = {}
    for details in row["details"].values():
        for direction in details["directions"]:
            if metric in direction["metrics"]:
                name = f"{direction['source']} → {direction['target']}"
                found.setdefault(name, []).append(direction["metrics"][metric])
    return found


def _direction_mark(row: dict[str, Any], direction: str) -> Mark:
    values = _by_direction(row, "transfer").get(direction, [])
    return Mark(
        series=row["series"],
        label=row["label"],
        values=values,
        mean=sum(values) / len(values) if values else None,
        half_width=None,
        published=None,
    )


KIND = StudyKind(
    place=2,
    family=OF_TRANSFERS,
    needs=frozenset({LABELS}),
    title="Transfer of sentiment",
    paper_item="Tables 2 and 3, section 6.2, Appendix G",
    columns=COLUMNS,
    figures=figures,
    figure_names=("frontier", "directions"),
    order=(REAL_LABEL, CROSS, AE, NONE, LOW, HIGH),
    differs="The row of real data holds the untransferred sources: what a system that changes "
    "nothing would get. λa and λb are two values of λ(1), on the scale of this run's settings, not "
    "the paper's 1 and 10; λ0 has the attribute classifier alone; AE has neither. The classifier of "
    "column Transfer is fastText's model in our own code. Reverse perplexity is that of validation "
    "text, so that no system gains by repeating the test sentences that it was given. BLEU is "
    "unsmoothed and against the source itself, not against the source with rare words replaced.",
)
