"""A study's table as HTML, one table a group of columns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from arae.reporting import published, tables
from arae.reporting.cells import write_interval, write_number
from arae.reporting.charts.figure import colour
from arae.reporting.markup import Markup, element, join
from arae.reporting.study import REAL_TEXT


def render(table: Mapping[str, Any]) -> Markup:
    """All groups; hovering over a cell shows its seeds."""
    return join(_table(table, group, list(columns)) for group, columns in tables.groups(table))


def _table(table: Mapping[str, Any], group: str, columns: list[dict[str, Any]]) -> Markup:
    heads: list[Markup] = [element("th", "System", scope="col")]
    for column in columns:
        arrow = {"lower": "\u00a0↓", "higher": "\u00a0↑"}.get(str(column["better"]), "")
        heads.append(element("th", column["label"], arrow, scope="col"))
        if published.has_published(table, column["metric"]):
            heads.append(element("th", "published", scope="col", class_="published"))
    best = {column["metric"]: _best(table, column) for column in columns}
    rows = [
        element(
            "tr",
            element("th", row["label"], scope="row", class_=colour(row["series"])),
            [_cells(table, row, column, best[column["metric"]]) for column in columns],
        )
        for row in table["rows"]
    ]
    grid = element(
        "table",
        element("caption", group),
        element("thead", element("tr", heads)),
        element("tbody", rows),
    )
    return element(
        "div", grid, class_="scroll", tabindex="0", role="region", aria_label=f"Table: {group}"
    )


def _cells(
    table: Mapping[str, Any], row: Mapping[str, Any], column: dict[str, Any], best: str | None
) -> Markup:
    content = row["cells"].get(column["metric"])
    if content is None:
        shown = element("td", published.NOTHING)
    else:
        mean, width = write_interval(content, column)
        values = ", ".join(
            f"seed {seed}: {write_number(value, column)}"
            for seed, value in zip(content["seeds"], content["values"], strict=True)
        )
        shown = element(
            "td",
            element("b", mean) if row["label"] == best else mean,
            element("span", f" ± {width}", class_="width") if width else None,
            title=values,
        )
    if not published.has_published(table, column["metric"]):
        return shown
    text = published.number(table, row, column)
    return join([shown, element("td", text, class_="published")])


def _best(table: Mapping[str, Any], column: Mapping[str, Any]) -> str | None:
    """Label of the system with the best mean, real data aside."""
    means = {
        row["label"]: row["cells"][column["metric"]]["mean"]
        for row in table["rows"]
        if row["text"] != REAL_TEXT and column["metric"] in row["cells"]
    }
    choose = {"lower": min, "higher": max}.get(str(column["better"]))
    return choose(means, key=lambda label: means[label]) if choose and means else None
