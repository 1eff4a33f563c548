"""One study on the page: verdicts, figure, tables, curves, samples, settings."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from arae.reporting import settings_html, table_html, tables
from arae.reporting.charts import Figure, colour
from arae.reporting.curve_chart import curve_panel
from arae.reporting.ledger import Ledger
from arae.reporting.markup import Markup, element, join

VERDICT_ORDER = ("reproduced", "partly", "not", "untested")
SIGNS = {"reproduced": "✓", "partly": "≈", "not": "✗", "untested": "–"}


def render(table: Mapping[str, Any], figures: Sequence[Figure], ledger: Ledger) -> Markup:
    """The section of one study."""
    name = anchor(table["study"])
    headline, *others = [_figure(figure, f"{name}-{figure.name}") for figure in figures]
    parts = [
        element("h2", table["title"], " ", element("code", table["study"])),
        element("p", _summary(table), class_="lead"),
        _part(name, "verdicts", "What holds", _verdicts(table)),
        _part(
            name, "numbers", "Numbers", join([headline, _notes(table), table_html.render(table)])
        ),
        _part(name, "definitions", "Definitions", _definitions(table)),
        _part(name, "curves", "Training", join([others, _curves(table, name)])),
        _part(name, "samples", "Samples", _samples(table)),
        _part(name, "settings", "Settings", settings_html.render(table, ledger)),
    ]
    return element("section", parts, id=name, class_="study")


def anchor(name: str) -> str:
    """A study's name as an identifier."""
    return "study-" + re.sub(r"[^a-zA-Z0-9-]+", "-", name)


def words(verdict: str) -> str:
    """A verdict in words."""
    return tables.VERDICT_WORDS[verdict]


def _part(study: str, name: str, title: str, content: Markup) -> Markup:
    identity = f"{study}-{name}"
    heading = element("h3", title, id=f"{identity}-title")
    return element(
        "section", heading, content, id=identity, class_=name, aria_labelledby=f"{identity}-title"
    )


def _summary(table: Mapping[str, Any]) -> str:
    count = table["sentences"]
    size = f"{count:,} sentences a system, " if count else ""
    seeds = len(table["seeds"])
    runs = f"{seeds} seed{'s' if seeds > 1 else ''}"
    return f"Corpus {table['corpus']}, {size}{len(table['rows']) - 1} systems, {runs} each."


def _verdicts(table: Mapping[str, Any]) -> Markup:
    cards = [
        element(
            "li",
            element(
                "p",
                element("span", SIGNS[claim["verdict"]], aria_hidden="true", class_="sign"),
                words(claim["verdict"]),
                class_="badge",
            ),
            element("h4", claim["name"]),
            element("p", claim["statement"], class_="statement"),
            element("ul", [_pair(pair) for pair in claim["pairs"]]),
            class_=f"card is-{claim['verdict']}",
        )
        for claim in table["claims"]
    ]
    rule = element("p", "The rule. ", table["rule"], class_="note")
    return join([element("ul", cards, class_="cards"), rule])


def _pair(pair: Mapping[str, Any]) -> Markup:
    verdict = pair["verdict"]
    sign = element("span", SIGNS[verdict], class_="sign", aria_hidden="true")
    return element(
        "li", sign, tables.comparison(pair), title=words(verdict), class_=f"is-{verdict}"
    )


def _notes(table: Mapping[str, Any]) -> Markup:
    notes = [tables.interval_note(table), tables.published_note(table)]
    return element("p", " ".join(note for note in notes if note), class_="note")


def _definitions(table: Mapping[str, Any]) -> Markup:
    entries = [
        (element("dt", column["label"]), element("dd", table["definitions"][column["metric"]]))
        for column in table["columns"]
        if column["metric"] in table["definitions"]
    ]
    return element("dl", entries)


def _figure(figure: Figure, identity: str) -> Markup:
    drawings = [
        panel.inline(f"{identity}-{index}") for index, panel in enumerate(figure.panels, start=1)
    ]
    caption = element("figcaption", element("b", figure.title, ". "), figure.caption)
    return element("figure", element("div", drawings, class_="panels"), caption)


def _curves(table: Mapping[str, Any], name: str) -> Markup:
    blocks = []
    for index, row in enumerate(table["rows"]):
        seeds = table["curves"].get(row["text"])
        if seeds:
            metrics = sorted({metric for curves in seeds.values() for metric in curves})
            panels = [
                curve_panel(metric, {(row["series"], row["label"]): _of(seeds, metric)})
                for metric in metrics
            ]
            drawings = [
                panel.inline(f"{name}-curve-{index}-{place}")
                for place, panel in enumerate(panels, start=1)
            ]
            blocks.append(
                element(
                    "details",
                    element(
                        "summary",
                        element("span", row["label"], class_=colour(row["series"])),
                        element("small", f" {len(metrics)} curves, {len(seeds)} seeds"),
                    ),
                    element("div", drawings, class_="panels small"),
                )
            )
    return element("div", blocks, class_="stack")


def _of(seeds: Mapping[str, Mapping[str, Any]], metric: str) -> dict[str, Any]:
    return {seed: curves[metric] for seed, curves in seeds.items() if metric in curves}


def _samples(table: Mapping[str, Any]) -> Markup:
    blocks = [
        element(
            "article",
            element("h4", row["label"], class_=colour(row["series"])),
            element("ol", [element("li", element("bdi", line)) for line in row["examples"]]),
        )
        for row in table["rows"]
    ]
    note = (
        "The first sentences of the first seed, in the order in which they were made, not chosen."
    )
    return join([element("p", note, class_="note"), element("div", blocks, class_="sentences")])
