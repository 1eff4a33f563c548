"""Markup, controls and changes of direction in every text that people can put into a report."""

from __future__ import annotations

import json
import re
from html import unescape
from importlib.resources import files
from pathlib import Path
from xml.etree import ElementTree

import pytest

from arae.cli import main
from browser import BROWSER, BROWSERS, browse, console, requests, visit_in_silence
from tests.reporting.conftest import study_settings

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(BROWSER is None, reason=f"no browser found: {', '.join(BROWSERS)}"),
]

SCRIPT = "<script>document.title='owned'</script>"
IMAGE = "<img src=http://127.0.0.1:9/x.png onerror=document.title='owned'>"
LINK = "](javascript:alert(1))"
TURN = "\u202enekot\u2066"
BELL = "\x07\x1b[2J"
HOSTILE = f"\"'>{SCRIPT} {IMAGE} </style></svg> {LINK} {TURN} {BELL} | a\nb"
SHOWN = ("⟨U+202E⟩nekot⟨U+2066⟩", "⟨U+0007⟩⟨U+001B⟩[2J")
# The page has one script of its own, which its policy names by hash.
OWN = (files("arae.reporting") / "page.js").read_text(encoding="utf-8")
STUDY = Path("results/studies/toy-study")


@pytest.fixture
def page(make_project):
    """A report of hostile labels, sources, marks, settings and samples."""
    systems = {f"{name} {HOSTILE}": recipe for name, recipe in SYSTEMS.items()}
    project = make_project(systems=systems, examples=[HOSTILE])
    published = study_settings()["published"]
    marks = {f"LM {HOSTILE}": {"reverse_ppl": HOSTILE}}
    rows = {f"LM {HOSTILE}": {"reverse_ppl": 1.0}}
    hostile = {**published, "source": HOSTILE, "rows": rows, "marks": marks}
    assert main(project.tabulate_command(published=hostile)) == 0
    assert main(list(project.report_command)) == 0
    return Path("results/report.html").resolve()


SYSTEMS = {"LM": "lm-toy", "AE": "ae-toy"}


def test_the_report_shows_them_and_nothing_runs(page, tmp_path):
    shown_page, own = visit_in_silence(page, tmp_path), f"<script>{OWN}</script>"
    assert shown_page.count(own) == 1
    shown_page = shown_page.replace(own, "")
    assert "<script" not in shown_page and "<img" not in shown_page
    shown = unescape(re.sub(r"<[^>]*>", "", shown_page))
    for label in ("LM", "AE"):
        assert f"{label} \"'>{SCRIPT} {IMAGE}" in shown
    assert all(text in shown for text in SHOWN)
    assert not set(TURN + BELL) - set("nekot[2J") & set(page.read_text(encoding="utf-8"))


def test_each_figure_alone_is_a_picture_and_nothing_runs(page, tmp_path):
    figures = sorted(STUDY.glob("*.svg"))
    assert figures
    for number, figure in enumerate(figures):
        tags = {element.tag.rpartition("}")[2] for element in ElementTree.parse(figure).iter()}
        assert not tags & {"script", "img", "image", "foreignObject", "a"}
        flags = ("--dump-dom", "--enable-logging=stderr")
        done = browse(figure.resolve(), tmp_path / f"profile{number}", *flags)
        assert console(done) == []
        assert "<script" not in done.stdout


def test_the_table_in_markdown_has_no_tag_and_keeps_its_rows(page):
    text = (STUDY / "table.md").read_text(encoding="utf-8")
    assert SCRIPT in text.replace("\\<", "<")
    assert not re.search(r"(?<!\\)<[A-Za-z/!?]", text)
    assert not set(TURN + BELL) - set("nekot[2J") & set(text)
    rows = [line for line in text.splitlines() if re.match(r"\| (LM|AE) ", line)]
    assert rows and all(SHOWN[0] in row for row in rows)
    for row in rows:
        assert row.endswith("|") and " a b " in row


def test_a_page_that_shows_them_as_they_are_is_caught(page, tmp_path):
    """The checks above can fail."""
    bad = page.with_name("bad.html")
    bad.write_text(f"<title>x</title><p>{HOSTILE}</p>", encoding="utf-8")
    log = tmp_path / "net.json"
    done = browse(bad, tmp_path / "profile", "--dump-dom", f"--log-net-log={log}")
    assert "<title>owned</title>" in done.stdout
    assert "http://127.0.0.1:9/x.png" in requests(log)
    assert json.loads(log.read_text())["events"]
