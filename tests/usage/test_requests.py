"""Tables of questions: rows answered in order, each as its verb would; faults name the row."""

from __future__ import annotations

import pytest

from arae.foundation.errors import DataError, SettingsError
from arae.usage import tasks
from arae.usage.requests import TASKS, Answer, Desk


def test_rows_of_mixed_tasks_are_answered_in_order(model_of) -> None:
    model = model_of("arae-code2018")
    rows = [
        {"task": "reconstruct", "text": "w1 w2"},
        {"task": "generate", "text": None},
        {"task": "interpolate", "text": "w1 zebra", "other": "W3"},
        {"task": "reconstruct", "text": "w5 w6", "other": float("nan")},
        {"task": "score", "text": "w7"},
        {"task": "generate"},
    ]
    answers = Desk(model).answer(rows, {"count": 2, "seed": 3, "steps": 4})
    first, third = tasks.reconstruct(model, [["w1", "w2"], ["w5", "w6"]])
    drawn = [" ".join(tokens) for tokens in tasks.generate(model, 4, 3)]
    way = tasks.interpolate(model, [["w1", "zebra"]], [["w3"]], 4)[0]
    (likelihood,) = tasks.score(model, [["w7"]])
    assert answers == [
        Answer([" ".join(first)]),
        Answer(drawn[:2]),
        Answer([" ".join(tokens) for tokens in way], unknown=["zebra"]),
        Answer([" ".join(third)]),
        Answer(["w7"], likelihood.log_value, "log p(x | z(x))"),
        Answer(drawn[2:]),
    ]


def test_rows_of_several_targets(model_of) -> None:
    model = model_of("arae-transfer")
    texts, targets = ["w1 w2", "w3", "w4 w5"], ["warm", "cold", "warm"]
    rows = [
        {"task": "transfer", "text": text, "target": target}
        for text, target in zip(texts, targets, strict=True)
    ]
    assert [answer.texts[0] for answer in Desk(model).answer(rows, {})] == [
        " ".join(tasks.transfer(model, [text.split()], target)[0])
        for text, target in zip(texts, targets, strict=True)
    ]


@pytest.mark.parametrize("task", TASKS)
def test_no_rows_of_a_task_and_no_sentences_are_no_fault(model_of, task) -> None:
    assert Desk(model_of("arae-code2018")).answer([], {}) == []
    assert Desk(model_of("lm")).answer([{"task": "generate"}], {"count": 0}) == [Answer([])]


@pytest.mark.parametrize(
    ("row", "options", "message"),
    [
        ({"task": "tranfer"}, {}, "row 2: no task 'tranfer'; did you mean 'transfer'"),
        ({}, {}, "row 2: no task ''"),
        ({"task": "reconstruct"}, {}, "row 2, column text: empty"),
        ({"task": "score", "text": "w1 " * 7}, {}, "row 2, column text: 7 words"),
        ({"task": "interpolate", "text": "w1"}, {}, "row 2, column other: empty"),
        ({"task": "transfer", "text": "w1"}, {}, "row 2, column target: name the label"),
        ({"task": "transfer", "text": "w1", "target": "warm"}, {}, "train arae_transfer"),
        ({"task": "generate"}, {"count": -1}, "params.count: -1 is below"),
        ({"task": "generate"}, {"steps": 1}, "params.steps: 1 is below"),
        ({"task": "generate"}, {"sed": 1}, "params.sed: unknown key; did you mean 'seed'"),
    ],
)
def test_a_fault_names_its_row(model_of, row, options, message) -> None:
    with pytest.raises((SettingsError, DataError)) as caught:
        Desk(model_of("arae-code2018")).answer([{"task": "score", "text": "w1"}, row], options)
    assert message in str(caught.value) and "\n" not in str(caught.value)
