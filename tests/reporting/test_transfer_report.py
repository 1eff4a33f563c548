"""The table and figures of a transfer study, from scores by hand."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree

import pytest

from arae.foundation.errors import SettingsError
from arae.foundation.settings import parse_settings
from arae.reporting.charts.figure import standalone
from arae.reporting.charts.scatter_chart import Cloud, scatter_panel
from arae.reporting.kinds.registry import KINDS, kind_of
from arae.reporting.scores import Score
from arae.reporting.study import StudySettings
from arae.reporting.study_table import build
from arae.reporting.tables import markdown
from prepared import STUDIES

LABELS = {"Cross-AE": "cross", "AE": "ae", "ARAE λa": "arae-a", "ARAE λb": "arae-b"}
TRANSFER = {"real": 0.03, "cross": 0.7, "ae": 0.6, "arae-a": 0.75, "arae-b": 0.85}
BLEU = {"real": 100.0, "cross": 18.0, "ae": 37.0, "arae-a": 31.0, "arae-b": 20.0}


def _score(text: str, seed: int) -> Score:
    metrics = {"transfer": TRANSFER[text] + 0.001 * seed, "bleu": BLEU[text] + 0.1 * seed}
    both = [("negative", "positive"), ("positive", "negative")]
    directions = [
        {"source": a, "target": b, "transfers": 50, "metrics": {**metrics}} for a, b in both
    ]
    return Score(
        text=text,
        seed=seed,
        metrics=metrics,
        definitions={name: f"what {name} is" for name in metrics},
        sentence_intervals={},
        examples=["negative: bad → positive: good"],
        details={"directions": directions},
    )


@pytest.fixture
def table():
    values = {
        "kind": "transfer",
        "corpus": "toy",
        "evaluation": {"samples": 100},
        "systems": LABELS,
        "seeds": [1, 2, 3],
        "published": {"source": "Table 3", "rows": {"AE": {"transfer": 0.593, "bleu": 37.28}}},
        "claims": STUDIES["transfer-reviews"]["claims"],
    }
    settings = parse_settings(StudySettings, values)
    scores = [_score(text, seed) for text in TRANSFER for seed in settings.seeds]
    return build(kind_of("transfer", "kind"), "toy", settings, scores, {})


def test_rows_are_in_the_paper_s_order_and_claims_are_judged(table) -> None:
    assert [row["label"] for row in table["rows"]] == ["Real data", *LABELS]
    verdicts = {claim["statement"]: claim["verdict"] for claim in table["claims"]}
    assert verdicts == {
        "Transfer: AE < ARAE λa < ARAE λb": "reproduced",
        "BLEU: ARAE λb < ARAE λa < AE": "reproduced",
        "Transfer: Cross-AE < ARAE λb": "reproduced",
        "BLEU: Cross-AE < ARAE λb": "reproduced",
        "forward_ppl, factor from real text's: ARAE λb < Cross-AE": "untested",
        "reverse_ppl: ARAE λb < Cross-AE": "untested",
    }


def test_published_shares_are_shown_in_percent(table) -> None:
    text = markdown(table)
    assert "59.3 %" in text and "37.28" in text


def test_figures_are_those_that_the_workflow_expects(table) -> None:
    figures = kind_of("transfer", "kind").figures(table)
    assert tuple(figure.name for figure in figures) == KINDS["transfer"].figure_names
    titles = [panel.title for panel in figures[1].panels]
    assert titles == ["negative → positive", "positive → negative"]
    for figure in figures:
        drawing = ElementTree.fromstring(standalone(figure).split("\n", 1)[1])
        circles = [e for e in drawing.iter() if e.tag.endswith("circle")]
        assert len(circles) == 3 * len(LABELS) * len(figure.panels)
    assert "real" not in figures[0].panels[0].description.lower()


def test_topics_have_a_column_for_each_direction_and_blocks_of_sentences() -> None:
    pairs = [("art", "law"), ("law", "art")]

    def score(text: str, seed: int) -> Score:
        found = {"real": 0.0, "ae": 0.6, "arae": 0.8}[text]
        metrics = {"transfer": found + 0.001 * seed, "bleu": 30.0 - 10 * found}
        metrics |= {f"transfer:{a} → {b}": found + 0.001 * seed for a, b in pairs}
        directions = [
            {"source": a, "target": b, "transfers": 5, "metrics": metrics} for a, b in pairs
        ]
        blocks = [{"source": "art", "sentence": "who sang", "outputs": {"law": "who <sued>"}}]
        return Score(
            text=text,
            seed=seed,
            metrics=metrics,
            definitions={},
            sentence_intervals={},
            examples=[],
            details={"directions": directions, "blocks": blocks},
        )

    values = {"kind": "topics", "corpus": "toy", "systems": {"AE": "ae", "ARAE": "arae"}}
    claims = STUDIES["topics-topics"]["claims"]
    settings = parse_settings(StudySettings, {**values, "seeds": [1, 2], "claims": claims})
    scores = [score(text, seed) for text in ("real", "ae", "arae") for seed in (1, 2)]
    kind = kind_of("topics", "kind")
    table = build(kind, "toy", settings, scores, {})
    groups = {column["group"]: [] for column in table["columns"]}
    for column in table["columns"]:
        groups[column["group"]].append(column["label"])
    assert groups["Transfer, by direction"] == ["art → law", "law → art"]
    assert [claim["verdict"] for claim in table["claims"]] == ["reproduced"] * 3
    figures = kind.figures(table)
    assert tuple(figure.name for figure in figures) == KINDS["topics"].figure_names
    drawing = standalone(figures[-1])
    assert "→ law: who &lt;sued&gt;" in drawing and "art: who sang" in drawing


def test_a_published_percentage_that_is_no_share_is_refused() -> None:
    settings = StudySettings(
        kind="transfer",
        corpus="toy",
        systems=LABELS,
        seeds=(1,),
        published={"source": "Table 3", "rows": {"AE": {"transfer": 59.3}}},
    )
    scores = [_score(text, 1) for text in TRANSFER]
    with pytest.raises(SettingsError, match=r"rows\.AE\.transfer: 59\.3 is no share of 1.*0\.593"):
        build(kind_of("transfer", "kind"), "toy", settings, scores, {})


def test_a_scatter_of_nothing_says_so() -> None:
    empty = Cloud(series=1, label="none", points=[])
    assert scatter_panel("t", "x", "y", [empty]).description == "nothing measured"
