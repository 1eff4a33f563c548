"""Table 5 here: rows by number of labels, claims in the paper's order, one panel a number."""

from __future__ import annotations

from arae.foundation.settings import parse_settings
from arae.reporting.kinds.registry import kind_of
from arae.reporting.kinds.semi_supervised import SIZES, SYSTEMS
from arae.reporting.scores import Score
from arae.reporting.study import StudySettings
from arae.reporting.study_table import build
from arae.reporting.tables import markdown
from prepared import STUDIES

CLAIMS = STUDIES["semi-supervised-scene-pairs"]["claims"]
LEVELS = {"Supervised": 55.0, "AE": 60.0, "ARAE": 65.0}


def table_of(levels, systems=SYSTEMS):
    labels = [f"{system}, {size}" for system in systems for size in SIZES]
    recipes = {label: label.lower().replace(", ", "-") for label in labels}
    claims = CLAIMS if systems == SYSTEMS else []
    values = {
        "kind": "semi_supervised",
        "corpus": "toy",
        "systems": recipes,
        "seeds": [1, 2, 3],
        "published": {"source": "Table 5", "rows": {"AE, tiny": {"accuracy": 59.9}}},
        "claims": claims,
    }
    settings = parse_settings(StudySettings, values)
    scores = [
        Score(
            text=recipe,
            seed=seed,
            metrics={
                "accuracy": levels[label.split(",")[0]]
                - 2 * SIZES.index(label.split()[-1])
                + seed / 10,
                "labelled_pairs": 100.0,
            },
            definitions={"accuracy": "share of right labels"},
            sentence_intervals={},
            examples=[],
            details={},
        )
        for label, recipe in recipes.items()
        for seed in (1, 2, 3)
    ]
    return build(kind_of("semi_supervised", "kind"), "toy", settings, scores, {})


def test_the_papers_order_is_judged_for_every_number_of_labels():
    claims = table_of(LEVELS)["claims"]
    assert [claim["verdict"] for claim in claims] == ["reproduced"] * 9
    assert [len(claim["pairs"]) for claim in claims] == [2, 1] * 3 + [3] * 3
    turned = table_of({**LEVELS, "ARAE": 58.0})["claims"]
    assert [claim["verdict"] for claim in turned] == ["reproduced", "not"] * 3 + ["reproduced"] * 3


def test_rows_columns_and_published_values():
    table = table_of(LEVELS)
    assert [row["label"] for row in table["rows"]][:4] == [
        "Supervised, medium",
        "AE, medium",
        "ARAE, medium",
        "Supervised, small",
    ]
    text = markdown(table)
    assert "Accuracy, %" in text and "59.9" in text and "Labelled pairs" in text


def test_the_figure_has_a_panel_for_each_number_of_labels():
    kind = kind_of("semi_supervised", "kind")
    (figure,) = kind.figures(table_of(LEVELS))
    assert [panel.title for panel in figure.panels] == [f"Accuracy, %, {size}" for size in SIZES]
    assert "published 59.9" in figure.panels[2].description
    (few,) = kind.figures(table_of(LEVELS, systems=("Supervised",)))
    assert all(panel.description.startswith("Supervised") for panel in few.panels)
