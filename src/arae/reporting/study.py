"""A study's settings, the scores that it gathers, and what every kind of study offers."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from arae.foundation.errors import DataError
from arae.foundation.files import read_json
from arae.reporting.charts import Figure

FORMAT = 1
REAL_LABEL, REAL_TEXT = "Real data", "real"


@dataclass(frozen=True, kw_only=True)
class StudySettings:
    """One entry of `studies`, with its `evaluation` in full."""

    kind: str
    corpus: str
    evaluation: dict[str, Any]
    systems: dict[str, str]  # label -> recipe
    seeds: tuple[int, ...]
    embedded: bool = False
    published: dict[str, Any] = field(default_factory=dict)

    def check(self) -> None:
        """Raise `ValueError` for settings that make no study."""
        if not self.systems:
            raise ValueError("systems: at least one is needed")
        if not self.seeds or len(set(self.seeds)) != len(self.seeds):
            raise ValueError(f"seeds: expected different seeds, got {list(self.seeds)}")
        if REAL_LABEL in self.systems:
            raise ValueError(f"systems.{REAL_LABEL}: this row is always added; leave it out")

    @property
    def labels(self) -> dict[str, str]:
        """Label -> text scored, the real data first."""
        return {REAL_LABEL: REAL_TEXT, **self.systems}


@dataclass(frozen=True, kw_only=True)
class Score:
    """One score file."""

    text: str
    seed: int
    metrics: dict[str, float]
    definitions: dict[str, str]
    sentence_intervals: dict[str, tuple[float, float]]
    examples: list[str]


@dataclass(frozen=True, kw_only=True)
class StudyKind:
    """What a kind of study knows: its table's content and its figures, both as plain data."""

    build: Callable[[str, StudySettings, list[Score], dict[str, Any]], dict[str, Any]]
    figures: Callable[[dict[str, Any]], list[Figure]]


def read_score(path: Path) -> Score:
    """Read a score file; `DataError` names the file and what is wrong with it."""
    value = read_json(path)
    try:
        if value["format"] != FORMAT:
            raise DataError(
                f"{path}: format {value['format']}, expected {FORMAT}; evaluate it again"
            )
        return Score(
            text=str(value["text"]),
            seed=int(value["seed"]),
            metrics={name: float(number) for name, number in value["metrics"].items()},
            definitions=dict(value["definitions"]),
            sentence_intervals={
                name: (float(low), float(high))
                for name, (low, high) in value.get("sentence_intervals", {}).items()
            },
            examples=[str(line) for line in value["examples"]],
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise DataError(f"{path}: not a score file ({error!r}); evaluate it again") from error


def require_complete(scores: Iterable[Score], settings: StudySettings) -> None:
    """`DataError` unless there is exactly one score for every text and seed of the study."""
    found = [(score.text, score.seed) for score in scores]
    wanted = {(text, seed) for text in settings.labels.values() for seed in settings.seeds}
    wrong = {
        "missing": wanted - set(found),
        "not of this study": set(found) - wanted,
        "given twice": {pair for pair in found if found.count(pair) > 1},
    }
    faults = [
        f"{problem}: " + ", ".join(f"{text}/seed-{seed}" for text, seed in sorted(pairs))
        for problem, pairs in wrong.items()
        if pairs
    ]
    if faults:
        raise DataError("scores " + "; ".join(faults))
