"""One study on the page: verdicts, figures, what differs, tables, training, samples, settings."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from arae.reporting import doubts, published, settings_html, table_html, tables
from arae.reporting.charts.curve_chart import curve_panel
from arae.reporting.charts.figure import Figure, colour
from arae.reporting.columns import REAL_TEXT
from arae.reporting.ledger import Ledger
from arae.reporting.markup import Markup, element, join
from arae.reporting.overview import SIGNS
from arae.reporting.verdicts import WORDS


def render(
    table: Mapping[str, Any],
    figures: Sequence[Figure],
    ledger: Ledger,
    shown: Mapping[str, str] | None = None,
) -> Markup:
    """The section of one study; `shown` maps recipes to the section that has their curves already."""
    name = anchor(table["study"])
    parts = [
        element("p", table["paper_item"], class_="kicker"),
        element("h2", table["title"], " ", element("code", table["study"])),
        element("p", _summary(table), class_="lead"),
        _part(name, "verdicts", "What holds", _verdicts(table)),
        _part(name, "doubts", "What is in doubt", _doubts(table)),
        _part(name, "figures", "Figures", _figures(figures, name)),
        _part(name, "advice", "What to do next", _advice(table)),
        _part(name, "differs", "What differs from the paper", _paragraph(table["differs"])),
        _part(
            name,
            "numbers",
            "Numbers",
            join([_notes(table), table_html.render(table), table_html.download(table)]),
        ),
        _part(name, "definitions", "Definitions", _definitions(table)),
        _part(name, "curves", "Training", _curves(table, name, shown or {})),
        _part(name, "samples", "Samples", _samples(table)),
        _part(name, "settings", "Settings", settings_html.render(table, ledger)),
    ]
    return element("section", parts, id=name, class_="study")


def anchor(name: str) -> str:
    """A study's name as an identifier."""
    return "study-" + re.sub(r"[^a-zA-Z0-9-]+", "-", name)


def _part(study: str, name: str, title: str, content: Markup | None) -> Markup | None:
    """A titled part; None if there is nothing to show."""
    if not content:
        return None
    identity = f"{study}-{name}"
    heading = element("h3", title, id=f"{identity}-title")
    return element(
        "section", heading, content, id=identity, class_=name, aria_labelledby=f"{identity}-title"
    )


def _summary(table: Mapping[str, Any]) -> str:
    count = table["sentences"]
    size = f"{count:,} sentences a system, " if count else ""
    seeds = len(table["seeds"])
    systems = sum(row["text"] != REAL_TEXT for row in table["rows"])
    return (
        f"Corpus {table['corpus']}, {size}{_many(systems, 'system')}, {_many(seeds, 'seed')} each."
    )


def _many(count: int, word: str) -> str:
    return f"{count} {word}{'' if count == 1 else 's'}"


def _paragraph(text: str) -> Markup | None:
    return element("p", text) if text else None


def _verdicts(table: Mapping[str, Any]) -> Markup | None:
    cards = [
        element(
            "li",
            element(
                "p",
                element("span", SIGNS[claim["verdict"]], aria_hidden="true", class_="sign"),
                WORDS[claim["verdict"]],
                class_="badge",
            ),
            element("h4", claim["name"]),
            element("p", claim["statement"], class_="statement"),
            element(
                "ul",
                [_pair(pair, tables.column_of(table, claim)) for pair in claim["pairs"]],
                [element("li", text) for text in tables.unmeasured(claim)],
            ),
            element("p", claim["rule"], class_="statement") if "rule" in claim else None,
            class_=f"card is-{claim['verdict']}",
        )
        for claim in table["claims"]
    ]
    if not cards:
        return None
    rule = element("p", "The rule. ", table["rule"], class_="note")
    return join([element("ul", cards, class_="cards"), rule])


def _doubts(table: Mapping[str, Any]) -> Markup | None:
    notes = enumerate(doubts.notes(table), 1)
    lines = [element("li", f"[{number}] {note}.") for number, note in notes]
    return element("ul", lines, class_="doubts") if lines else None


def _pair(pair: Mapping[str, Any], column: dict[str, Any]) -> Markup:
    verdict = pair["verdict"]
    sign = element("span", SIGNS[verdict], class_="sign", aria_hidden="true")
    return element(
        "li", sign, tables.comparison(pair, column), title=WORDS[verdict], class_=f"is-{verdict}"
    )


def _advice(table: Mapping[str, Any]) -> Markup | None:
    if not table["advice"]:
        return None
    return element("ul", [element("li", line) for line in table["advice"]])


def _notes(table: Mapping[str, Any]) -> Markup:
    notes = [tables.interval_note(table), tables.computed_on(table), published.source(table)]
    notes += published.notes(table)
    return element("p", " ".join(note for note in notes if note), class_="note")


def _definitions(table: Mapping[str, Any]) -> Markup:
    return element(
        "dl",
        [(element("dt", name), element("dd", text)) for name, text in tables.definitions(table)],
    )


def _figures(figures: Sequence[Figure], name: str) -> Markup:
    return join(_figure(figure, f"{name}-{figure.name}") for figure in figures)


def _figure(figure: Figure, identity: str) -> Markup:
    drawings = [
        panel.inline(f"{identity}-{index}") for index, panel in enumerate(figure.panels, start=1)
    ]
    caption = element("figcaption", element("b", figure.title, ". "), figure.caption)
    return element("figure", element("div", drawings, class_="panels"), caption)


def _curves(table: Mapping[str, Any], name: str, shown: Mapping[str, str]) -> Markup | None:
    blocks = []
    for index, row in enumerate(table["rows"]):
        seeds = table["curves"].get(row["text"])
        if seeds and row["text"] in shown:
            link = element("a", "shown above", href=f"#{shown[row['text']]}-curves")
            blocks.append(element("p", row["label"], ": ", link, ".", class_="note"))
        elif seeds:
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
    return element("div", blocks, class_="stack") if blocks else None


def _of(seeds: Mapping[str, Mapping[str, Any]], metric: str) -> dict[str, Any]:
    return {seed: curves[metric] for seed, curves in seeds.items() if metric in curves}


def _samples(table: Mapping[str, Any]) -> Markup | None:
    blocks = [
        element(
            "article",
            element("h4", row["label"], class_=colour(row["series"])),
            element("ol", [element("li", element("bdi", line)) for line in row["examples"]]),
        )
        for row in table["rows"]
        if row["examples"]
    ]
    if not blocks:
        return None
    note = element("p", table["examples_note"], class_="note")
    return join([note, element("div", blocks, class_="sentences")])
