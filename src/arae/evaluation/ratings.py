"""Filled-in rating sheets: strict reading, and what the ratings say of each system."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from arae.evaluation.agreement import Level, krippendorff_alpha
from arae.evaluation.intervals import bootstrap_ratio
from arae.evaluation.sheets import FORMULA, NEUTRAL, SCALE, columns
from arae.foundation.errors import DataError, IntegrityError
from arae.foundation.files import read_json

Answer = str | int
Ratings = dict[str, Answer]  # item_id -> one rater's answer to one question
DEFINITIONS = {
    "transfer": "share of ratings that give the wanted label; neutral counts as failure",
    "naturalness": "mean rating, 1 (not English) to 5 (could have been written by a person)",
    "similarity": "mean rating of original and transfer, 1 (nothing in common) to 5 (the same)",
}


@dataclass(frozen=True, kw_only=True)
class Key:
    """key.json of an export: what is behind every row."""

    attribute: str
    labels: tuple[str, ...]
    rows: dict[str, dict[str, Any]]  # item_id -> its entry

    @classmethod
    def read(cls, path: Path) -> Key:
        """Read a key; `IntegrityError` if it is none."""
        try:
            record = read_json(path)
            rows = {row["item_id"]: row for row in record["rows"]}
            return cls(
                attribute=str(record["attribute"]), labels=tuple(record["labels"]), rows=rows
            )
        except (KeyError, TypeError) as error:
            raise IntegrityError(
                f"{path}: not the key.json of `arae export-sheets` ({error})"
            ) from error

    def ids(self, sheet: str, *kinds: str) -> list[str]:
        """Rows of a sheet, in the sheet's order; of some kinds only, if given."""
        return [
            name
            for name, row in self.rows.items()
            if row["sheet"] == sheet and (not kinds or row["kind"] in kinds)
        ]

    @property
    def systems(self) -> list[str]:
        """The rated systems, in the order of the export."""
        return list(dict.fromkeys(r["system"] for r in self.rows.values() if "system" in r))


@dataclass(frozen=True, kw_only=True)
class Question:
    """One rating column: its sheet, scale in order, and how α measures distances on it."""

    name: str
    sheet: str
    scale: tuple[Answer, ...]
    level: Level


def questions(key: Key) -> list[Question]:
    """The rating columns of both sheets."""
    labels = (*key.labels, NEUTRAL)
    return [
        Question(name=key.attribute, sheet="a", scale=labels, level="nominal"),
        Question(name="naturalness", sheet="a", scale=SCALE, level="ordinal"),
        Question(name="similarity", sheet="b", scale=SCALE, level="ordinal"),
    ]


# ---- reading ----------------------------------------------------------------------------------


def read_ratings(path: Path, sheet: str, key: Key) -> dict[str, Ratings]:
    """One rater's sheet: question -> item_id -> answer.

    `DataError` naming file and line for a row that is missing, there twice or unknown, and for a
    rating that is missing, not on its scale, or a formula.
    """
    asked = [question for question in questions(key) if question.sheet == sheet]
    answers: dict[str, Ratings] = {question.name: {} for question in asked}
    lines: dict[str, int] = {}
    for line, row in _rows(path, columns(key.attribute)[sheet]):
        where, name = f"{path}: line {line}", row["item_id"].strip()
        if name not in key.rows or key.rows[name]["sheet"] != sheet:
            raise DataError(f"{where}: '{name}' is no item of this sheet's key; is it another's?")
        if name in lines:
            raise DataError(f"{where}: {name} is there twice (first on line {lines[name]})")
        lines[name] = line
        for question in asked:
            answers[question.name][name] = _answer(row[question.name], question, f"{where}: {name}")
    for name in key.ids(sheet):
        if name not in lines:
            raise DataError(
                f"{path}: the row of {name} is missing; every exported row must be rated"
            )
    return answers


def _rows(path: Path, header: Sequence[str]) -> Any:
    """(line, cells by column) of a CSV file separated by commas, semicolons or tabs."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError as error:
        raise DataError(f"{path}: not found") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: not UTF-8 ({error}); save it as CSV in UTF-8") from error
    first = text.partition("\n")[0]
    mark = max(",;\t", key=first.count)
    reader = csv.reader(text.splitlines(keepends=True), delimiter=mark)
    found = [cell.strip() for cell in next(reader, [])]
    if found != list(header):
        raise DataError(f"{path}: line 1: the columns must be {', '.join(header)}")
    for cells in reader:
        if not any(cells):
            continue
        if len(cells) != len(header):
            raise DataError(
                f"{path}: line {reader.line_num}: {len(cells)} cells instead of {len(header)}"
            )
        yield reader.line_num, dict(zip(header, cells, strict=True))


def _answer(cell: str, question: Question, where: str) -> Answer:
    text = cell.strip()
    if not text:
        raise DataError(f"{where}: {question.name} is empty; rate every row")
    if text.startswith(FORMULA):
        raise DataError(
            f"{where}: {question.name} holds {cell!r}, a formula or a sign; write the bare rating"
        )
    for value in question.scale:
        if text.casefold() == str(value).casefold():
            return value
    known = ", ".join(map(str, question.scale))
    raise DataError(f"{where}: {question.name} is {text!r}; it must be one of {known}")


# ---- what the ratings say -----------------------------------------------------------------------


def judge(key: Key, raters: Mapping[str, Sequence[dict[str, Ratings]]]) -> dict[str, Any]:
    """Systems' results with 95 % bootstrap intervals over items, and the quality of the ratings.

    `raters`: sheet -> what `read_ratings` gave for each of its raters.
    """
    values: dict[str, Callable[[dict[str, Any], Answer], float]] = {
        "transfer": lambda row, answer: float(answer == row["target"]),
        "naturalness": lambda row, answer: float(answer),
        "similarity": lambda row, answer: float(answer),
    }
    systems: dict[str, dict[str, Any]] = {name: {} for name in key.systems}
    quality: dict[str, Any] = {}
    for question in questions(key):
        given = [rater[question.name] for rater in raters[question.sheet]]
        measure = "transfer" if question.name == key.attribute else question.name
        quality[question.name] = _quality(key, question, given)
        for system in systems:
            items = [
                name
                for name in key.ids(question.sheet, "item")
                if key.rows[name]["system"] == system
            ]
            systems[system][measure] = _mean(key, items, given, values[measure])
    return {"systems": systems, "ratings": quality, "definitions": DEFINITIONS}


def _mean(
    key: Key,
    items: list[str],
    given: list[Ratings],
    value: Callable[[dict[str, Any], Answer], float],
) -> dict[str, Any]:
    rated = [[value(key.rows[name], ratings[name]) for ratings in given] for name in items]
    amounts = np.array([sum(row) for row in rated])
    units = np.array([len(row) for row in rated], dtype=np.float64)
    return {
        "mean": float(amounts.sum() / units.sum()),
        "interval": list(bootstrap_ratio(amounts, units)),
        "items": len(items),
        "ratings": int(units.sum()),
    }


def _quality(key: Key, question: Question, given: list[Ratings]) -> dict[str, Any]:
    """α between raters, each rater's agreement with himself, and his share of right gold checks."""
    units = [[ratings[name] for ratings in given] for name in key.ids(question.sheet, "item")]
    repeated = [(name, key.rows[name]["of"]) for name in key.ids(question.sheet, "duplicate")]
    gold = [
        (name, key.rows[name]["expected"])
        for name in key.ids(question.sheet, "gold")
        if key.rows[name]["expected"] in question.scale
    ]
    rows: dict[str, Any] = defaultdict(list)
    for ratings in given:
        rows["self_agreement"].append(_share(ratings[a] == ratings[b] for a, b in repeated))
        rows["gold_right"].append(_share(ratings[name] == right for name, right in gold))
    alpha = krippendorff_alpha(units, question.scale, question.level)
    return {"raters": len(given), "alpha": alpha, "level": question.level, **rows}


def _share(outcomes: Any) -> float | None:
    found = list(outcomes)
    return sum(found) / len(found) if found else None
