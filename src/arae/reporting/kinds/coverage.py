"""Studies of kind `coverage`: how well samples cover the real text, and how fluent they are.

The paper's Table 1: reverse perplexity (a language model trained on samples reads real text)
punishes missing modes, forward perplexity (a language model trained on real text reads samples)
punishes bad sentences.
"""

from __future__ import annotations

from typing import Any

from arae.reporting.charts.curve_chart import curve_panel, unseen
from arae.reporting.charts.figure import Figure
from arae.reporting.charts.interval_chart import interval_panel, mark_of, reading
from arae.reporting.columns import REAL, REAL_TEXT, Column
from arae.reporting.study import OF_SAMPLES, StudyKind

PERPLEXITY, GRAMMAR, DIVERSITY = "Perplexity", "Judged by the true grammar", "Diversity"

COLUMNS = (
    Column(metric="reverse_ppl", label="Reverse PPL", group=PERPLEXITY, better="lower"),
    Column(metric="forward_ppl", label="Forward PPL", group=PERPLEXITY, better=REAL),
    Column(
        metric="reverse_ppl_ngram", label="Reverse PPL, n-gram", group=PERPLEXITY, better="lower"
    ),
    Column(metric="forward_ppl_ngram", label="Forward PPL, n-gram", group=PERPLEXITY, better=REAL),
    Column(metric="grammatical", label="Grammatical", group=GRAMMAR, better="higher", percent=True),
    Column(metric="novel", label="Novel", group=GRAMMAR, percent=True),
    Column(
        metric="good_and_new",
        label="Grammatical, novel and distinct",
        group=GRAMMAR,
        better="higher",
        percent=True,
    ),
    Column(metric="oracle_ppl", label="Oracle PPL", group=GRAMMAR, better=REAL),
    Column(metric="floor_ppl", label="Floor PPL", group=GRAMMAR),
    Column(metric="distinct", label="Distinct", group=DIVERSITY, better="higher", percent=True),
    Column(metric="distinct_1000", label="Distinct of first 1,000", group=DIVERSITY, percent=True),
    Column(metric="top1", label="Most frequent", group=DIVERSITY, better="lower", percent=True),
    Column(metric="types", label="Types used", group=DIVERSITY, decimals=0),
    Column(metric="mean_length", label="Mean length", group=DIVERSITY, decimals=2),
    Column(metric="unknown", label="Unknown", group=DIVERSITY, percent=True),
    Column(metric="empty", label="Empty", group=DIVERSITY, percent=True),
)

SELECTION_METRIC = "valid_reverse_ppl_ngram"


def figures(table: dict[str, Any]) -> list[Figure]:
    """The perplexities as a chart, and the model-selection curves of all systems."""
    shown = [column for column in table["columns"] if column["group"] == PERPLEXITY][:2]
    drawn = [[mark_of(row, column["metric"]) for row in table["rows"]] for column in shown]
    panels = [
        interval_panel(column["label"], marks) for column, marks in zip(shown, drawn, strict=True)
    ]
    selection = {
        (row["series"], row["label"]): {
            seed: metrics[SELECTION_METRIC]
            for seed, metrics in table["curves"].get(row["text"], {}).items()
            if SELECTION_METRIC in metrics
        }
        for row in table["rows"]
        if row["text"] != REAL_TEXT
    }
    meanings = {
        "reverse_ppl": " Reverse perplexity: lower is better.",
        "forward_ppl": " Forward perplexity: nearer to real data's is better; a system below it writes "
        "safer or more repetitive sentences than real ones.",
    }
    read = "".join(meanings.get(column["metric"], "") for column in shown)
    return [
        Figure(
            name="perplexity",
            title="Reverse and forward perplexity",
            caption=reading(mark for marks in drawn for mark in marks) + read,
            panels=panels,
        ),
        Figure(
            name="selection",
            title="Validation reverse perplexity while training",
            caption="Reverse perplexity of the validation text by an n-gram model trained on "
            "samples drawn at that moment. One line a seed." + unseen(selection),
            panels=[curve_panel("Reverse PPL, n-gram", selection, wide=True)],
        ),
    ]


KIND = StudyKind(
    place=1,
    family=OF_SAMPLES,
    title="Coverage and fluency of samples",
    paper_item="Table 1, section 6.1",
    columns=COLUMNS,
    figures=figures,
    figure_names=("perplexity", "selection"),
    differs="The paper judges 100,000 samples of models of SNLI with 300 units; the settings of "
    "this run are below. Selection is on validation text here, on test text in the authors' code. "
    "The evaluation language models share one fixed vocabulary, so that words which a system never "
    "writes count against it.",
)
