"""Studies of kind `topics`: sentences rewritten in every other topic.

The paper's Table 4, which shows three sentences of each topic and no numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from arae.reporting.charts.figure import Figure
from arae.reporting.charts.text_panel import Block, text_panel
from arae.reporting.columns import Column
from arae.reporting.contrasts import Side, contrast
from arae.reporting.kinds import transfer
from arae.reporting.study import REAL_LABEL, StudyKind
from arae.reporting.verdicts import Claim

SYSTEM = "ARAE"
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

CLAIMS = (
    Claim(
        name="Adversarial regularisation raises transfer, with topics as with sentiment (Table 2)",
        statement="transfer accuracy: AE < ARAE",
        metric="transfer",
        pairs=(("AE", SYSTEM),),
    ),
    Claim(
        name="and makes outputs less like their sources (Table 2)",
        statement="BLEU: ARAE < AE",
        metric="bleu",
        pairs=((SYSTEM, "AE"),),
    ),
)


def judge(table: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Table 4 as a claim: what each decoder writes is mostly of its own topic."""
    row = next((row for row in table["rows"] if row["label"] == SYSTEM), None)
    if row is None:
        return []
    half = Side(label="half", values=[50.0], exact=True)
    directions = [metric for metric in row["cells"] if metric.startswith(TRANSFER)]
    return [
        contrast(
            "Each decoder writes sentences of its own topic (Table 4)",
            "transfer accuracy > 50 % from each topic to each other, ARAE",
            [
                (
                    half,
                    Side(
                        label=metric.removeprefix(TRANSFER),
                        values=[100 * value for value in row["cells"][metric]["values"]],
                    ),
                )
                for metric in directions
            ],
        )
    ]


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
    title="Transfer of topic",
    paper_item="Table 4, section 6.2",
    columns=COLUMNS,
    claims=CLAIMS,
    judge=judge,
    figures=figures,
    with_real=True,
    differs="The paper shows sentences and no numbers; the measures are those of its sentiment "
    "transfer. The row of real data holds the untransferred sources. The classifier of column Transfer is "
    "fastText's model in our own code. Reverse perplexity is that of validation text. BLEU is "
    "unsmoothed and against the source itself.",
)
