"""Studies of kind `coverage`: how well samples cover the real text, and how fluent they are.

The paper's Table 1: reverse perplexity (a language model trained on samples reads real text)
punishes missing modes, forward perplexity (a language model trained on real text reads samples)
punishes bad sentences.
"""

from __future__ import annotations

from typing import Any

from arae.reporting import verdicts
from arae.reporting.cells import Column, cell
from arae.reporting.charts import Figure
from arae.reporting.curve_chart import curve_panel
from arae.reporting.interval_chart import Mark, interval_panel
from arae.reporting.study import REAL_LABEL, Score, StudyKind, StudySettings
from arae.reporting.verdicts import Claim

TITLE = "Coverage and fluency of samples"
# Rows in the order of the paper, then others by name: settings come with sorted keys. A system
# keeps its colour from study to study.
ORDER = (REAL_LABEL, "LM", "AE", "VAE", "AAE", "ARAE")
EXAMPLES = 10
PERPLEXITY, GRAMMAR, DIVERSITY = "Perplexity", "Judged by the true grammar", "Diversity"

COLUMNS = (
    Column(metric="reverse_ppl", label="Reverse PPL", group=PERPLEXITY, better="lower"),
    Column(metric="forward_ppl", label="Forward PPL", group=PERPLEXITY, better="lower"),
    Column(
        metric="reverse_ppl_ngram", label="Reverse PPL, n-gram", group=PERPLEXITY, better="lower"
    ),
    Column(
        metric="forward_ppl_ngram", label="Forward PPL, n-gram", group=PERPLEXITY, better="lower"
    ),
    Column(metric="grammatical", label="Grammatical", group=GRAMMAR, better="higher", percent=True),
    Column(metric="novel", label="Novel", group=GRAMMAR, percent=True),
    Column(
        metric="good_and_new",
        label="Grammatical, novel and distinct",
        group=GRAMMAR,
        better="higher",
        percent=True,
    ),
    Column(metric="oracle_ppl", label="Oracle PPL", group=GRAMMAR, better="lower"),
    Column(metric="floor_ppl", label="Floor PPL", group=GRAMMAR),
    Column(metric="distinct", label="Distinct", group=DIVERSITY, better="higher", percent=True),
    Column(metric="distinct_1000", label="Distinct of first 1,000", group=DIVERSITY, percent=True),
    Column(metric="top1", label="Most frequent", group=DIVERSITY, better="lower", percent=True),
    Column(metric="types", label="Types used", group=DIVERSITY, decimals=0),
    Column(metric="mean_length", label="Mean length", group=DIVERSITY, decimals=2),
    Column(metric="unknown", label="Unknown", group=DIVERSITY, percent=True),
    Column(metric="empty", label="Empty", group=DIVERSITY, percent=True),
)

CLAIMS = (
    Claim(
        name="ARAE's samples cover real text best",
        statement="reverse perplexity: ARAE < LM < AE",
        metric="reverse_ppl",
        pairs=(("ARAE", "LM"), ("LM", "AE")),
    ),
    Claim(
        name="ARAE's samples are more fluent than an autoencoder's, less than a language model's",
        statement="forward perplexity: LM < ARAE < AE",
        metric="forward_ppl",
        pairs=(("LM", "ARAE"), ("ARAE", "AE")),
    ),
    Claim(
        name="The AAE collapses",
        statement="reverse perplexity: LM, AE and ARAE all < AAE",
        metric="reverse_ppl",
        pairs=(("LM", "AAE"), ("AE", "AAE"), ("ARAE", "AAE")),
    ),
)

SELECTION_METRIC = "valid_reverse_ppl_ngram"


def build(
    name: str, settings: StudySettings, scores: list[Score], curves: dict[str, Any]
) -> dict[str, Any]:
    """Everything that the study shows, as plain data (table.json)."""
    definitions = {key: text for score in scores for key, text in score.definitions.items()}
    measured = {metric for score in scores for metric in score.metrics}
    columns = [column.as_json() for column in COLUMNS if column.metric in measured]
    published = settings.published.get("rows", {})
    others = sorted(label for label in settings.labels if label not in ORDER)
    places = {label: place for place, label in enumerate((*ORDER, *others))}
    rows = [
        _row(label, settings.labels[label], places[label], columns, scores, published)
        for label in sorted(settings.labels, key=places.__getitem__)
    ]
    cells = {row["label"]: row["cells"] for row in rows}
    return {
        "format": 1,
        "study": name,
        "kind": settings.kind,
        "title": TITLE,
        "corpus": settings.corpus,
        "sentences": settings.evaluation.get("samples"),
        "seeds": list(settings.seeds),
        "columns": columns,
        "rows": rows,
        "definitions": {
            column["metric"]: definitions[column["metric"]]
            for column in columns
            if column["metric"] in definitions
        },
        "published_source": settings.published.get("source"),
        "claims": [verdicts.judge(claim, cells) for claim in CLAIMS],
        "rule": verdicts.RULE,
        "curves": curves,
    }


def figures(table: dict[str, Any]) -> list[Figure]:
    """The perplexities as a chart, and the model-selection curves of all systems."""
    shown = [column for column in table["columns"] if column["group"] == PERPLEXITY][:2]
    panels = [
        interval_panel(
            column["label"],
            [_mark(row, column["metric"]) for row in table["rows"]],
        )
        for column in shown
    ]
    selection = {
        (row["series"], row["label"]): {
            seed: metrics[SELECTION_METRIC]
            for seed, metrics in table["curves"].get(row["text"], {}).items()
            if SELECTION_METRIC in metrics
        }
        for row in table["rows"]
    }
    return [
        Figure(
            name="perplexity",
            title="Reverse and forward perplexity",
            caption="Each dot is one seed; the stroke is their mean, the band its 95 % interval, a "
            "hollow diamond the published value (compare the order). Lower is better.",
            panels=panels,
        ),
        Figure(
            name="selection",
            title="Validation reverse perplexity while training",
            caption="Reverse perplexity of the validation text by an n-gram model trained on "
            "samples drawn at that moment. One line a seed.",
            panels=[curve_panel("Reverse PPL, n-gram", selection, wide=True)],
        ),
    ]


def _row(
    label: str,
    text: str,
    series: int,
    columns: list[dict[str, Any]],
    scores: list[Score],
    published: dict[str, dict[str, float]],
) -> dict[str, Any]:
    own = sorted((score for score in scores if score.text == text), key=lambda score: score.seed)
    cells = {column["metric"]: cell(column["metric"], own) for column in columns}
    return {
        "label": label,
        "series": series,
        "text": text,
        "cells": {metric: content for metric, content in cells.items() if content is not None},
        "published": published.get(label, {}),
        "examples": own[0].examples[:EXAMPLES],
    }


def _mark(row: dict[str, Any], metric: str) -> Mark:
    content = row["cells"].get(metric)
    return Mark(
        series=row["series"],
        label=row["label"],
        values=content["values"] if content else [],
        mean=content["mean"] if content else None,
        half_width=content["half_width"] if content else None,
        published=row["published"].get(metric),
    )


KIND = StudyKind(build=build, figures=figures)
