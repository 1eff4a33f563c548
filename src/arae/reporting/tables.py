"""A study's table as CSV and as Markdown."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import IO, Any

from arae.reporting.cells import SENTENCES, write_interval
from arae.reporting.markup import visible

VERDICT_WORDS = {
    "reproduced": "reproduced",
    "partly": "partly reproduced",
    "not": "not reproduced",
    "untested": "not tested",
}
NOTHING = "–"


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
            cell, published = row["cells"].get(metric), row["published"].get(metric)
            measured = (
                (cell["mean"], cell["half_width"], cell["interval"], cell["n"])
                if cell
                else (None, None, None, 0)
            )
            seeds = " ".join(map(str, cell["seeds"])) if cell else ""
            values = " ".join(map(repr, cell["values"])) if cell else ""
            writer.writerow(
                (row["label"], row["text"], metric, *measured, seeds, values, published)
            )


def markdown(table: Mapping[str, Any]) -> str:
    """The table for people: one part a group of columns, verdicts, definitions."""
    parts = [f"# {table['study']}: {table['title']}", _intro(table)]
    for group, columns in groups(table):
        parts += [f"## {group}", _grid(table, columns)]
    parts += ["## Verdicts", "\n".join(verdict_line(claim) for claim in table["claims"])]
    parts += [table["rule"], "## Definitions", _definitions(table)]
    return "\n\n".join(part for part in parts if part) + "\n"


def groups(table: Mapping[str, Any]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Columns by group, in order."""
    for group, columns in groupby(table["columns"], key=lambda column: column["group"]):
        yield group, list(columns)


def has_published(table: Mapping[str, Any], metric: str) -> bool:
    """Whether a column of published values belongs beside the metric."""
    return any(metric in row["published"] for row in table["rows"])


def interval_note(table: Mapping[str, Any]) -> str:
    """What the ± of this table is."""
    kinds = {cell["interval"] for row in table["rows"] for cell in row["cells"].values()}
    seeds = ", ".join(map(str, table["seeds"]))
    if SENTENCES in kinds:
        return f"± is half the 95 % bootstrap interval over sentences (one seed: {seeds})."
    return f"± is the half-width of the 95 % t interval over seeds {seeds}."


def published_note(table: Mapping[str, Any]) -> str:
    """How published numbers may be read beside ours."""
    if not table["published_source"]:
        return ""
    return (
        f"Published values: {table['published_source']}. They compare in size only where corpus, "
        f"sample count and evaluation model are the same; otherwise compare the order."
    )


def verdict_line(claim: Mapping[str, Any]) -> str:
    """A claim's verdict with its numbers in one line of Markdown."""
    numbers = "; ".join(pair_words(pair) for pair in claim["pairs"])
    words = VERDICT_WORDS[claim["verdict"]]
    return f"- **{words}**: {claim['name']} ({claim['statement']})" + (
        f": {numbers}." if numbers else "."
    )


def pair_words(pair: Mapping[str, Any]) -> str:
    """`ARAE 82.2 ± 1.1 < LM 90.6 ± 0.9: reproduced`."""
    return f"{comparison(pair)}: {VERDICT_WORDS[pair['verdict']]}"


def comparison(pair: Mapping[str, Any]) -> str:
    """`ARAE 82.2 ± 1.1 < LM 90.6 ± 0.9`, with the sign that was found."""
    lower, higher = pair["lower"], pair["higher"]
    sign = "<" if lower["mean"] < higher["mean"] else "≥"
    return f"{_side(lower)} {sign} {_side(higher)}"


def _side(side: Mapping[str, Any]) -> str:
    mean, width = write_interval(dict(side), {"percent": False, "decimals": None})
    return f"{visible(side['label'])} {mean}" + (f" ± {width}" if width else "")


def _intro(table: Mapping[str, Any]) -> str:
    count = table["sentences"]
    size = f"{count:,} sentences a system; " if count else ""
    return (
        f"Corpus `{table['corpus']}`; {size}{interval_note(table)} {published_note(table)}".rstrip()
    )


def _definitions(table: Mapping[str, Any]) -> str:
    return "\n".join(
        f"- {column['label']}: {table['definitions'][column['metric']]}."
        for column in table["columns"]
        if column["metric"] in table["definitions"]
    )


def _grid(table: Mapping[str, Any], columns: list[dict[str, Any]]) -> str:
    head, body = ["System"], [[_plain(row["label"])] for row in table["rows"]]
    for column in columns:
        head.append(column["label"])
        for line, row in zip(body, table["rows"], strict=True):
            line.append(_cell(row["cells"].get(column["metric"]), column))
        if has_published(table, column["metric"]):
            head.append("published")
            for line, row in zip(body, table["rows"], strict=True):
                line.append(published_number(row["published"].get(column["metric"]), column))
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


def published_number(value: float | None, column: Mapping[str, Any]) -> str:
    """A published value as its source prints it."""
    if value is None:
        return NOTHING
    return f"{100 * value:,g} %" if column["percent"] else f"{value:,g}"


def _plain(text: str) -> str:
    return visible(text).replace("|", "\\|")
