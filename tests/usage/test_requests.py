"""Tables of questions: rows answered in order, each as its verb would; faults name the row."""

from __future__ import annotations

import json
from typing import Any

import pytest

from arae.cli import USES, main
from arae.foundation.errors import AraeError, DataError, SettingsError
from arae.usage import tasks
from arae.usage.requests import TASKS, Answer, Desk
from toy import RECIPES

GIVEN = [
    " ".join(f"w{(3 * row + place) % 20}" for place in range(1 + row % 6)) for row in range(24)
]
# Verbs that answer no question of a row: one looks through a file, the other serves the rest.
APART = {"nearest", "publish"}


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


def told_by_verb(capsys, model: str, task: str, label: str | None) -> list[Any] | str:
    """What a verb's JSON lines say (texts, or numbers), or its fault."""
    words = [task, "--model", model, "--json"]
    if label is not None:
        words += ["--to" if task == "transfer" else "--label", label]
    if task == "generate":
        words += ["--count", str(len(GIVEN)), "--seed", "5"]
    else:
        words += GIVEN[:2] if task == "interpolate" else GIVEN
    status = main(words)
    told = capsys.readouterr()
    if status:
        return told.err.splitlines()[-1].removeprefix("arae: error: ")
    records = [json.loads(line) for line in told.out.splitlines()]
    if task == "interpolate":
        return [tuple(record["texts"]) for record in records]
    return [record["value"] if task == "score" else record["text"] for record in records]


def told_by_desk(model: Any, task: str, label: str | None) -> list[Any] | str:
    """The same of a table of questions."""
    target = {} if label is None else {"target": label}
    rows = [{"task": task, "text": text, **target} for text in GIVEN]
    if task == "interpolate":
        rows = [{"task": task, "text": GIVEN[0], "other": GIVEN[1], **target}]
    options: dict[str, Any] = {"seed": 5}
    if task == "generate":
        rows, options = rows[:1], {"seed": 5, "count": len(GIVEN)}
    try:
        answers = Desk(model).answer(rows, options)
    except AraeError as error:
        return str(error)
    if task == "generate":
        return answers[0].texts
    if task == "interpolate":
        return [tuple(answer.texts) for answer in answers]
    return [answer.value if task == "score" else answer.texts[0] for answer in answers]


def test_every_verb_of_rows_is_a_task() -> None:
    assert set(TASKS) == set(USES) - APART


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("name", RECIPES)
def test_a_row_is_answered_as_its_verb_answers(capsys, folder_of, model_of, name, task) -> None:
    model = model_of(name)
    labels = [*model.labels] if task == "transfer" else [None, *model.labels]
    for label in labels or ["warm"]:
        verb = told_by_verb(capsys, str(folder_of(name)), task, label)
        assert told_by_desk(model, task, label) == verb
        assert isinstance(verb, str) or len(set(verb)) > 1 or task == "interpolate"
