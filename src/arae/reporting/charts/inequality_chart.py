"""Pairs of numbers that an inequality relates: points below the diagonal obey y ≤ x."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from arae.reporting.charts.figure import Axis, Panel, axis, colour, short
from arae.reporting.markup import Markup, element

WIDTH, HEIGHT = 860, 430
LEFT, RIGHT, TOP, BOTTOM = 56, 90, 44, 46
LEGEND_STEP = 18


@dataclass(frozen=True, kw_only=True)
class Point:
    """One measured pair."""

    series: int
    label: str  # of the series
    name: str  # of the point, for the pointer
    across: float
    up: float


def inequality_panel(title: str, across: str, up: str, points: Sequence[Point]) -> Panel:
    """`up` against `across` with logarithmic axes, the forbidden side of the diagonal shaded.

    A value of zero is drawn at the axis' lower end.
    """
    xs = axis([p.across for p in points if p.across > 0] or [1.0], LEFT, WIDTH - RIGHT, log=True)
    ys = axis([p.up for p in points if p.up > 0] or [1.0], HEIGHT - BOTTOM, TOP, log=True)
    marks = [
        element(
            "circle",
            element("title", f"{p.label}, {p.name}: {p.up:.4g} ≤ {p.across:.4g}"),
            cx=xs.at(max(p.across, xs.low)),
            cy=ys.at(max(p.up, ys.low)),
            r=3.5,
            class_=f"seed {colour(p.series)}",
        )
        for p in points
    ]
    return Panel(
        title=title,
        description="; ".join(
            f"{p.label}, {p.name}: {p.up:.4g} and {p.across:.4g}" for p in points
        ),
        width=WIDTH,
        height=HEIGHT,
        content=Markup(
            element("text", title, x=0, y=14, class_="panel-title")
            + _forbidden(xs, ys)
            + _grid(xs, ys, across, up)
            + "".join(marks)
            + _legend(points)
        ),
    )


def _forbidden(xs: Axis, ys: Axis) -> Markup:
    """The part of the plane where `up` exceeds `across`."""
    low, high = max(xs.low, ys.low), min(xs.high, ys.high)
    if low >= high:
        return Markup("")
    corners = [(xs.low, max(ys.low, xs.low)), (low, low), (high, high), (high, ys.high)]
    corners += [(xs.low, ys.high)]
    places = [f"{xs.at(x)} {ys.at(min(y, ys.high))}" for x, y in corners]
    ends = {"x1": xs.at(low), "y1": ys.at(low), "x2": xs.at(high), "y2": ys.at(high)}
    return element(
        "g",
        element("path", d="M" + "L".join(places) + "Z", class_="forbidden"),
        element("line", **ends, class_="diagonal"),
        element("text", "the bound is broken", x=xs.start + 8, y=ys.end + 18, class_="tick"),
    )


def _grid(xs: Axis, ys: Axis, across: str, up: str) -> Markup:
    parts = []
    for tick in xs.ticks(6):
        x = xs.at(tick)
        parts.append(element("line", x1=x, x2=x, y1=ys.start, y2=ys.end, class_="grid"))
        parts.append(element("text", short(tick), x=x, y=ys.start + 17, class_="tick middle"))
    for tick in ys.ticks(6):
        y = ys.at(tick)
        parts.append(element("line", x1=xs.start, x2=xs.end, y1=y, y2=y, class_="grid"))
        parts.append(element("text", short(tick), x=xs.start - 6, y=y + 4, class_="tick end"))
    parts.append(
        element(
            "text",
            f"{across}, log scale",
            x=(xs.start + xs.end) / 2,
            y=ys.start + 38,
            class_="label middle",
        )
    )
    parts.append(element("text", f"{up}, log scale", x=xs.start, y=ys.end - 10, class_="label"))
    return Markup("".join(parts))


def _legend(points: Sequence[Point]) -> Markup:
    names = dict.fromkeys((p.series, p.label) for p in points)
    return Markup(
        "".join(
            element(
                "text",
                label,
                x=WIDTH - RIGHT + 12,
                y=TOP + 12 + LEGEND_STEP * row,
                class_=f"legend {colour(series)}",
            )
            for row, (series, label) in enumerate(names)
        )
    )
