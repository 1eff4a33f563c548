"""A panel of sentences: blocks of lines, each under its heading."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from arae.reporting.charts.figure import Panel, colour
from arae.reporting.markup import Markup, element

LINE, GAP, INDENT = 17, 12, 12
LETTER, BOLD = 6.4, 7.4  # generous for the mean width of a letter at the charts' 12 px


@dataclass(frozen=True, kw_only=True)
class Block:
    """Lines under a heading in the colour of a series."""

    heading: str
    lines: Sequence[str]
    series: int


def text_panel(title: str, blocks: Sequence[Block]) -> Panel:
    """The blocks one below the other, no line cut."""
    parts, y = [element("text", title, x=0, y=14, class_="panel-title")], LINE
    for block in blocks:
        y += LINE
        ink = f"legend {colour(block.series)}"
        parts.append(element("text", block.heading, x=0, y=y, class_=ink))
        for line in block.lines:
            y += LINE
            parts.append(element("text", line, x=INDENT, y=y, class_="label"))
        y += GAP
    lines = [INDENT + LETTER * len(line) for block in blocks for line in block.lines]
    headings = [BOLD * len(heading) for heading in (title, *(block.heading for block in blocks))]
    return Panel(
        title=title,
        description="; ".join(f"{block.heading}: {' / '.join(block.lines)}" for block in blocks),
        width=round(max([*lines, *headings])) + INDENT,
        height=y,
        content=Markup("".join(parts)),
    )
