"""Two metrics against each other: a dot a seed, a diamond for published values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from arae.reporting.charts.figure import Axis, Panel, axis, colour, short
from arae.reporting.markup import Markup, element

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 440, 314, 46, 100, 46, 44
LABEL_GAP = 15

Point = tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class Cloud:
    """One system: (x, y) of every seed, and as published."""

    series: int
    label: str
    points: Sequence[Point]
    published: Point | None = None

    @property
    def mean(self) -> Point:
        """Centre of the points."""
        xs, ys = zip(*self.points, strict=True)
        return sum(xs) / len(xs), sum(ys) / len(ys)


def scatter_panel(title: str, across: str, up: str, clouds: Sequence[Cloud]) -> Panel:
    """Every system as a cloud of seeds; axes are named by `across` and `up`."""
    clouds = [cloud for cloud in clouds if cloud.points]
    places = [p for cloud in clouds for p in (*cloud.points, *_published(cloud))] or [(0.0, 0.0)]
    horizontal = axis([x for x, _ in places], LEFT, WIDTH - RIGHT, log=False)
    vertical = axis([y for _, y in places], HEIGHT - BOTTOM, TOP, log=False)
    drawn = [_cloud(cloud, horizontal, vertical) for cloud in clouds]
    return Panel(
        title=title,
        description="; ".join(_words(cloud) for cloud in clouds) or "nothing measured",
        width=WIDTH,
        height=HEIGHT,
        content=Markup(
            element("text", title, x=0, y=14, class_="panel-title")
            + _grid(horizontal, vertical)
            + element("text", across, x=horizontal.end, y=HEIGHT - 6, class_="tick end")
            + element("text", up, x=LEFT - 40, y=32, class_="tick")
            + "".join(drawn)
            + _legend(clouds, horizontal, vertical)
        ),
    )


def _published(cloud: Cloud) -> list[Point]:
    return [] if cloud.published is None else [cloud.published]


def _grid(horizontal: Axis, vertical: Axis) -> Markup:
    parts = []
    for tick in horizontal.ticks():
        x = horizontal.at(tick)
        ends = {"y1": vertical.end, "y2": vertical.start}
        parts.append(element("line", x1=x, x2=x, **ends, class_="grid"))
        parts.append(element("text", short(tick), x=x, y=vertical.start + 16, class_="tick middle"))
    for tick in vertical.ticks():
        y = vertical.at(tick)
        ends = {"x1": horizontal.start, "x2": horizontal.end}
        parts.append(element("line", y1=y, y2=y, **ends, class_="grid"))
        parts.append(element("text", short(tick), x=LEFT - 6, y=y + 4, class_="tick end"))
    return Markup("".join(parts))


def _cloud(cloud: Cloud, horizontal: Axis, vertical: Axis) -> Markup:
    parts = [
        element("circle", cx=horizontal.at(across), cy=vertical.at(up), r=3, class_="seed")
        for across, up in cloud.points
    ]
    for across, up in _published(cloud):
        left, top = horizontal.at(across), vertical.at(up)
        path = f"M{left} {top - 6}L{left + 6} {top}L{left} {top + 6}L{left - 6} {top}Z"
        note = f"published: {across:g}, {up:g}"
        parts.append(element("path", element("title", note), d=path, class_="published"))
    return element("g", element("title", _words(cloud)), parts, class_=colour(cloud.series))


def _legend(clouds: Sequence[Cloud], horizontal: Axis, vertical: Axis) -> Markup:
    """Names beside the chart, as high as their clouds where there is room."""
    parts, free = [], float(TOP)
    for y, cloud in sorted(((vertical.at(c.mean[1]), c) for c in clouds), key=lambda pair: pair[0]):
        place = max(y, free)
        free = place + LABEL_GAP
        name = {"class_": f"legend {colour(cloud.series)}", "x": horizontal.end + 10}
        parts.append(element("text", cloud.label, y=round(place + 4, 1), **name))
    return Markup("".join(parts))


def _words(cloud: Cloud) -> str:
    return f"{cloud.label}: {cloud.mean[0]:.4g}, {cloud.mean[1]:.4g}"
