"""The report: one HTML file that opens offline, runs no script and asks for nothing."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from importlib import resources
from typing import Any

from arae.reporting import overview, provenance_section, study_section, verdicts
from arae.reporting.charts.figure import Figure
from arae.reporting.charts.figure import style as chart_style
from arae.reporting.ledger import Ledger
from arae.reporting.markup import Markup, element
from arae.reporting.study_section import anchor

TITLE = "Adversarially Regularized Autoencoders: results"


def render(
    studies: Sequence[tuple[dict[str, Any], list[Figure]]],
    ledger: Ledger,
    absent: Sequence[tuple[str, str]] = (),
) -> str:
    """The whole page for (table, figures) of each study and the ledger behind them.

    `absent`: (paper item, title) of the kinds of study that the page has none of.
    """
    style = _style()
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=_policy(style)),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("meta", name="referrer", content="no-referrer"),
        element("title", TITLE),
        element("style", Markup(style)),
    )
    tables = [table for table, _ in studies]
    body = element(
        "body",
        element("a", "Skip to the results", href="#results", class_="skip"),
        _header(tables, ledger, absent),
        element(
            "main",
            _sections(studies, ledger),
            provenance_section.render(ledger),
            id="results",
        ),
        element(
            "footer",
            element(
                "p",
                "Every number on this page was computed from the files listed above, whose hashes "
                "were checked when the page was written. The page loads nothing and runs no script.",
            ),
        ),
    )
    return f"<!DOCTYPE html>\n{element('html', head, body, lang='en')}\n"


def _sections(
    studies: Sequence[tuple[dict[str, Any], list[Figure]]], ledger: Ledger
) -> list[Markup]:
    """Each study's section; a model's curves are drawn in the first that has them."""
    sections: list[Markup] = []
    shown: dict[str, str] = {}
    for table, figures in studies:
        sections.append(study_section.render(table, figures, ledger, dict(shown)))
        for recipe in table["curves"]:
            shown.setdefault(recipe, anchor(table["study"]))
    return sections


def _header(
    tables: Sequence[dict[str, Any]], ledger: Ledger, absent: Sequence[tuple[str, str]]
) -> Markup:
    claims = [claim for table in tables for claim in table["claims"]]
    counts = [
        (verdict, sum(claim["verdict"] == verdict for claim in claims))
        for verdict in verdicts.WORDS
    ]
    tally = [
        element("li", element("b", count), f" {verdicts.WORDS[verdict]}", class_=f"is-{verdict}")
        for verdict, count in counts
        if count
    ]
    anchors = {table["study"]: anchor(table["study"]) for table in tables}
    last = element("p", element("a", "What stands behind the numbers", href="#provenance"))
    return element(
        "header",
        element("p", "Reproduction report", class_="kicker"),
        element("h1", "Adversarially Regularized Autoencoders"),
        element(
            "p",
            f"Obtained numbers beside published ones, with 95 % intervals. {len(tables)} "
            f"{'study' if len(tables) == 1 else 'studies'}, {len(ledger.files):,} files verified.",
            class_="lead",
        ),
        element("ul", tally, class_="tally", aria_label="Claims by verdict") if tally else None,
        element("nav", overview.render(tables, anchors, absent), last, aria_label="Contents"),
    )


def _style() -> str:
    page = resources.files("arae.reporting").joinpath("page.css").read_text(encoding="utf-8")
    return chart_style() + page


def _policy(style: str) -> str:
    """Nothing may load or run; the one style sheet is allowed by its hash."""
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'none'"
