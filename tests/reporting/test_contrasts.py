"""Verdicts on any two quantities, and panels of sentences."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree

import pytest

from arae.reporting.charts.figure import Figure, standalone
from arae.reporting.charts.text_panel import Block, text_panel
from arae.reporting.contrasts import Side, contrast

LOW, HIGH = Side(label="low", values=[1, 2, 3]), Side(label="high", values=[11, 12, 13])
WIDE = Side(label="wide", values=[1, 10, 30])
HALF = Side(label="half", values=[5], exact=True)
ONE = Side(label="one seed", values=[20])
EMPTY = Side(label="empty", values=[])


@pytest.mark.parametrize(
    ("pairs", "verdict"),
    [
        ([(LOW, HIGH)], "reproduced"),
        ([(HIGH, LOW)], "not"),
        ([(LOW, WIDE)], "partly"),
        ([(HALF, HIGH)], "reproduced"),
        ([(LOW, ONE)], "partly"),
        ([(HALF, LOW)], "not"),
        ([(LOW, HIGH), (HIGH, LOW)], "partly"),
        ([(LOW, HIGH), (LOW, EMPTY)], "partly"),
        ([(None, HIGH)], "untested"),
        ([], "untested"),
    ],
)
def test_verdicts(pairs, verdict):
    judged = contrast("name", "statement", pairs)
    assert judged["verdict"] == verdict
    assert judged["name"] == "name"
    assert len(judged["pairs"]) == sum(None not in pair and EMPTY not in pair for pair in pairs)


def test_a_text_panel_shows_every_line_within_its_width():
    long = "word " * 60
    blocks = [
        Block(heading="one", lines=["a < b", "two"], series=1),
        Block(heading="three", lines=[long], series=2),
    ]
    panel = text_panel("Title", blocks)
    drawing = standalone(Figure(name="f", title="F", caption="c", panels=[panel]))
    root = ElementTree.fromstring(drawing)
    shown = [node.text for node in root.iter() if node.tag.endswith("text")]
    assert shown == ["F", "Title", "one", "a < b", "two", "three", long]
    assert panel.width > 5 * len(long)
    assert panel.height >= 7 * 17
    assert "a < b" in panel.description
