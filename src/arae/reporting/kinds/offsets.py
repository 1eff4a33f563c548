"""Studies of kind `offsets`: sentences changed by adding vectors in the space of the prior.

The paper's Figure 5: for each transform, Match % and Precision; some examples.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from arae.evaluation.intervals import t_interval
from arae.evaluation.transforms import PAPER, Transform
from arae.reporting.charts.figure import Figure
from arae.reporting.charts.interval_chart import Mark, interval_panel, reading
from arae.reporting.charts.text_panel import Block, text_panel
from arae.reporting.claims import ClaimTest
from arae.reporting.columns import Column
from arae.reporting.study import StudyKind
from arae.reporting.verdicts import Pair, Side, pairs_of

WORDS = tuple(Transform.parse(text).word for text in PAPER)
OVERALL, MATCH, PRECISION = "All transforms", "Match, by transform", "Precision, by transform"
LABELS = {"match": "Match %", "precision": "Precision %"}
EXAMPLES = 1

COLUMNS = (
    Column(metric="tried", label="Transforms tried", group=OVERALL, decimals=0),
    Column(metric="match", label="Match", group=OVERALL, better="higher", percent=True),
    Column(metric="match_before", label="Match, unmoved", group=OVERALL, percent=True),
    Column(metric="greedy", label="Greedy match", group=OVERALL, better="higher", percent=True),
    Column(metric="role", label="In its role", group=OVERALL, better="higher", percent=True),
    Column(metric="precision", label="Precision", group=OVERALL, better="higher", percent=True),
    Column(metric="precision_unmoved", label="Precision, unmoved", group=OVERALL, percent=True),
    Column(metric="precision_unrelated", label="Precision, unrelated", group=OVERALL, percent=True),
    *(
        Column(metric=f"{metric}_{word}", label=word, group=group, better="higher", percent=True)
        for metric, group in (("match", MATCH), ("precision", PRECISION))
        for word in WORDS
    ),
)


def _compared(
    lower: str | float, higher: str, name: str
) -> Callable[[Mapping[str, Any], str], list[Pair | None]]:
    """A test of each of the paper's transforms: number `lower`, or a constant, below number `higher`."""

    def pairs(table: Mapping[str, Any], label: str) -> list[Pair | None]:
        row = next(row for row in table["rows"] if row["label"] == label)
        return pairs_of(
            (
                Side.of_values(f"{word}, {name}", _values(row, word, lower))
                if isinstance(lower, str)
                else Side.constant(name, lower),
                Side.of_values(word, _values(row, word, higher)),
            )
            for word in WORDS
        )

    return pairs


TESTS = {
    "most_match": ClaimTest(
        statement="{of}: Match > 50 % for each of the paper's transforms",
        pairs=_compared(50.0, "match", "half"),
    ),
    "match_above_unmoved": ClaimTest(
        statement="{of}: Match of the same sentences unmoved < Match, for each of the paper's transforms",
        pairs=_compared("match_before", "match", "unmoved"),
    ),
    "precision_above_unrelated": ClaimTest(
        statement="{of}: precision against an unrelated sentence < precision against the original, for "
        "each of the paper's transforms",
        pairs=_compared("precision_unrelated", "precision", "unrelated"),
    ),
}


def figures(table: dict[str, Any]) -> list[Figure]:
    """Match and precision by transform, a panel for each system; sentences before and after."""
    drawn = {
        metric: {row["label"]: _marks(row, metric) for row in table["rows"]} for metric in LABELS
    }
    charts = [
        Figure(
            name=metric,
            title=f"{label} of each transform",
            caption=f"{table['definitions'].get(metric, '').capitalize()}. "
            + _caption([mark for marks in drawn[metric].values() for mark in marks]),
            panels=[
                interval_panel(f"{system}: {label}", marks)
                for system, marks in drawn[metric].items()
            ],
        )
        for metric, label in LABELS.items()
    ]
    examples = Figure(
        name="examples",
        title="Sentences before and after",
        caption="The first sentence of the first seed whose greedy decoding got the target word; "
        "in brackets, how many of the sampled sentences have the feature.",
        panels=[
            text_panel(
                "Before → after",
                [_block(row, seeds[0]) for row in table["rows"] for seeds in _transforms(row)],
            )
        ],
    )
    return [*charts, examples]


def _caption(marks: list[Mark]) -> str:
    untried = " Transforms that could not be tried have no mark; the examples say why."
    return reading(marks) + (untried if any(mark.mean is None for mark in marks) else "")


def _transforms(row: Mapping[str, Any]) -> list[list[dict[str, Any]]]:
    """Every transform, as found with each seed."""
    seeds = [found["transforms"] for _, found in sorted(row["details"].items(), key=_seed)]
    return [list(one) for one in zip(*seeds, strict=True)]


def _seed(item: tuple[str, Any]) -> int:
    return int(item[0])


def _values(row: Mapping[str, Any], word: str, number: str) -> list[float]:
    """Per cent, one a seed that could try the transform."""
    return [
        100 * one["numbers"][number]
        for seeds in _transforms(row)
        for one in seeds
        if one["word"] == word and number in one["numbers"]
    ]


def _marks(row: Mapping[str, Any], metric: str) -> list[Mark]:
    marks = []
    for seeds in _transforms(row):
        word = seeds[0]["word"]
        values = _values(row, word, metric)
        published = row["published"].get(f"{metric}_{word}")
        interval = t_interval(values) if values else None
        marks.append(
            Mark(
                series=row["series"],
                label=word,
                values=values,
                mean=interval.mean if interval else None,
                half_width=interval.half_width if interval else None,
                published=None if published is None else 100 * published,
            )
        )
    return marks


def _block(row: Mapping[str, Any], one: Mapping[str, Any]) -> Block:
    lines = [one["problem"]] if one["problem"] else ["no greedy sentence got it"]
    if one["examples"]:
        lines = [f"{before}  →  {after}" for before, after in one["examples"][:EXAMPLES]]
    heading = f"{row['label']}, {one['kind']} {one['word']} ({one['having']:,})"
    return Block(heading=heading, lines=lines, series=row["series"])


KIND = StudyKind(
    place=8,
    title="Offset vectors",
    paper_item="Figure 5, Appendix E",
    columns=COLUMNS,
    tests=TESTS,
    figures=figures,
    figure_names=("match", "precision", "examples"),
    differs="The paper takes its means over a million sentences of an ARAE of SNLI, parsed by spaCy; "
    "how many sentences and which reader of verbs, subjects and modifiers were used here is said in "
    'the definitions. Its precision is of "the output"; here it is of the sampled decodings that '
    "got the target word, which itself does not count. The authors' script averages the means of "
    'features over all their numbers and so subtracts a scalar, and finds "man" in "woman"; '
    "here means are vectors and words are whole. Only the ARAE is in the paper: the others move "
    "among their codes.",
)
