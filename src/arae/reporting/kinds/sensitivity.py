"""Studies of kind `sensitivity`: a grid of hyperparameters around one centre, on validation text."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from arae.evaluation.intervals import t_quantile
from arae.reporting.cells import SEEDS
from arae.reporting.charts.figure import Figure
from arae.reporting.charts.level_chart import Level, level_panel
from arae.reporting.claims import ClaimTest
from arae.reporting.columns import Column
from arae.reporting.study import StudyKind
from arae.reporting.verdicts import NOT, REPRODUCED, Pair, Side, pair

CENTRE = "centre"
RULE = (
    "The best level is below the worst by construction, so that a setting counts only if they differ by "
    "more than equal levels would in one of twenty grids (the 95 % studentized range of as many levels, "
    "the spread of seeds pooled over the whole grid; ± is by the same spread)."
)
PERPLEXITY, SAMPLES = "Validation perplexity, n-gram", "Samples and codes"
MAIN, SECOND = "reverse_ppl_ngram", "grammatical"

COLUMNS = (
    Column(metric=MAIN, label="Reverse PPL", group=PERPLEXITY, better="lower"),
    Column(metric="forward_ppl_ngram", label="Forward PPL", group=PERPLEXITY),
    Column(metric=SECOND, label="Grammatical", group=SAMPLES, better="higher", percent=True),
    Column(metric="distinct", label="Distinct", group=SAMPLES, better="higher", percent=True),
    Column(metric="reconstruction", label="Reconstruction", group=SAMPLES, better="lower"),
)


def factors(table: Mapping[str, Any]) -> dict[str, list[tuple[Any, Mapping[str, Any]]]]:
    """Factor -> (level, row) of the rows that differ from the centre in it alone, and the centre's.

    Levels rise where they are numbers; other levels are in alphabetical order.
    """
    settings = {row["label"]: _settings(row) for row in table["rows"]}
    centre = settings.get(CENTRE, {})
    found: dict[str, list[tuple[Any, Mapping[str, Any]]]] = {}
    for factor in centre:
        own = [
            (settings[row["label"]][factor], row)
            for row in table["rows"]
            if _differing(settings[row["label"]], centre) <= {factor}
        ]
        if len(own) > 1:
            found[factor] = sorted(own, key=lambda pair: (isinstance(pair[0], str), pair[0]))
    return found


def _settings(row: Mapping[str, Any]) -> dict[str, Any]:
    details: Mapping[str, Any] = next(iter(row["details"].values()), {})
    return dict(details.get("factors", {}))


def _differing(left: Mapping[str, Any], right: Mapping[str, Any]) -> set[str]:
    return {key for key in {*left, *right} if left.get(key) != right.get(key)}


def matters(table: Mapping[str, Any], factor: str) -> list[Pair | None]:
    """The levels of least and greatest mean of a factor."""
    levels = factors(table).get(factor, ())
    width = pooled([row["cells"][MAIN] for row in table["rows"] if MAIN in row["cells"]])
    ranked = sorted(
        (row["cells"][MAIN]["mean"], _name(level)) for level, row in levels if MAIN in row["cells"]
    )
    if len(ranked) < 2 or width is None:
        return [None]
    best, worst = (
        Side(label=name, mean=mean, half_width=width.mean, interval=SEEDS)
        for mean, name in (ranked[0], ranked[-1])
    )
    apart = worst.mean - best.mean > width.of_range(len(ranked))
    return [pair(best, worst, REPRODUCED if apart else NOT)]


@dataclass(frozen=True, kw_only=True)
class Pooled:
    """The seeds' spread, pooled over all cells of a grid: with few seeds a cell it is far better known."""

    error: float  # of a cell's mean
    freedom: int

    @property
    def mean(self) -> float:
        """Half-width of a mean's 95 % t interval."""
        return t_quantile(0.975, self.freedom) * self.error

    def of_range(self, count: int) -> float:
        """What the range of `count` equal means exceeds once in twenty times (Tukey)."""
        from scipy.stats import studentized_range

        return float(studentized_range.ppf(0.95, count, self.freedom)) * self.error


def pooled(cells: Sequence[Mapping[str, Any]]) -> Pooled | None:
    """The spread of all cells; None if no cell has two seeds."""
    several = [cell["values"] for cell in cells if len(cell["values"]) > 1]
    freedom = sum(len(values) - 1 for values in several)
    if not freedom:
        return None
    squares = sum((value - fmean(values)) ** 2 for values in several for value in values)
    error = math.sqrt(squares / freedom / min(map(len, several)))
    return Pooled(error=error, freedom=freedom)


TESTS = {
    "matters": ClaimTest(
        statement="reverse perplexity by {of}: best level < worst level",
        metric=MAIN,
        pairs=matters,
        rule=RULE,
        subjects=lambda study: study.get("probe", {}).get("factors", {}),
    )
}


def figures(table: dict[str, Any]) -> list[Figure]:
    """One panel a factor: first reverse perplexity, then the share of grammatical samples."""
    labels = {column["metric"]: column["label"] for column in table["columns"]}
    return [
        Figure(
            name=name,
            title=f"{title} while one setting changes",
            caption="One panel a setting, all others as in the centre (bold). Each dot is one seed, "
            f"a line joins the means of levels that are numbers. {reading}",
            panels=_panels(table, metric),
        )
        for name, metric, title, reading in (
            ("grid", MAIN, "Reverse perplexity", "Lower is better."),
            ("grid-grammatical", SECOND, "Grammatical share", "Higher is better."),
        )
        if metric in labels
    ]


def _panels(table: Mapping[str, Any], metric: str) -> list[Any]:
    scale = [
        value
        for row in table["rows"]
        if metric in row["cells"]
        for value in row["cells"][metric]["values"]
    ]
    return [
        level_panel(
            factor,
            [
                Level(
                    label=_name(level),
                    values=row["cells"][metric]["values"] if metric in row["cells"] else [],
                    centre=row["label"] == CENTRE,
                )
                for level, row in levels
            ],
            scale,
            series,
            ordered=not any(isinstance(level, str) for level, _ in levels),
        )
        for series, (factor, levels) in enumerate(factors(table).items(), start=1)
    ]


def _name(level: Any) -> str:
    return level.replace("_", " ") if isinstance(level, str) else f"{level:g}"


KIND = StudyKind(
    place=12,
    title="Sensitivity to hyperparameters",
    paper_item="Section 9, footnote 1",
    columns=COLUMNS,
    tests=TESTS,
    figures=figures,
    figure_names=("grid", "grid-grammatical"),
    order=(CENTRE,),
    differs="The paper reports high sensitivity without numbers and no other constraint than weight "
    "clipping. Here one setting at a time is moved away from a centre; models are small, trained "
    "for one epoch, and judged by n-gram models on validation text, so that no choice of the "
    "other studies rests on test text.",
)
