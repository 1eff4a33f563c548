"""What every chart shares: figures, axes, number labels, colours by series."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any

from arae.reporting.markup import Markup, element

# Below this ratio of greatest to least value a linear axis reads better.
LOG_RATIO = 6.0
SERIES_COLOURS = 8


@dataclass(frozen=True, kw_only=True)
class Panel:
    """One drawing with its size in user units; `content` are SVG elements."""

    title: str
    description: str
    width: int
    height: int
    content: Markup

    def inline(self, identity: str) -> Markup:
        """As an <svg> element for a page that brings the style."""
        return element(
            "svg",
            element("title", self.title, id=f"{identity}-title"),
            element("desc", self.description, id=f"{identity}-desc"),
            self.content,
            class_="chart",
            viewBox=f"0 0 {self.width} {self.height}",
            role="img",
            aria_labelledby=f"{identity}-title {identity}-desc",
        )


@dataclass(frozen=True, kw_only=True)
class Figure:
    """Panels under one title and caption."""

    name: str
    title: str
    caption: str
    panels: list[Panel]

    @classmethod
    def of_json(cls, value: Mapping[str, Any]) -> Figure:
        """As `asdict` wrote it; what panels hold is markup of ours already."""
        panels = [Panel(**{**one, "content": Markup(one["content"])}) for one in value["panels"]]
        return cls(**{**value, "panels": panels})


@dataclass(frozen=True, kw_only=True)
class Axis:
    """Maps values to positions, linearly or by logarithm."""

    low: float
    high: float
    start: float
    end: float
    log: bool

    def at(self, value: float) -> float:
        """Position of a value, rounded to a tenth of a unit."""
        low, high, inner = (
            (math.log(self.low), math.log(self.high), math.log(value))
            if self.log
            else (self.low, self.high, value)
        )
        share = (inner - low) / (high - low) if high > low else 0.5
        return round(self.start + share * (self.end - self.start), 1)

    def ticks(self, count: int = 5) -> list[float]:
        """Round values inside the axis, about `count` of them."""
        return _log_ticks(self.low, self.high, count) if self.log else self._linear_ticks(count)

    def _linear_ticks(self, count: int) -> list[float]:
        step = _round_step((self.high - self.low) / count)
        first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
        return [index * step for index in range(first, last + 1)]


def axis(values: list[float], start: float, end: float, log: bool | None = None) -> Axis:
    """An axis with a little room around `values`; logarithmic if they span a wide positive range."""
    low, high = min(values), max(values)
    if log is None:
        log = low > 0 and high / low > LOG_RATIO
    if log:
        room = (high / low) ** 0.06 if high > low else 1.5
        return Axis(low=low / room, high=high * room, start=start, end=end, log=True)
    room = 0.06 * (high - low) or 0.5 * abs(high) or 1.0
    return Axis(low=low - room, high=high + room, start=start, end=end, log=False)


def titled(title: str, scale: Axis) -> Markup:
    """A panel's title, which names its values, and whether their axis is logarithmic."""
    return element(
        "text", f"{title}, log scale" if scale.log else title, x=0, y=12, class_="panel-title"
    )


def short(value: float) -> str:
    """A tick's label: 0.002, 1.5, 40, 1.2k, 3M."""
    for size, suffix in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:.4g}{suffix}"
    return f"{value:.4g}" if abs(value) >= 1e-4 or value == 0 else f"{value:.0e}"


def colour(series: int) -> str:
    """Class that sets `color` for the series."""
    return f"series-{series % SERIES_COLOURS}"


def style() -> str:
    """The charts' style sheet, for the page or for a figure on its own."""
    return (
        resources.files("arae.reporting.charts").joinpath("chart.css").read_text(encoding="utf-8")
    )


def standalone(figure: Figure) -> str:
    """A figure as an SVG file of its own, panels side by side."""
    gap = 24
    width = sum(panel.width for panel in figure.panels) + gap * (len(figure.panels) + 1)
    height = max(panel.height for panel in figure.panels) + 2 * gap + 30
    left, parts = gap, []
    for panel in figure.panels:
        parts.append(element("g", panel.content, transform=f"translate({left} {gap + 30})"))
        left += panel.width + gap
    drawing = element(
        "svg",
        element("title", figure.title),
        element("desc", figure.caption),
        element("style", Markup(style())),
        element("rect", width=width, height=height, class_="paper"),
        element("text", figure.title, x=gap, y=gap + 12, class_="figure-title"),
        parts,
        xmlns="http://www.w3.org/2000/svg",
        class_="chart",
        viewBox=f"0 0 {width} {height}",
        width=width,
        height=height,
    )
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{drawing}\n'


def _round_step(rough: float) -> float:
    power = 10.0 ** math.floor(math.log10(rough))
    return next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= rough * 0.999)


def _log_ticks(low: float, high: float, count: int) -> list[float]:
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for factors in ((1, 1.5, 2, 3, 4, 5, 7), (1, 2, 3, 5), (1, 2, 5), (1, 3), (1,)):
        ticks = [f * 10.0**p for p in powers for f in factors if low <= f * 10.0**p <= high]
        if len(ticks) <= count:
            return ticks
    every = math.ceil(len(ticks) / count)
    return ticks[::every]
