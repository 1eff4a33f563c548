"""Metric against training step, one line a seed, one colour a system."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from arae.reporting.charts.figure import Axis, Panel, axis, colour, short, titled
from arae.reporting.curves import Curve
from arae.reporting.markup import Markup, element

NARROW, MEDIUM, WIDE = (264, 168), (450, 290), (860, 320)
LEFT, RIGHT, TOP, BOTTOM = 44, 10, 26, 38
LEGEND_ROOM, LETTER = 70, 7.5
LABEL_GAP = 14


def curve_panel(
    title: str,
    series: Mapping[tuple[int, str], Mapping[str, Curve]],
    wide: bool = False,
    size: tuple[int, int] | None = None,
    dashed: Collection[str] = (),
    log: bool | None = None,
    log_steps: bool = False,
    across: str = "training step",
) -> Panel:
    """Curves by (colour number, label) and seed ("" for none); a wide panel names the labels at the lines' ends.

    `size` replaces the usual width and height; labels in `dashed` have broken lines; `log` chooses
    the axis of values, which otherwise depends on their range; `log_steps` that of (positive) steps, which
    `across` names.
    """
    width, height = size or (WIDE if wide else NARROW)
    points = [point for seeds in series.values() for curve in seeds.values() for point in curve]
    longest = max((len(label) for _, label in series), default=0)
    right = RIGHT + (max(LEGEND_ROOM, int(LETTER * longest)) if wide else 0)
    places = [step for step, _ in points]
    if log_steps:
        steps = axis(places or [1.0], LEFT, width - right, log=True)
    else:
        steps = Axis(low=0.0, high=max([1.0, *places]), start=LEFT, end=width - right, log=False)
    values = axis([value for _, value in points] or [1.0], height - BOTTOM, TOP, log)
    lines = [
        _line(index, label, seed, curve, steps, values, label in dashed)
        for (index, label), seeds in series.items()
        for seed, curve in seeds.items()
    ]
    return Panel(
        title=title,
        description="; ".join(
            f"{_named(label, seed)}: from {curve[0][1]:.4g} to {curve[-1][1]:.4g}"
            for (_, label), seeds in series.items()
            for seed, curve in seeds.items()
        ),
        width=width,
        height=height,
        content=Markup(
            titled(title, values)
            + _grid(steps, values, wide)
            + element(
                "text",
                f"{across}, log scale" if log_steps else across,
                x=steps.end,
                y=height - 5,
                class_="tick end",
            )
            + "".join(lines)
            + (_legend(series, steps, values) if wide else "")
            + ("" if lines else _nothing(width, height))
        ),
    )


def unseen(series: Mapping[tuple[int, str], Mapping[str, Curve]]) -> str:
    """A sentence for a caption on the systems that have no curve; "" if all have one."""
    absent = [label for (_, label), seeds in series.items() if not seeds]
    if not absent:
        return ""
    return f" No curve of {', '.join(absent)}: it was not recorded, as their epoch is chosen otherwise."


def _grid(steps: Axis, values: Axis, wide: bool) -> Markup:
    parts = []
    for tick in values.ticks(6 if wide else 4):
        y = values.at(tick)
        parts.append(element("line", x1=steps.start, x2=steps.end, y1=y, y2=y, class_="grid"))
        parts.append(element("text", short(tick), x=steps.start - 6, y=y + 4, class_="tick end"))
    for tick in steps.ticks(6 if wide else 3):
        label = short(tick)
        parts.append(
            element("text", label, x=steps.at(tick), y=values.start + 17, class_="tick middle")
        )
    return Markup("".join(parts))


def _nothing(width: int, height: int) -> Markup:
    return element("text", "no such curve recorded", x=width / 2, y=height / 2, class_="middle")


def _named(label: str, seed: str) -> str:
    return f"{label}, seed {seed}" if seed else label


def _line(
    index: int, label: str, seed: str, curve: Curve, steps: Axis, values: Axis, dashed: bool
) -> Markup:
    places = [f"{steps.at(step)} {values.at(value)}" for step, value in curve]
    name = element("title", _named(label, seed))
    if len(places) == 1:
        x, _, y = places[0].partition(" ")
        return element("circle", name, cx=x, cy=y, r=2.5, class_=f"seed {colour(index)}")
    style = "curve dashed" if dashed else "curve"
    return element("path", name, d="M" + "L".join(places), class_=f"{style} {colour(index)}")


def _legend(
    series: Mapping[tuple[int, str], Mapping[str, Curve]], steps: Axis, values: Axis
) -> Markup:
    ends = sorted(
        (sum(values.at(curve[-1][1]) for curve in seeds.values()) / len(seeds), index, label)
        for (index, label), seeds in series.items()
        if seeds
    )
    parts, free = [], values.end
    for y, index, label in ends:
        y = max(y, free)
        free = y + LABEL_GAP
        place = {"x": steps.end + 8, "y": round(y + 4, 1)}
        parts.append(element("text", label, **place, class_=f"legend {colour(index)}"))
    return Markup("".join(parts))
