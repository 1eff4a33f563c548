"""The report: one HTML file that opens offline, asks for nothing; its own script only sorts and searches."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from importlib import resources
from typing import Any

from arae.reporting import overview, provenance_section, study_section, verdicts
from arae.reporting.charts.figure import Figure
from arae.reporting.charts.figure import style as chart_style
from arae.reporting.ledger import Ledger, processor_of
from arae.reporting.markup import Markup, element
from arae.reporting.study_section import anchor
from arae.reporting.study_table import is_of_paper

PAPER = "Adversarially Regularized Autoencoders"


def render(
    studies: Sequence[tuple[dict[str, Any], list[Figure]]],
    ledger: Ledger,
    absent: Sequence[tuple[str, str]] = (),
) -> str:
    """The whole page for (table, figures) of each study and the ledger behind them.

    `absent`: (paper item, title) of the kinds of study that the page has none of.
    """
    style, script = _style(), _text("page.js")
    tables = [table for table, _ in studies]
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=_policy(style, script)),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("meta", name="referrer", content="no-referrer"),
        element("title", f"{_title(tables)}: results"),
        element("style", Markup(style)),
    )
    body = element(
        "body",
        element("a", "Skip to the results", href="#results", class_="skip"),
        _contents(tables),
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
                "were checked when the page was written. The page loads nothing. Its one script sorts "
                "tables and searches samples; all is shown without it.",
            ),
        ),
        element("script", Markup(script)),
    )
    return f"<!DOCTYPE html>\n{element('html', head, body, lang='en')}\n"


def _contents(tables: Sequence[dict[str, Any]]) -> Markup:
    """Links to the studies, which stay in sight where there is room beside the text."""
    links = [(anchor(table["study"]), table["study"]) for table in tables]
    entries = [*links, ("provenance", "Provenance")]
    return element(
        "nav",
        element("ol", [element("li", element("a", name, href=f"#{to}")) for to, name in entries]),
        class_="contents",
        aria_label="Studies",
    )


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
    of_paper = any(map(is_of_paper, tables))
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
        element("p", "Reproduction report" if of_paper else "Report", class_="kicker"),
        element("h1", _title(tables)),
        element(
            "p",
            f"{'Obtained numbers beside published ones' if of_paper else 'Numbers'}, with 95 % "
            f"intervals. {len(tables)} {'study' if len(tables) == 1 else 'studies'}, "
            f"{len(ledger.files):,} files verified. {_processors(ledger)}",
            class_="lead",
        ),
        element("ul", tally, class_="tally", aria_label="Claims by verdict") if tally else None,
        element("nav", overview.render(tables, anchors, absent), last, aria_label="Contents"),
    )


def _title(tables: Sequence[Mapping[str, Any]]) -> str:
    """The paper's, unless all studies are someone's own."""
    if any(map(is_of_paper, tables)):
        return PAPER
    return ", ".join(dict.fromkeys(str(table["title"]) for table in tables))


def _processors(ledger: Ledger) -> str:
    """Where the models were trained: numbers differ a little between processors."""
    makers = ledger.by_stage()
    records = [one for stage in ("train", "train-images") for one in makers.get(stage, ())]
    names = sorted({processor_of(record) for record in records} - {""})
    return f"Trained on {', '.join(names)}." if names else ""


def _style() -> str:
    return chart_style() + _text("page.css")


def _text(name: str) -> str:
    return resources.files("arae.reporting").joinpath(name).read_text(encoding="utf-8")


def _policy(style: str, script: str) -> str:
    """Nothing may load; the one style sheet and the one script are allowed by their hashes."""

    def digest(text: str) -> str:
        return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()

    return (
        f"default-src 'none'; style-src 'sha256-{digest(style)}'; script-src 'sha256-{digest(script)}'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )
