"""The page's first table: each item of the paper, the study of it, and what it found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from arae.reporting import verdicts
from arae.reporting.markup import Markup, element, join

SIGNS = {"reproduced": "✓", "partly": "≈", "not": "✗", "untested": "–"}


def render(
    tables: Sequence[Mapping[str, Any]],
    anchors: Mapping[str, str],
    absent: Sequence[tuple[str, str]],
) -> Markup:
    """A row for each study, linked to its section; `absent` are (paper item, title) without one."""
    heads = ("In the paper", "Claims", "Study", "Seeds")
    grid = element(
        "table",
        element("caption", "The studies, item by item"),
        element("thead", element("tr", [element("th", head, scope="col") for head in heads])),
        element("tbody", [_row(table, anchors[table["study"]]) for table in tables]),
    )
    missing = "; ".join(f"{item} ({title[0].lower()}{title[1:]})" for item, title in absent)
    return element(
        "section",
        element(
            "div", grid, class_="scroll", tabindex="0", role="region", aria_label="Table: overview"
        ),
        element("p", f"Not in this report: {missing}.", class_="note") if missing else None,
        id="overview",
        class_="overview",
    )


def _row(table: Mapping[str, Any], anchor: str) -> Markup:
    found = [claim["verdict"] for claim in table["claims"]]
    return element(
        "tr",
        element("th", element("a", table["paper_item"], href=f"#{anchor}"), scope="row"),
        element("td", _tally(found) if found else "–", class_="text", data_label="Claims"),
        element(
            "td",
            table["title"],
            " ",
            element("code", table["study"]),
            class_="text",
            data_label="Study",
        ),
        element("td", len(table["seeds"]), data_label="Seeds"),
    )


def _tally(found: Sequence[str]) -> Markup:
    return join(
        element(
            "span",
            element("span", SIGNS[verdict], aria_hidden="true", class_="sign"),
            f"{found.count(verdict)} {verdicts.WORDS[verdict]} ",
            class_=f"verdict is-{verdict}",
        )
        for verdict in verdicts.WORDS
        if verdict in found
    )
