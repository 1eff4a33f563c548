"""A study's table as CSV and as Markdown."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import IO, Any

from arae.reporting import collapse, doubts, published
from arae.reporting.cells import SENTENCES, write_interval
from arae.reporting.markup import visible
from arae.reporting.published import NOTHING
from arae.reporting.verdicts import WORDS

# What some readers of Markdown would take for HTML.
_TAG = re.compile(r"<(?=[A-Za-z/!?])")


def write_csv(handle: IO[str], table: Mapping[str, Any]) -> None:
    """One row for each system and metric; values are in the order of `seeds`."""
    writer = csv.writer(handle, lineterminator="\n")
    writer.writerow(
        (
            "system",
            "text",
            "metric",
            "mean",
            "half_width",
            "interval",
            "n",
            "seeds",
            "values",
            "published",
        )
    )
    for row in table["rows"]:
        for column in table["columns"]:
            metric = column["metric"]
            cell, value = row["cells"].get(metric), row["published"].get(metric)
            measured = (
                (cell["mean"], cell["half_width"], cell["interval"], cell["n"])
                if cell
                else (None, None, None, 0)
            )
            seeds = " ".join(map(str, cell["seeds"])) if cell else ""
            values = " ".join(map(repr, cell["values"])) if cell else ""
            writer.writerow((row["label"], row["text"], metric, *measured, seeds, values, value))


def markdown(table: Mapping[str, Any]) -> str:
    """The table for people: one part a group of columns, verdicts, definitions."""
    parts = [f"# {table['paper_item']}: {table['title']} ({table['study']})", _intro(table)]
    for group, columns in groups(table):
        parts += [f"## {group}", _grid(table, columns)]
    if said := doubts.notes(table):
        lines = "\n".join(f"- [{number}] {note}." for number, note in enumerate(said, 1))
        parts += ["## In doubt", lines]
    if table["claims"]:
        lines = "\n".join(verdict_line(table, claim) for claim in table["claims"])
        parts += ["## Verdicts", lines, table["rule"]]
    if table["advice"]:
        parts += ["## What to do next", "\n".join(f"- {line}" for line in table["advice"])]
    if table["differs"]:
        parts += ["## What differs from the paper", table["differs"]]
    parts += ["## Definitions", _definitions(table)]
    text = visible("\n\n".join(part for part in parts if part) + "\n")
    return _TAG.sub(r"\\<", text)


def groups(table: Mapping[str, Any]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Columns by group, in order."""
    for group, columns in groupby(table["columns"], key=lambda column: column["group"]):
        yield group, list(columns)


def interval_note(table: Mapping[str, Any]) -> str:
    """What the ± of this table is."""
    kinds = {cell["interval"] for row in table["rows"] for cell in row["cells"].values()}
    seeds = ", ".join(map(str, table["seeds"]))
    if SENTENCES in kinds:
        return f"± is half the 95 % bootstrap interval over sentences (one seed: {seeds})."
    if len(table["seeds"]) == 1:
        return f"One seed ({seeds}): no interval."
    return f"± is the half-width of the 95 % t interval over seeds {seeds}."


def computed_on(table: Mapping[str, Any]) -> str:
    """The machines behind the numbers: others round otherwise, and training lets that grow."""
    machines = "; ".join(table.get("computed_on", []))
    return f"Computed on: {machines}." if machines else ""


def verdict_line(table: Mapping[str, Any], claim: Mapping[str, Any]) -> str:
    """A claim's verdict with its numbers in one line of Markdown."""
    column = column_of(table, claim)
    found = [f"{comparison(pair, column)}: {WORDS[pair['verdict']]}" for pair in claim["pairs"]]
    numbers = "; ".join([*found, *unmeasured(claim)])
    line = f"- **{WORDS[claim['verdict']]}**: {claim['name']} ({claim['statement']})"
    return f"{line}{f': {numbers}' if numbers else ''}. {claim.get('rule', '')}".rstrip()


def unmeasured(claim: Mapping[str, Any]) -> list[str]:
    """[`2 pairs not measured`]; [] where all were."""
    count = claim["unmeasured"]
    return [f"{count} pair{'s' if count > 1 else ''} not measured"] if count else []


def column_of(table: Mapping[str, Any], claim: Mapping[str, Any]) -> dict[str, Any]:
    """The column of a claim's metric: how its numbers are written."""
    plain = {"percent": False, "decimals": None}
    return next((c for c in table["columns"] if c["metric"] == claim["metric"]), plain)


def comparison(pair: Mapping[str, Any], column: dict[str, Any]) -> str:
    """`ARAE 82.2 ± 1.1 < LM 90.6 ± 0.9`, with the sign that was found."""
    lower, higher = pair["lower"], pair["higher"]
    sign = "<" if lower["mean"] < higher["mean"] else "≥"
    return f"{_side(lower, column)} {sign} {_side(higher, column)}"


def _side(side: Mapping[str, Any], column: dict[str, Any]) -> str:
    mean, width = write_interval(dict(side), column)
    return f"{visible(side['label'])} {mean}" + (f" ± {width}" if width else "")


def _intro(table: Mapping[str, Any]) -> str:
    count = table["sentences"]
    size = f"{count:,} sentences a system; " if count else ""
    said = [f"Corpus `{table['corpus']}`; {size}{interval_note(table)}"]
    said += [computed_on(table), published.source(table), *published.notes(table)]
    return " ".join(part for part in said if part)


def _definitions(table: Mapping[str, Any]) -> str:
    return "\n".join(f"- {name}: {text}." for name, text in definitions(table))


def definitions(table: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(column, definition); columns of one label are told apart by their group."""
    labels = [column["label"] for column in table["columns"]]
    return [
        (
            f"{column['group']}: {column['label']}"
            if labels.count(column["label"]) > 1
            else column["label"],
            table["definitions"][column["metric"]],
        )
        for column in table["columns"]
        if column["metric"] in table["definitions"]
    ]


def _grid(table: Mapping[str, Any], columns: list[dict[str, Any]]) -> str:
    head = ["System" + doubts.of_row(table)]
    body = [
        [_plain(collapse.label(row)) + doubts.of_row(table, row["text"])] for row in table["rows"]
    ]
    for column in columns:
        metric = column["metric"]
        head.append(_plain(column["label"]) + doubts.of_column(table, metric))
        for line, row in zip(body, table["rows"], strict=True):
            mark = doubts.of_column(table, metric, row["text"])
            line.append(_cell(row["cells"].get(metric), column) + mark)
        if published.has_published(table, column["metric"]):
            head.append("published")
            for line, row in zip(body, table["rows"], strict=True):
                line.append(published.number(table, row, column))
    widths = [max(map(len, column)) for column in zip(head, *body, strict=True)]
    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    return "\n".join(_line(cells, widths) for cells in (head, rule, *body))


def _line(cells: list[str], widths: list[int]) -> str:
    first = cells[0].ljust(widths[0])
    rest = [cell.rjust(width) for cell, width in zip(cells[1:], widths[1:], strict=True)]
    return "| " + " | ".join([first, *rest]) + " |"


def _cell(cell: Mapping[str, Any] | None, column: dict[str, Any]) -> str:
    if cell is None:
        return NOTHING
    mean, width = write_interval(dict(cell), column)
    return f"{mean} ± {width}" if width else mean


def _plain(text: str) -> str:
    return visible(" ".join(text.split())).replace("|", "\\|")
