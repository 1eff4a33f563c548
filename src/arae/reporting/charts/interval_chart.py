"""Dots for seeds, a bar for the mean with its interval, a diamond for the published value."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from arae.reporting.charts.figure import Axis, Panel, axis, colour, short, titled
from arae.reporting.markup import Markup, element

WIDTH, LEFT, RIGHT, TOP, ROW, BOTTOM = 400, 76, 16, 34, 34, 30
LETTER = 6.6  # mean width of a label's letter


@dataclass(frozen=True, kw_only=True)
class Mark:
    """One row of the chart."""

    series: int
    label: str
    values: Sequence[float]
    mean: float | None
    half_width: float | None
    published: float | None


def mark_of(row: Mapping[str, Any], metric: str, label: str | None = None) -> Mark:
    """A table's row as a mark for one of its metrics."""
    content = row["cells"].get(metric)
    return Mark(
        series=row["series"],
        label=label or row["label"],
        values=content["values"] if content else [],
        mean=content["mean"] if content else None,
        half_width=content["half_width"] if content else None,
        published=row["published"].get(metric),
    )


def interval_panel(title: str, marks: Sequence[Mark]) -> Panel:
    """A row for each mark over a common axis."""
    height = TOP + ROW * len(marks) + BOTTOM
    points = [value for mark in marks for value in _points(mark)] or [1.0]
    left = max(LEFT, round(16 + LETTER * max((len(mark.label) for mark in marks), default=0)))
    scale = axis(points, left + 6, WIDTH - RIGHT)
    rows = [_row(mark, scale, TOP + ROW * index + ROW / 2) for index, mark in enumerate(marks)]
    return Panel(
        title=title,
        description="; ".join(_words(mark) for mark in marks),
        width=WIDTH,
        height=height,
        content=Markup(titled(title, scale) + _grid(scale, height - BOTTOM) + "".join(rows)),
    )


def reading(marks: Iterable[Mark], compare: bool = True) -> str:
    """How to read the marks that are drawn, for a caption."""
    drawn = list(marks)
    measured = [mark for mark in drawn if mark.mean is not None]
    several = any(len(mark.values) > 1 for mark in measured)
    parts = [
        "Each dot is one seed, the stroke their mean" if several else "The dot is the one seed"
    ]
    if any(mark.half_width for mark in measured):
        parts.append("the band its 95 % interval")
    if any(mark.published is not None for mark in drawn):
        parts.append(
            "a hollow diamond the published value" + (" (compare the order)" if compare else "")
        )
    return f"{', '.join(parts)}."


def _points(mark: Mark) -> list[float]:
    extra = [] if mark.published is None else [mark.published]
    ends = []
    if mark.mean is not None and mark.half_width:
        # A low end near or below zero would stretch a logarithmic axis: the row clips it there.
        low = mark.mean - mark.half_width
        ends = [mark.mean + mark.half_width, *([low] if low > mark.mean / 4 else [])]
    return [*mark.values, *extra, *ends]


def _grid(scale: Axis, bottom: float) -> Markup:
    parts = []
    for tick in scale.ticks():
        x = scale.at(tick)
        parts.append(element("line", x1=x, x2=x, y1=TOP - 8, y2=bottom, class_="grid"))
        parts.append(element("text", short(tick), x=x, y=bottom + 18, class_="tick middle"))
    return Markup("".join(parts))


def _row(mark: Mark, scale: Axis, y: float) -> Markup:
    parts = [
        element("text", mark.label, x=scale.start - 16, y=y + 4, class_="label end"),
        element("line", x1=scale.start, x2=scale.end, y1=y, y2=y, class_="lane"),
    ]
    if mark.mean is not None and mark.half_width:
        low, high = max(mark.mean - mark.half_width, scale.low), mark.mean + mark.half_width
        ends = {"x1": scale.at(low), "x2": scale.at(min(high, scale.high))}
        parts.append(element("line", **ends, y1=y, y2=y, class_="interval"))
    parts += [element("circle", cx=scale.at(v), cy=y, r=3, class_="seed") for v in mark.values]
    if mark.mean is not None:
        x = scale.at(mark.mean)
        parts.append(element("line", x1=x, x2=x, y1=y - 9, y2=y + 9, class_="mean"))
    if mark.published is not None:
        x = scale.at(mark.published)
        path = f"M{x} {y - 7}L{x + 6} {y}L{x} {y + 7}L{x - 6} {y}Z"
        parts.append(
            element(
                "path",
                element("title", f"published {mark.published:g}"),
                d=path,
                class_="published",
            )
        )
    return element("g", element("title", _words(mark)), parts, class_=colour(mark.series))


def _words(mark: Mark) -> str:
    if mark.mean is None:
        return f"{mark.label}: not measured"
    width = f" ± {mark.half_width:.3g}" if mark.half_width else ""
    published = f", published {mark.published:g}" if mark.published is not None else ""
    return f"{mark.label}: {mark.mean:.4g}{width}{published}"
