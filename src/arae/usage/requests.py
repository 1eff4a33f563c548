"""Tasks by name for rows of a table: what a served model answers."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from arae.engine.modeldir import LoadedModel
from arae.foundation.errors import SettingsError
from arae.foundation.settings import bounded, parse_settings, suggest
from arae.generation.decode import DecodingSettings
from arae.stages.arguments import MOST_SEED, MOST_STEPS
from arae.usage import tasks
from arae.usage.sentences import SentenceReader, Tokens


@dataclass(frozen=True, kw_only=True)
class Options:
    """What holds for a whole table.

    `count` and `seed`: of `generate`; `temperature` above 0 draws its words, 0 decodes as the system
    does by itself. `steps` and `along`: of `interpolate`.
    """

    count: int = bounded(1, low=0, high=10_000)
    seed: int = bounded(1, low=0, high=MOST_SEED)
    temperature: float = bounded(0.0, low=0.0, high=1000.0)
    steps: int = bounded(7, low=2, high=MOST_STEPS)
    along: Literal["linear", "spherical"] = "linear"


@dataclass(frozen=True)
class Row:
    """One question; texts that its task does not need are empty."""

    task: str
    text: str = ""
    other: str = ""
    target: str = ""
    where: str = ""


@dataclass(frozen=True)
class Answer:
    """Sentences, or a number with its name; `unknown` are words read as <unk>."""

    texts: list[str] = field(default_factory=list)
    value: float | None = None
    quantity: str | None = None
    unknown: list[str] = field(default_factory=list)


class Desk:
    """Answers tables of questions with one model."""

    def __init__(self, model: LoadedModel) -> None:
        self._model = model

    def answer(self, rows: Sequence[Mapping[str, Any]], options: Mapping[str, Any]) -> list[Answer]:
        """One answer for each row, in order; rows of one task and target are computed together.

        A column that is missing or holds no string is empty. Raises `SettingsError` or `DataError`
        naming the row.
        """
        chosen = parse_settings(Options, options, "params")
        asked = [_row(number, values) for number, values in enumerate(rows, 1)]
        answers: dict[int, Answer] = {}
        for group in dict.fromkeys((row.task, row.target) for row in asked):
            places = [place for place, row in enumerate(asked) if (row.task, row.target) == group]
            question = Question(self._model, [asked[place] for place in places], chosen)
            answers.update(zip(places, TASKS[group[0]](question), strict=True))
        return [answers[place] for place in range(len(asked))]


def _row(number: int, values: Mapping[str, Any]) -> Row:
    texts = {key: value for key, value in values.items() if isinstance(value, str)}
    where = f"row {number}"
    task = texts.get("task", "")
    if task not in TASKS:
        raise SettingsError(f"{where}: no task '{task}'{suggest(task, TASKS)}")
    kept = {key: texts.get(key, "") for key in ("text", "other", "target")}
    return Row(task=task, where=where, **kept)


class Question:
    """Rows of one task and target, and the reading of their sentences."""

    def __init__(self, model: LoadedModel, rows: Sequence[Row], options: Options) -> None:
        self.model, self.rows, self.options = model, rows, options
        self.label = rows[0].target or None
        self._reader = SentenceReader(model)
        self.text = self._reader.text

    def read(self, column: str) -> list[Tokens]:
        """The sentences of a column."""
        return [
            self._reader.read(getattr(row, column), f"{row.where}, column {column}")
            for row in self.rows
        ]

    def unknown(self, *sentences: Tokens) -> list[str]:
        """Words of the sentences that the model does not know."""
        return SentenceReader(self.model).new_unknown(sentences)


def _generate(asked: Question) -> list[Answer]:
    """Rows are different questions: they share out one sequence of sentences."""
    options = asked.options
    decoding = None
    if options.temperature > 0:
        decoding = DecodingSettings(decoding="sample", temperature=options.temperature)
    drawn = tasks.generate(
        asked.model, options.count * len(asked.rows), options.seed, decoding, asked.label
    )
    return [
        Answer([asked.text(tokens) for tokens in itertools.islice(drawn, options.count)])
        for _ in asked.rows
    ]


def _reconstruct(asked: Question) -> list[Answer]:
    return _rewritten(asked, tasks.reconstruct)


def _transfer(asked: Question) -> list[Answer]:
    if asked.label is None:
        raise SettingsError(f"{asked.rows[0].where}, column target: name the label to write in")
    return _rewritten(asked, tasks.transfer)


def _rewritten(asked: Question, task: Callable[..., list[Tokens]]) -> list[Answer]:
    """One sentence out for each row, by a task of sentences and a label."""
    read = asked.read("text")
    return [
        Answer([asked.text(after)], unknown=asked.unknown(before))
        for before, after in zip(read, task(asked.model, read, asked.label), strict=True)
    ]


def _interpolate(asked: Question) -> list[Answer]:
    first, second = asked.read("text"), asked.read("other")
    options = asked.options
    ways = tasks.interpolate(asked.model, first, second, options.steps, options.along, asked.label)
    return [
        Answer([asked.text(tokens) for tokens in way], unknown=asked.unknown(one, other))
        for one, other, way in zip(first, second, ways, strict=True)
    ]


def _score(asked: Question) -> list[Answer]:
    read = asked.read("text")
    return [
        Answer([asked.text(tokens)], found.log_value, found.quantity, asked.unknown(tokens))
        for tokens, found in zip(read, tasks.score(asked.model, read, asked.label), strict=True)
    ]


TASKS: dict[str, Callable[[Question], list[Answer]]] = {
    "generate": _generate,
    "reconstruct": _reconstruct,
    "interpolate": _interpolate,
    "transfer": _transfer,
    "score": _score,
}
