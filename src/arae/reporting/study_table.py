"""A study's table as plain data (table.json): rows with cells, claims with verdicts, curves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from arae.foundation.errors import SettingsError
from arae.reporting import advice, claims, collapse, verdicts
from arae.reporting.cells import cell
from arae.reporting.columns import measured_columns
from arae.reporting.scores import Score
from arae.reporting.study import StudyKind, StudySettings

EXAMPLES = 10
OWN = "Own text"


def build(
    kind: StudyKind,
    name: str,
    settings: StudySettings,
    scores: Sequence[Score],
    curves: dict[str, Any],
    doubts: Sequence[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    """Everything that the study shows; `doubts`: what stages on the way found doubtful."""
    definitions = {key: text for score in scores for key, text in score.definitions.items()}
    measured = {metric for score in scores for metric in score.metrics}
    columns = [column.as_json() for column in measured_columns(kind.columns, measured)]
    texts = kind.texts(settings)
    others = sorted(label for label in texts if label not in kind.order)
    places = {label: place for place, label in enumerate((*kind.order, *others))}
    published = settings.published.get("rows", {})
    of_paper = bool(settings.claims or settings.published)
    _require_shares(name, columns, published)
    rows = [
        _row(label, texts[label], places[label], columns, scores, published.get(label, {}))
        for label in sorted(texts, key=places.__getitem__)
    ]
    for row in rows:
        row["collapsed"] = collapse.reason(row, rows)
    table: dict[str, Any] = {
        "format": 1,
        "study": name,
        "kind": settings.kind,
        "title": settings.title or kind.title,
        "paper_item": kind.paper_item if of_paper else OWN,
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
        "published_marks": settings.published.get("marks", {}),
        "differs": kind.differs if of_paper else "",
        "examples_note": kind.examples_note,
        "rule": verdicts.RULE,
        "curves": curves,
        "doubts": [
            *(dict(doubt) for doubt in doubts if _concerns(doubt, texts.values())),
            *collapse.doubts(rows),
        ],
    }
    judged = claims.judge(settings.claims, table, kind.tests)
    return {**table, "claims": judged, "advice": [] if of_paper else advice.given(table)}


def is_of_paper(table: Mapping[str, Any]) -> bool:
    """Whether a table is of the paper: it has claims or published values; else it is someone's own."""
    return bool(table["paper_item"] != OWN)


def _concerns(doubt: Mapping[str, Any], texts: Iterable[str]) -> bool:
    return not doubt["text"] or doubt["text"] in texts


def _require_shares(
    study: str, columns: list[dict[str, Any]], published: Mapping[str, Mapping[str, float]]
) -> None:
    """Published percentages are written as shares of 1, as what is measured."""
    percent = {column["metric"] for column in columns if column["percent"]}
    for label, values in published.items():
        for metric, value in values.items():
            if metric in percent and not 0 <= value <= 1:
                raise SettingsError(
                    f"studies.{study}.published.rows.{label}.{metric}: {value} is no share of 1; "
                    f"write {value}% as {value / 100:g}"
                )


def _row(
    label: str,
    text: str,
    series: int,
    columns: list[dict[str, Any]],
    scores: Sequence[Score],
    published: dict[str, float],
) -> dict[str, Any]:
    own = sorted((score for score in scores if score.text == text), key=lambda score: score.seed)
    cells = {column["metric"]: cell(column["metric"], own) for column in columns}
    return {
        "label": label,
        "series": series,
        "text": text,
        "cells": {metric: content for metric, content in cells.items() if content is not None},
        "published": published,
        "examples": own[0].examples[:EXAMPLES],
        "details": {str(score.seed): score.details for score in own if score.details},
    }
