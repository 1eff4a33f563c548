"""Score files: what one system obtained with one seed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from arae.foundation.errors import DataError
from arae.foundation.files import read_json

FORMAT = 1


@dataclass(frozen=True, kw_only=True)
class Score:
    """One score file."""

    text: str
    seed: int
    metrics: dict[str, float]
    definitions: dict[str, str]
    sentence_intervals: dict[str, tuple[float, float]]
    examples: list[str]
    details: dict[str, Any] = field(default_factory=dict)  # plain data for figures


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
            details=dict(value.get("details", {})),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise DataError(f"{path}: not a score file ({error!r}); evaluate it again") from error


def require_complete(scores: Iterable[Score], texts: Iterable[str], seeds: Iterable[int]) -> None:
    """`DataError` unless there is exactly one score for every text and seed of the study."""
    found = [(score.text, score.seed) for score in scores]
    wanted = {(text, seed) for text in texts for seed in seeds}
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
