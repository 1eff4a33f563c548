"""The verb `tabulate` on a study made by real stage runs."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from arae.cli import main
from arae.foundation.provenance import verify_chain

OUT = Path("results/studies/toy-study")


def table():
    return json.loads((OUT / "table.json").read_text())


def test_table_holds_every_system_in_the_papers_order(project):
    assert main(project.tabulate_command()) == 0
    found = table()
    assert [row["label"] for row in found["rows"]] == ["Real data", "LM", "AE", "AAE", "ARAE"]
    arae = found["rows"][-1]
    scores = [
        json.loads(Path(f"results/scores/toy-study/arae-toy/seed-{s}.json").read_text())
        for s in (1, 2, 3)
    ]
    values = [score["metrics"]["reverse_ppl"] for score in scores]
    assert arae["cells"]["reverse_ppl"]["values"] == values
    assert arae["cells"]["reverse_ppl"]["mean"] == pytest.approx(sum(values) / 3)
    assert arae["published"]["reverse_ppl"] == 82.2
    assert "oracle_ppl" not in found["rows"][3]["cells"]  # the AAE has none


def test_csv_has_a_row_for_each_system_and_metric(project):
    main(project.tabulate_command())
    rows = list(csv.DictReader((OUT / "table.csv").open()))
    assert len(rows) == 5 * 5
    row = next(r for r in rows if (r["system"], r["metric"]) == ("LM", "forward_ppl"))
    assert row["published"] == "18.8" and row["n"] == "3" and row["seeds"] == "1 2 3"
    values = [float(value) for value in row["values"].split()]
    assert float(row["mean"]) == pytest.approx(sum(values) / 3)
    missing = next(r for r in rows if (r["system"], r["metric"]) == ("AAE", "oracle_ppl"))
    assert (missing["mean"], missing["n"]) == ("", "0")


def test_markdown_shows_published_beside_obtained(project):
    main(project.tabulate_command())
    text = (OUT / "table.md").read_text()
    line = next(line for line in text.splitlines() if line.startswith("| ARAE"))
    assert "±" in line and "82.2" in line and "44.3" in line
    assert "ARAE, Table 1 (SNLI)" in text and "compare the order" in text
    line = next(line for line in text.splitlines() if line.startswith("| AAE"))
    assert " 980† " in line and "† in the text only." in text
    assert text.startswith("# Table 1, section 6.1: ") and "## What differs from the paper" in text
    assert "- Reverse PPL: real test text under a model of the samples." in text
    assert "**reproduced**: The AAE's samples cover real text worst" in text


def test_curves_are_thinned_and_long(project):
    main(project.tabulate_command())
    rows = list(csv.DictReader((OUT / "curves.csv").open()))
    mine = [
        r
        for r in rows
        if (r["recipe"], r["seed"], r["metric"]) == ("ae-toy", "2", "reconstruction")
    ]
    assert len(mine) == 160
    assert (mine[0]["step"], mine[-1]["step"]) == ("0", "3000")


def test_figures_are_well_formed_and_complete(project):
    main(project.tabulate_command())
    for name in ("perplexity.svg", "selection.svg"):
        tree = ElementTree.parse(OUT / name)
        text = "".join(tree.getroot().itertext())
        assert tree.getroot().tag == "{http://www.w3.org/2000/svg}svg"
        assert "ARAE" in text and "LM" in text
    circles = ElementTree.parse(OUT / "perplexity.svg").iter("{http://www.w3.org/2000/svg}circle")
    assert len(list(circles)) == 2 * 5 * 3  # two panels, five systems, three seeds


def test_outputs_are_the_same_bytes_again_and_have_provenance(project):
    main(project.tabulate_command())
    files = sorted(path for path in OUT.iterdir() if path.name != "provenance.json")
    first = {path: path.read_bytes() for path in files}
    main(project.tabulate_command())
    assert {path: path.read_bytes() for path in files} == first
    assert not verify_chain(files).faults


def test_one_seed_gets_intervals_over_sentences(make_project):
    project = make_project(seeds=(1,))
    assert main(project.tabulate_command()) == 0
    assert "bootstrap interval over sentences" in (OUT / "table.md").read_text()
    assert all(claim["verdict"] != "reproduced" for claim in table()["claims"])


def test_claims_about_absent_systems_are_refused(make_project, capsys):
    project = make_project(systems={"LM": "lm-toy"})
    claim = {"says": "so", "metric": "reverse_ppl", "lower": ["LM", "AE"]}
    assert main(project.tabulate_command(claims=[claim])) == 2
    message = "studies.toy-study.claims[0].lower: the study has no row 'AE'"
    assert message in capsys.readouterr().err
    assert main(project.tabulate_command()) == 0
    assert table()["claims"] == [] and "Verdicts" not in (OUT / "table.md").read_text()


def test_a_changed_score_is_refused(project, capsys):
    path = project.scores[4]
    path.write_text(path.read_text().replace('"format": 1', '"format": 1 '))
    assert main(project.tabulate_command()) == 4
    assert str(path) in capsys.readouterr().err
    assert not (OUT / "table.json").exists()


def test_a_changed_input_far_up_the_chain_is_refused(project, capsys):
    Path("data/raw/toy/train.txt").write_text("other text\n")
    assert main(project.tabulate_command()) == 4
    assert "data/raw/toy/train.txt" in capsys.readouterr().err


def test_a_score_without_sidecar_is_refused(project, capsys):
    path = project.scores[0]
    Path(f"{path}.provenance.json").unlink()
    assert main(project.tabulate_command()) == 4
    assert f"{path}: has no provenance sidecar" in capsys.readouterr().err


@pytest.mark.parametrize(
    "changes, code, message",
    [
        ({"kind": "coverge"}, 2, "no kind of study 'coverge'; did you mean 'coverage'?"),
        ({"kind": "zzz"}, 2, "known: "),
        ({"seed": [1]}, 2, "studies.toy-study.seed: unknown key; did you mean 'seeds'"),
        ({"seeds": [1, 1]}, 2, "expected different seeds"),
        ({"systems": {}}, 2, "at least one"),
        ({"published": {"rows": {}, "marks": {"LM": {"x": "?"}}}}, 2, "marks.LM.x: no such"),
        ({"seeds": [1, 2]}, 3, "not of this study: aae-toy/seed-3"),
        ({"seeds": [1, 2, 3, 4]}, 3, "missing: aae-toy/seed-4"),
    ],
)
def test_wrong_settings_and_missing_scores_are_named(project, capsys, changes, code, message):
    assert main(project.tabulate_command(**changes)) == code
    assert message in capsys.readouterr().err


def test_a_score_given_twice_is_named(project, capsys):
    project.scores.append(project.scores[0])
    assert main(project.tabulate_command()) == 3
    assert "given twice: real/seed-1" in capsys.readouterr().err


def test_without_histories_the_figure_says_so(project):
    project.histories = []
    assert main(project.tabulate_command()) == 0
    assert "no such curve recorded" in (OUT / "selection.svg").read_text()
    assert main(list(project.report_command)) == 0
