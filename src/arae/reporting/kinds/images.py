"""Studies of kind `images`: samples and interpolations of binary images (Figure 2)."""

from __future__ import annotations

from typing import Any

from arae.reporting.charts import png
from arae.reporting.charts.curve_chart import curve_panel, unseen
from arae.reporting.charts.figure import Figure, Panel, colour
from arae.reporting.columns import REAL, REAL_TEXT, Column
from arae.reporting.markup import element, join
from arae.reporting.study import OF_IMAGES, StudyKind

DISTANCE, SAMPLES, PATH = "Distance from test images", "Samples", "Interpolation"
SIDE, TITLE_HEIGHT = 300, 26
SELECTION_METRIC = "valid_kid_pixels"

COLUMNS = (
    Column(metric="fid", label="FID (LeNet)", group=DISTANCE, better="lower"),
    Column(metric="kid", label="KID (LeNet)", group=DISTANCE, better="lower", decimals=4),
    Column(
        metric="reconstruction_error",
        label="Reconstruction error",
        group=DISTANCE,
        better="lower",
        percent=True,
    ),
    Column(metric="confidence", label="Confidence", group=SAMPLES, better=REAL, percent=True),
    Column(metric="classes", label="Digits used", group=SAMPLES, better=REAL, decimals=2),
    Column(metric="distinct", label="Distinct", group=SAMPLES, better="higher", percent=True),
    Column(metric="copies", label="Copies", group=SAMPLES, better="lower", percent=True),
    Column(metric="nearest", label="To the nearest training image", group=SAMPLES, percent=True),
    Column(metric="step", label="Change per step", group=PATH, percent=True),
    Column(metric="onward", label="Steps onward", group=PATH, better="higher", percent=True),
    Column(metric="images_a_row", label="Images a row", group=PATH, decimals=2),
    Column(
        metric="confidence_between",
        label="Confidence between",
        group=PATH,
        percent=True,
    ),
)


def figures(table: dict[str, Any]) -> list[Figure]:
    """Samples of every system, its interpolations, and the model-selection curves."""
    selection = {
        (row["series"], row["label"]): {
            seed: metrics[SELECTION_METRIC]
            for seed, metrics in table["curves"].get(row["text"], {}).items()
            if SELECTION_METRIC in metrics
        }
        for row in table["rows"]
        if row["text"] != REAL_TEXT
    }
    return [
        Figure(
            name="samples",
            title="Samples",
            caption="The first samples of the first seed, in the order in which they were drawn, "
            "each the likeliest image of its code. Real data: test images.",
            panels=_panels(table, "samples"),
        ),
        Figure(
            name="interpolations",
            title="Interpolations",
            caption="Each row goes in equal steps along a straight line between two random points: "
            "of the noise s for ARAE, of the code z for the others (back on the sphere for the AE). "
            "First seed, first rows.",
            panels=_panels(table, "interpolations"),
        ),
        Figure(
            name="selection",
            title="Validation distance while training",
            caption="KID on pixels between samples drawn at that moment and validation images, which "
            "chooses the epoch. One line a seed." + unseen(selection),
            panels=[curve_panel("KID on pixels", selection, wide=True)],
        ),
    ]


def _panels(table: dict[str, Any], name: str) -> list[Panel]:
    first = str(table["seeds"][0])
    return [
        _panel(row, row["details"][first][name])
        for row in table["rows"]
        if name in row["details"].get(first, {})
    ]


def _panel(row: dict[str, Any], picture: dict[str, Any]) -> Panel:
    sheet = png.grid(png.unpack(picture), picture["across"])
    height = round(SIDE * sheet.shape[0] / sheet.shape[1])
    drawing = element(
        "image",
        href=png.data_uri(sheet),
        x=0,
        y=TITLE_HEIGHT,
        width=SIDE,
        height=height,
        class_="pixels",
    )
    title = element("text", row["label"], x=0, y=16, class_=f"legend {colour(row['series'])}")
    return Panel(
        title=row["label"],
        description=f"{picture['count']} images of {row['label']}, {picture['across']} a row",
        width=SIDE,
        height=TITLE_HEIGHT + height,
        content=join([title, drawing]),
    )


KIND = StudyKind(
    place=5,
    family=OF_IMAGES,
    title="Samples and interpolations of binary images",
    paper_item="Figure 2",
    columns=COLUMNS,
    figures=figures,
    figure_names=("samples", "interpolations", "selection"),
    differs="The paper shows pictures of one model of binarised MNIST and gives no number; the "
    "distances here are ours, by a small classifier of the same images. A pixel is one Bernoulli "
    "logit, where the authors' code has a two-way softmax. The epoch is chosen on validation images, "
    "where the authors' code takes the last. AE, VAE and AAE are not in the paper's figure.",
)
