"""Studies of kind `topics`: sentences rewritten in every other topic.

The paper's Table 4, which shows three sentences of each topic and no numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from arae.reporting.charts.figure import Figure
from arae.reporting.charts.text_panel import Block, text_panel
from arae.reporting.claims import ClaimTest
from arae.reporting.columns import REAL_LABEL, Column
from arae.reporting.kinds import transfer
from arae.reporting.study import LABELS, OF_TRANSFERS, StudyKind
from arae.reporting.verdicts import Pair, Side, pairs_of

TRANSFER = "transfer:"

COLUMNS = (
    *transfer.COLUMNS,
    Column(
        metric=f"{TRANSFER}*",
        label="*",
        group="Transfer, by direction",
        better="higher",
        percent=True,
    ),
    Column(metric="bleu:*", label="*", group="BLEU, by direction", better="higher"),
    Column(
        metric="exact_transfer:*",
        label="*",
        group="Correct transfer, by direction",
        better="higher",
        percent=True,
    ),
)


def own_topic(table: Mapping[str, Any], label: str) -> list[Pair | None]:
    """Table 4 as a claim: what each decoder writes is mostly of its own topic."""
    cells = next(row["cells"] for row in table["rows"] if row["label"] == label)
    half = Side.constant("half", 50.0)
    return pairs_of(
        (
            half,
            Side.of_values(
                metric.removeprefix(TRANSFER), [100 * value for value in cell["values"]]
            ),
        )
        for metric, cell in cells.items()
        if metric.startswith(TRANSFER)
    )


TESTS = {
    "own_topic": ClaimTest(
        statement="{of}: transfer accuracy > 50 % from each topic to each other", pairs=own_topic
    )
}


def figures(table: dict[str, Any]) -> list[Figure]:
    """Those of transfer, and sentences in every topic, as the paper shows them."""
    blocks = Figure(
        name="blocks",
        title="Sentences in every topic",
        caption="The first test sentences of each topic with what the decoders of the other topics "
        "make of their codes; the first seed, not chosen.",
        panels=[
            text_panel(row["label"], [_block(row, block) for block in _blocks(row)])
            for row in table["rows"]
            if row["label"] != REAL_LABEL
        ],
    )
    return [*transfer.figures(table), blocks]


def _blocks(row: Mapping[str, Any]) -> list[dict[str, Any]]:
    first = min(row["details"], key=int)
    return list(row["details"][first]["blocks"])


def _block(row: Mapping[str, Any], block: Mapping[str, Any]) -> Block:
    return Block(
        heading=f"{block['source']}: {block['sentence']}",
        lines=[f"→ {target}: {output}" for target, output in sorted(block["outputs"].items())],
        series=row["series"],
    )


KIND = StudyKind(
    place=3,
    family=OF_TRANSFERS,
    needs=frozenset({LABELS}),
    title="Transfer of topic",
    paper_item="Table 4, section 6.2",
    columns=COLUMNS,
    tests=TESTS,
    figures=figures,
    figure_names=("frontier", "directions", "blocks"),
    differs="The paper shows sentences and no numbers; the measures are those of its sentiment "
    "transfer. The row of real data holds the untransferred sources. The classifier of column Transfer is "
    "fastText's model in our own code. Reverse perplexity is that of validation text. BLEU is "
    "unsmoothed and against the source itself.",
)
