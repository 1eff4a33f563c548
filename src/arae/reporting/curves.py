"""Training histories as thinned curves: recipe -> seed -> metric -> [[step, value], …]."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any

from arae.foundation.errors import DataError
from arae.foundation.files import parse_json

POINTS = 160
NOT_METRICS = frozenset({"step", "epoch"})
SIGNIFICANT_DIGITS = 6

Curve = list[list[float]]
Curves = dict[str, dict[str, dict[str, Curve]]]


def read_curves(paths: Iterable[Path]) -> Curves:
    """Read …/{recipe}/seed-{seed}/history.jsonl files; seeds become texts, as JSON keys are."""
    curves: Curves = {}
    for path in sorted(paths):
        found = re.fullmatch(r"seed-(\d+)", path.parent.name)
        if not found:
            raise DataError(f"{path}: expected a path ending in RECIPE/seed-NUMBER/history.jsonl")
        recipe = path.parent.parent.name
        curves.setdefault(recipe, {})[found[1]] = {
            metric: thin(curve) for metric, curve in sorted(_read(path).items())
        }
    return curves


def thin(curve: Curve, points: int = POINTS) -> Curve:
    """At most `points` of a curve, evenly spread, first and last among them; 6 significant digits."""
    if len(curve) > points:
        last = len(curve) - 1
        curve = [curve[round(index * last / (points - 1))] for index in range(points)]
    return [[step, float(f"{value:.{SIGNIFICANT_DIGITS}g}")] for step, value in curve]


def write_csv(handle: IO[str], curves: Curves) -> None:
    """Long form: recipe, seed, step, metric, value."""
    writer = csv.writer(handle, lineterminator="\n")
    writer.writerow(("recipe", "seed", "step", "metric", "value"))
    for recipe, seeds in curves.items():
        for seed, metrics in seeds.items():
            for metric, curve in metrics.items():
                writer.writerows((recipe, seed, step, metric, value) for step, value in curve)


def _read(path: Path) -> dict[str, Curve]:
    metrics: dict[str, Curve] = {}
    for record in _records(path):
        for name, value in record.items():
            if name not in NOT_METRICS and math.isfinite(value):
                metrics.setdefault(name, []).append([record["step"], value])
    return metrics


def _records(path: Path) -> Iterator[dict[str, Any]]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError as error:
        raise DataError(f"{path}: not found") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: is not UTF-8 text ({error})") from error
    for number, line in enumerate(lines, start=1):
        try:
            record = parse_json(line)
            int(record["step"])
            for value in record.values():
                float(value)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise DataError(f"{path}:{number}: not a line of a history ({error!r})") from error
        yield record
