"""One factor of a grid: a column for each of its levels, a dot for each seed, means joined."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from arae.reporting.charts.figure import Axis, Panel, axis, colour, short, titled
from arae.reporting.markup import Markup, element

WIDTH, HEIGHT = 300, 220
LEFT, RIGHT, TOP, BOTTOM = 44, 12, 30, 42
DODGE, LINE = 5, 14


@dataclass(frozen=True, kw_only=True)
class Level:
    """One level of the factor; `centre` marks the level that the other factors' runs have."""

    label: str
    values: Sequence[float]
    centre: bool = False


def level_panel(
    title: str, levels: Sequence[Level], scale: Sequence[float], series: int, *, ordered: bool
) -> Panel:
    """The levels side by side, means joined if they are `ordered`.

    `scale` holds values that the axis must show, for like axes.
    """
    values = axis([*scale, *(v for level in levels for v in level.values)], HEIGHT - BOTTOM, TOP)
    step = (WIDTH - RIGHT - LEFT) / max(len(levels), 1)
    places = [round(LEFT + step * (index + 0.5), 1) for index in range(len(levels))]
    means = [
        (x, values.at(sum(level.values) / len(level.values)))
        for x, level in zip(places, levels, strict=True)
        if level.values
    ]
    line = element(
        "path", d="M" + "L".join(f"{x} {y}" for x, y in means), class_=f"trend {colour(series)}"
    )
    columns = [_column(level, x, values, series) for x, level in zip(places, levels, strict=True)]
    return Panel(
        title=title,
        description="; ".join(_words(level) for level in levels),
        width=WIDTH,
        height=HEIGHT,
        content=Markup(
            titled(title, values)
            + _grid(values)
            + (line if means and ordered else "")
            + "".join(columns)
        ),
    )


def _grid(values: Axis) -> Markup:
    parts = []
    for tick in values.ticks(4):
        y = values.at(tick)
        parts.append(element("line", x1=LEFT, x2=WIDTH - RIGHT, y1=y, y2=y, class_="grid"))
        parts.append(element("text", short(tick), x=LEFT - 6, y=y + 4, class_="tick end"))
    return Markup("".join(parts))


def _column(level: Level, x: float, values: Axis, series: int) -> Markup:
    words = [
        element("tspan", word, x=x, dy=LINE, class_="chosen" if level.centre else None)
        for word in level.label.split(" ")
    ]
    parts = [element("text", words, x=x, y=HEIGHT - BOTTOM + 5, class_="tick middle")]
    middle = (len(level.values) - 1) / 2
    parts += [
        element(
            "circle",
            cx=round(x + DODGE * (index - middle), 1),
            cy=values.at(value),
            r=3.5,
            class_="seed",
        )
        for index, value in enumerate(level.values)
    ]
    return element("g", element("title", _words(level)), parts, class_=colour(series))


def _words(level: Level) -> str:
    numbers = ", ".join(f"{value:.4g}" for value in level.values) or "not measured"
    return f"{level.label}: {numbers}"
