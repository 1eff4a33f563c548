"""Studies of kind `sensitivity`: a grid of hyperparameters around one centre, on validation text."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Any

from arae.evaluation.intervals import t_quantile
from arae.reporting import verdicts
from arae.reporting.cells import NONE, SEEDS
from arae.reporting.charts.figure import Figure
from arae.reporting.charts.level_chart import Level, level_panel
from arae.reporting.columns import Column
from arae.reporting.study import StudyKind
from arae.reporting.verdicts import Claim

CENTRE = "centre"
RULE = (
    "The best level is below the worst by construction, so that a setting counts only if they differ "
    "by more than √2 of the ± shown, which pools the spread of seeds over the whole grid."
)
CLIPPED, PENALISED = "weight clip", "gradient penalty"
PERPLEXITY, SAMPLES = "Validation perplexity, n-gram", "Samples and codes"
MAIN, SECOND = "reverse_ppl_ngram", "grammatical"

COLUMNS = (
    Column(metric=MAIN, label="Reverse PPL", group=PERPLEXITY, better="lower"),
    Column(metric="forward_ppl_ngram", label="Forward PPL", group=PERPLEXITY, better="lower"),
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


def judge(table: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Sensitivity: for each factor, the best level against the worst. And the paper's footnote 1."""
    found = factors(table)
    width = pooled_half_width([row["cells"][MAIN] for row in table["rows"] if MAIN in row["cells"]])
    pairs = [_extremes(factor, levels, width) for factor, levels in found.items()]
    verdict = verdicts.overall([pair["verdict"] for pair in pairs])
    sensitive = {
        "name": "The model is sensitive to its hyperparameters",
        "statement": "reverse perplexity: best level < worst level of each factor",
        "metric": MAIN,
        "verdict": verdict,
        "pairs": pairs,
        "rule": RULE,
    }
    kinds = {_name(level): row["cells"] for levels in found.values() for level, row in levels}
    claim = Claim(
        name="A gradient penalty slightly improves on weight clipping (footnote 1)",
        statement="reverse perplexity: gradient penalty < weight clipping",
        metric=MAIN,
        pairs=((PENALISED, CLIPPED),),
    )
    return [sensitive, verdicts.judge(claim, kinds)]


def pooled_half_width(cells: Sequence[Mapping[str, Any]]) -> float | None:
    """Half-width of a mean's 95 % t interval, the seeds' spread pooled over all cells.

    None if no cell has two seeds. With few seeds a cell each, the pooled spread is far better known.
    """
    several = [cell["values"] for cell in cells if len(cell["values"]) > 1]
    freedom = sum(len(values) - 1 for values in several)
    if not freedom:
        return None
    squares = sum((value - fmean(values)) ** 2 for values in several for value in values)
    count = min(map(len, several))
    return t_quantile(0.975, freedom) * math.sqrt(squares / freedom / count)


def _extremes(
    factor: str, levels: Sequence[tuple[Any, Mapping[str, Any]]], width: float | None
) -> dict[str, Any]:
    """The levels of least and greatest mean as a judged pair."""
    ranked = sorted(
        (row["cells"][MAIN]["mean"], f"{factor} {_name(level)}")
        for level, row in levels
        if MAIN in row["cells"]
    )
    (low, best), (high, worst) = ranked[0], ranked[-1]
    apart = width is not None and high - low > math.sqrt(2) * width
    sides = {"half_width": width, "interval": SEEDS if width is not None else NONE}
    return {
        "lower": {"label": best, "mean": low, **sides},
        "higher": {"label": worst, "mean": high, **sides},
        "verdict": verdicts.REPRODUCED if apart else verdicts.NOT,
    }


def figures(table: dict[str, Any]) -> list[Figure]:
    """One panel a factor: first reverse perplexity, then the share of grammatical samples."""
    labels = {column["metric"]: column["label"] for column in table["columns"]}
    return [
        Figure(
            name=name,
            title=f"{title} while one setting changes",
            caption="One panel a setting, all others as in the centre (bold). Each dot is one seed, "
            f"the line joins their means. {reading}",
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
    title="Sensitivity to hyperparameters",
    paper_item="Section 9, footnote 1",
    columns=COLUMNS,
    judge=judge,
    figures=figures,
    order=(CENTRE,),
    differs="The paper reports high sensitivity without numbers and no other constraint than weight "
    "clipping. Here one setting at a time is moved away from a centre; models are small, trained "
    "for one epoch, and judged by n-gram models on validation text, so that no choice of the "
    "other studies rests on test text.",
)
