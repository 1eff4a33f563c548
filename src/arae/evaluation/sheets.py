"""Blinded rating sheets for people: which rows they have, and the key that is kept from the raters.

Sheet A shows one text a row and asks for its label and naturalness; sheet B shows original and
transfer and asks for their similarity. Both hold repeated rows, for a rater's agreement with
himself, and gold checks, whose answer is known.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from arae.corpora.lines import read_lines
from arae.foundation.errors import DataError
from arae.foundation.files import atomic_write, parse_json
from arae.foundation.settings import bounded

NEUTRAL = "neutral"
SCALE = (1, 2, 3, 4, 5)
EMPTY = "(no words)"
# What a spreadsheet takes for the beginning of a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, kw_only=True)
class SheetSettings:
    """`per_label`: sources of each label; `duplicates` and `gold`: shares of the rated rows."""

    per_label: int = bounded(500, low=1)
    duplicates: float = bounded(0.05, low=0.0, high=1.0)
    gold: float = bounded(0.02, low=0.0, high=1.0)
    attribute: str = "sentiment"


@dataclass(frozen=True, kw_only=True)
class Transfer:
    """One output of one system: source's place in its text, labels, texts."""

    system: str
    sentence: int
    source: str
    label: str
    target: str
    output: str


@dataclass(frozen=True, kw_only=True)
class Row:
    """A row to be rated: what the rater sees, and what the key keeps."""

    original: str
    text: str
    key: dict[str, Any]


def read_transfers(system: str, path: Path, sources: Path) -> list[Transfer]:
    """One system's outputs: a JSON object a line, {"sentence", "source", "target", "output"}.

    `sources`: the text whose line `sentence` (from 0) is the source; `source` and `target` are labels.
    """
    texts = list(read_lines(sources))
    found = []
    for number, line in enumerate(read_lines(path), 1):
        try:
            record = parse_json(line)
            place, label, target = record["sentence"], str(record["source"]), str(record["target"])
            if type(place) is not int or not 0 <= place < len(texts):
                raise ValueError(f"sentence {place!r} is not a line of {sources}")
            transfer = Transfer(
                system=system,
                sentence=place,
                source=texts[place],
                label=label,
                target=target,
                output=str(record["output"]),
            )
        except (ValueError, KeyError, TypeError) as error:
            raise DataError(
                f"{path}: line {number}: not a transfer record ({error}); make it again with "
                "`arae transfer-split`"
            ) from error
        found.append(transfer)
    return found


def build_rows(
    systems: Mapping[str, Sequence[Transfer]], settings: SheetSettings, seed: int
) -> tuple[list[Row], list[Row]]:
    """Rows of sheets A and B in the order of the sheets, the same sources for every system.

    `DataError` if some label has fewer than `per_label` sources that all systems transferred.
    """
    generator = np.random.default_rng([seed, 0])
    chosen, spare = _choose(systems, settings.per_label, generator)
    items = [
        transfer
        for transfers in systems.values()
        for transfer in transfers
        if transfer.sentence in chosen
    ]
    sheets = []
    for name, gold in (("a", _gold_label), ("b", _gold_same)):
        rows = [_row(transfer, name) for transfer in items]
        rows += _gold_rows(spare, round(settings.gold * len(items)), gold, generator)
        repeated = generator.choice(len(items), round(settings.duplicates * len(items)), False)
        rows += [_again(rows[index], index) for index in repeated.tolist()]
        sheets.append(_numbered(rows, name, generator))
    return sheets[0], sheets[1]


def _choose(
    systems: Mapping[str, Sequence[Transfer]], count: int, generator: np.random.Generator
) -> tuple[set[int], list[Transfer]]:
    """(places of the chosen sources, one transfer of each source that was not chosen)."""
    shared = set.intersection(*({t.sentence for t in made} for made in systems.values()))
    first = {t.sentence: t for made in systems.values() for t in made if t.sentence in shared}
    by_label: dict[str, list[int]] = defaultdict(list)
    for place in sorted(first):
        by_label[first[place].label].append(place)
    chosen: set[int] = set()
    for label, places in sorted(by_label.items()):
        if len(places) < count:
            raise DataError(
                f"export-sheets.per_label: {count} sources of each label are asked for, but only "
                f"{len(places)} with the label '{label}' were transferred by every system"
            )
        chosen |= set(generator.choice(places, count, replace=False).tolist())
    return chosen, [first[place] for place in sorted(first) if place not in chosen]


def _row(transfer: Transfer, sheet: str) -> Row:
    key = {
        "sheet": sheet,
        "kind": "item",
        "system": transfer.system,
        "sentence": transfer.sentence,
        "source": transfer.label,
        "target": transfer.target,
    }
    return Row(original=transfer.source, text=transfer.output, key=key)


def _gold_rows(
    spare: Sequence[Transfer], count: int, key: Any, generator: np.random.Generator
) -> list[Row]:
    if count and not spare:
        raise DataError(
            "export-sheets.gold: every transferred source is among the rated ones, none is left for "
            "gold checks; lower per_label, or set gold to 0"
        )
    picked = (
        generator.choice(len(spare), count, replace=True)
        if count > len(spare)
        else (generator.permutation(len(spare))[:count])
    )
    return [
        Row(original=spare[i].source, text=spare[i].source, key={"kind": "gold", **key(spare[i])})
        for i in picked.tolist()
    ]


def _gold_label(transfer: Transfer) -> dict[str, Any]:
    """An untransferred sentence has its own label."""
    return {"sheet": "a", "sentence": transfer.sentence, "expected": transfer.label}


def _gold_same(transfer: Transfer) -> dict[str, Any]:
    """A sentence is most similar to itself."""
    return {"sheet": "b", "sentence": transfer.sentence, "expected": SCALE[-1]}


def _again(row: Row, index: int) -> Row:
    return Row(original=row.original, text=row.text, key={"kind": "duplicate", "of": index})


def _numbered(rows: list[Row], sheet: str, generator: np.random.Generator) -> list[Row]:
    """The rows in random order, named by their place in it."""
    order = generator.permutation(len(rows)).tolist()
    names = {index: f"{sheet.upper()}{place:05d}" for place, index in enumerate(order, 1)}
    shown = []
    for index in order:
        key = {**rows[index].key, "sheet": sheet, "item_id": names[index]}
        if key["kind"] == "duplicate":
            key["of"] = names[key["of"]]
        shown.append(Row(original=rows[index].original, text=rows[index].text, key=key))
    return shown


# ---- files ------------------------------------------------------------------------------------


def columns(attribute: str) -> dict[str, tuple[str, ...]]:
    """Header of each sheet."""
    return {
        "a": ("item_id", "blinded_text", attribute, "naturalness"),
        "b": ("item_id", "original", "blinded_transfer", "similarity"),
    }


def write_sheet(path: Path, header: Sequence[str], rows: Iterable[Row]) -> None:
    """A CSV file in UTF-8 with every cell quoted; rating cells are left empty."""
    with atomic_write(path) as handle:
        writer = csv.writer(handle, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
        writer.writerow(header)
        for row in rows:
            shown = {
                "original": row.original,
                "blinded_text": row.text,
                "blinded_transfer": row.text,
            }
            texts = [
                safe_cell(shown[name] or EMPTY) if name in shown else "" for name in header[1:]
            ]
            writer.writerow([row.key["item_id"], *texts])


def safe_cell(text: str) -> str:
    """The text with an apostrophe before what a spreadsheet would take for a formula."""
    return f"'{text}" if text.startswith(FORMULA) else text


def instructions(labels: Sequence[str], attribute: str) -> str:
    """What the raters are told."""
    choices = ", ".join([*labels, NEUTRAL])
    return f"""# Instructions for raters

Rate every row; leave no cell empty. Write only what is listed here.

Sheet A, one text a row:
- {attribute}: one of {choices}. Choose {NEUTRAL} if the text shows none of the others.
- naturalness: 1 (not English) to 5 (could have been written by a person).

Sheet B, an original and another text a row:
- similarity: 1 (nothing in common) to 5 (the same). Ignore the {attribute}: judge whether both speak of
  the same things in the same structure.
"""
