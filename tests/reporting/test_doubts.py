"""Notes on what is in doubt stand beside the numbers that they concern."""

from __future__ import annotations

import json
from pathlib import Path

from arae.cli import main
from arae.foundation.doubts import Doubt
from arae.foundation.stage import stage_run
from arae.reporting import table_html, tables

OUT = Path("results/studies/toy-study")
DOUBTS = (
    Doubt(message="half of test is also in train", metrics=("reverse_ppl*",)),
    Doubt(message="half of train was dropped"),
)


def remade(project, recipe, *doubts):
    """The project's table after a stage far up the chain found something."""
    raw = Path("data/raw/toy/train.txt")
    with stage_run(
        "fetch",
        sidecar="data/raw/toy/provenance.json",
        inputs=[],
        outputs=[raw],
        settings={"seed": 1},
    ) as stage:
        stage.doubt(*doubts)
    assert main(project.tabulate_command()) == 0
    return json.loads((OUT / "table.json").read_text())


def test_doubts_of_the_text_stand_in_the_table_and_beside_its_columns(project):
    table = remade(project, "", *DOUBTS)
    text = (OUT / "table.md").read_text()
    assert "## In doubt\n\n- [1] half of test is also in train.\n" in text
    assert "- [2] half of train was dropped." in text
    heads = [line for line in text.splitlines() if line.startswith("| System")]
    assert all("System\u00a0[2]" in line for line in heads)
    assert "Reverse PPL\u00a0[1]" in heads[0] and "Forward PPL\u00a0[1]" not in text
    page = str(table_html.render(table))
    assert "\u00a0[1]</th>" in page and "System\u00a0[2]" in page


def test_doubts_of_one_system_stand_beside_its_row(project):
    doubt = Doubt(message="writes at most 9 words", text="ae-toy")
    table = remade(project, "ae-toy", doubt, Doubt(message="of another study", text="lm-other"))
    text = tables.markdown(table)
    assert "| AE\u00a0[1] " in text and "AE: writes at most 9 words" in text
    assert "another study" not in text and "System\u00a0[" not in text


def test_a_table_without_doubts_says_nothing(project):
    assert main(project.tabulate_command()) == 0
    text = (OUT / "table.md").read_text()
    assert "doubt" not in text and "[1]" not in text
