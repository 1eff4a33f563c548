"""A study's table as HTML, one table a group of columns."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping
from typing import Any

from arae.reporting import collapse, doubts, published, tables
from arae.reporting.cells import write_interval
from arae.reporting.charts.figure import colour
from arae.reporting.claims import distance
from arae.reporting.columns import HIGHER, LOWER, REAL, REAL_TEXT
from arae.reporting.markup import Markup, element, join

MARKS = {
    LOWER: ("\u00a0↓", "lower is better"),
    HIGHER: ("\u00a0↑", "higher is better"),
    REAL: ("\u00a0≈", "nearer to real data's value is better"),
}


def render(table: Mapping[str, Any]) -> Markup:
    """All groups; hovering over a cell shows its seeds."""
    return join(_table(table, group, list(columns)) for group, columns in tables.groups(table))


def _table(table: Mapping[str, Any], group: str, columns: list[dict[str, Any]]) -> Markup:
    heads: list[Markup] = [element("th", "System", doubts.of_row(table), scope="col")]
    for column in columns:
        mark, meaning = MARKS.get(column["better"], ("", None))
        heads.append(
            element(
                "th",
                column["label"],
                mark,
                doubts.of_column(table, column["metric"]),
                scope="col",
                title=meaning,
            )
        )
        if published.has_published(table, column["metric"]):
            heads.append(element("th", "published", scope="col", class_="published"))
    best = {column["metric"]: _best(table, column) for column in columns}
    rows = [
        element(
            "tr",
            element(
                "th",
                collapse.label(row),
                doubts.of_row(table, row["text"]),
                scope="row",
                class_=colour(row["series"]),
            ),
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
        shown = element("td", published.NOTHING, data_label=column["label"])
    else:
        mean, width = write_interval(content, column)
        values = ", ".join(
            f"{row['text']}/seed-{seed}: {value:.10g}"
            for seed, value in zip(content["seeds"], content["values"], strict=True)
        )
        shown = element(
            "td",
            element("b", mean) if row["label"] == best else mean,
            element("span", f" ± {width}", class_="width") if width else None,
            doubts.of_column(table, column["metric"], row["text"]),
            title=values,
            data_label=column["label"],
            data_value=content["mean"],
        )
    if not published.has_published(table, column["metric"]):
        return shown
    text = published.number(table, row, column)
    value = row["published"].get(column["metric"])
    return join(
        [shown, element("td", text, class_="published", data_label="published", data_value=value)]
    )


def download(table: Mapping[str, Any]) -> Markup:
    """The table as a CSV file that lies in the page itself."""
    handle = io.StringIO()
    tables.write_csv(handle, table)
    data = base64.b64encode(handle.getvalue().encode()).decode()
    link = element(
        "a",
        "All numbers as CSV",
        href=f"data:text/csv;base64,{data}",
        download=f"{table['study']}.csv",
    )
    return element("p", link, class_="note")


def _best(table: Mapping[str, Any], column: Mapping[str, Any]) -> str | None:
    """Label of the system with the best mean, real data and collapsed systems aside; None where nothing is better."""
    means = {
        row["text"]: (row["label"], row["cells"][column["metric"]]["mean"])
        for row in table["rows"]
        if column["metric"] in row["cells"] and not row.get("collapsed")
    }
    real = means.pop(REAL_TEXT, None)
    if column["better"] == REAL:
        if real is None:
            return None
        far = {label: distance(mean, real[1], column["percent"]) for label, mean in means.values()}
        return min(far, key=far.__getitem__, default=None)
    choose = {LOWER: min, HIGHER: max}.get(str(column["better"]))
    return choose(means.values(), key=lambda pair: pair[1])[0] if choose and means else None
