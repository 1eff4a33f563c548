"""Claims as params.yaml states them, and their verdicts on a table.

A claim names rows and metrics of its own study; a name that the study does not have is refused when
params.yaml is read. What the report shows as the claim's statement is made from what is judged.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from arae.foundation.errors import SettingsError
from arae.foundation.settings import bounded, suggest
from arae.reporting import verdicts
from arae.reporting.columns import EACH, REAL, REAL_LABEL, Column
from arae.reporting.verdicts import Pair, Side


@dataclass(frozen=True, kw_only=True)
class ClaimSettings:
    """A sentence, and what must be lower than what for it to hold. One of these forms:

    `metric`, `lower`: rows of the study, the one of the lowest value first. Stands for all pairs.
    `metric`, `nearest`: the same by distance from real text's own value, the nearest first.
    `metric`, `lowest` or `highest`: one row against each of `than`, or against every other system.
    `of`, `lower`: metrics of one row, the lowest first; the last is multiplied by `times`.
    `test`: a test that the kind of study brings, `of` what it asks for.
    """

    says: str
    metric: str = ""
    lower: tuple[str, ...] = ()
    nearest: tuple[str, ...] = ()
    lowest: str = ""
    highest: str = ""
    than: tuple[str, ...] = ()
    of: str = ""
    times: float = bounded(1.0, low=0.0)
    test: str = ""

    def check(self) -> None:
        """Raise `ValueError` for settings that make no claim."""
        if not self.says.strip():
            raise ValueError("says: write the sentence that is judged")
        forms = {
            "lower": bool(self.lower),
            "nearest": bool(self.nearest),
            "lowest": bool(self.lowest),
            "highest": bool(self.highest),
            "test": bool(self.test),
        }
        given = [name for name, there in forms.items() if there]
        if len(given) != 1:
            raise ValueError(f"give one of {', '.join(forms)}; got {', '.join(given) or 'none'}")
        if not self.test and bool(self.metric) == bool(self.of and self.lower):
            raise ValueError("give `metric` (of several rows), or `of` with `lower` (of one row)")
        for name in ("lower", "nearest"):
            items = getattr(self, name)
            if items and (len(items) < 2 or len(set(items)) != len(items)):
                raise ValueError(f"{name}: at least two different names are needed")
        if self.than and not (self.lowest or self.highest):
            raise ValueError("than: goes with `lowest` or `highest`")
        if self.than and (self.lowest or self.highest) in self.than:
            raise ValueError("than: a row cannot be compared with itself")


@dataclass(frozen=True, kw_only=True)
class ClaimTest:
    """A test that a kind of study brings, for claims that no order of rows or metrics can say."""

    statement: str  # what is judged; {of} is what the claim names
    pairs: Callable[[Mapping[str, Any], str], Sequence[Pair | None]]  # (table, of)
    metric: str = verdicts.VALUE
    rule: str = ""  # where it is not the general one
    # What `of` may name, in the study as params.yaml has it; None: it stays empty.
    subjects: Callable[[Mapping[str, Any]], Collection[str]] | None = lambda study: study["systems"]


def require_names(
    claims: Sequence[ClaimSettings],
    study: Mapping[str, Any],
    columns: Sequence[Column],
    tests: Mapping[str, ClaimTest],
    where: str,
) -> None:
    """`SettingsError` for a row, metric or test that the study does not have."""
    rows = study["systems"]
    for place, claim in enumerate(claims):
        at = f"{where}[{place}]"
        if claim.test:
            _require_test(claim, study, tests, at)
            continue
        if claim.metric:
            _require_metric(claim.metric, columns, f"{at}.metric")
        for key in (
            "nearest",
            "lowest",
            "highest",
            "than",
            "of",
            *(["lower"] if claim.metric else []),
        ):
            value = getattr(claim, key)
            for name in (value,) if isinstance(value, str) else value:
                if name and name not in rows:
                    raise SettingsError(
                        f"{at}.{key}: the study has no row '{name}'{suggest(name, rows)}"
                    )
        if claim.of:
            for name in claim.lower:
                _require_metric(name, columns, f"{at}.lower")
        if claim.nearest and _column(claim.metric, columns).better != REAL:
            known = [column.metric for column in columns if column.better == REAL]
            raise SettingsError(
                f"{at}.nearest: '{claim.metric}' is not measured by its distance from real text's "
                f"value; use `lower`, or a metric that is: {', '.join(known) or 'none here'}"
            )


def _require_test(
    claim: ClaimSettings, study: Mapping[str, Any], tests: Mapping[str, ClaimTest], at: str
) -> None:
    if claim.test not in tests:
        raise SettingsError(f"{at}.test: no test '{claim.test}'{suggest(claim.test, tests)}")
    subjects = tests[claim.test].subjects
    if subjects is None:
        if claim.of:
            raise SettingsError(f"{at}.of: the test '{claim.test}' asks for none; leave it out")
        return
    known = subjects(study)
    if claim.of not in known:
        raise SettingsError(f"{at}.of: the study has no '{claim.of}'{suggest(claim.of, known)}")


def _require_metric(metric: str, columns: Sequence[Column], at: str) -> None:
    starts = [c.metric.removesuffix(EACH) for c in columns if c.metric.endswith(EACH)]
    names = [column.metric for column in columns]
    if metric not in names and not any(metric.startswith(start) for start in starts):
        raise SettingsError(f"{at}: no metric '{metric}'{suggest(metric, names)}")


def _column(metric: str, columns: Sequence[Column]) -> Column:
    return next(column for column in columns if column.metric == metric)


def judge(
    claims: Sequence[ClaimSettings], table: Mapping[str, Any], tests: Mapping[str, ClaimTest]
) -> list[dict[str, Any]]:
    """Every claim with its verdict, by a table without claims."""
    return [_judge(claim, table, tests) for claim in claims]


def _judge(
    claim: ClaimSettings, table: Mapping[str, Any], tests: Mapping[str, ClaimTest]
) -> dict[str, Any]:
    if claim.test:
        test = tests[claim.test]
        statement = test.statement.format(of=claim.of)
        pairs = test.pairs(table, claim.of)
        return verdicts.judged(claim.says, statement, test.metric, pairs, test.rule)
    if claim.of:
        return _of_one_row(claim, table)
    if claim.nearest:
        return _by_distance(claim, table)
    cells = {row["label"]: row["cells"] for row in table["rows"]}
    sides = {
        label: Side.of_cell(label, own[claim.metric])
        for label, own in cells.items()
        if claim.metric in own
    }
    orders, statement = _orders(claim, table)
    pairs = verdicts.pairs_of((sides.get(low), sides.get(high)) for low, high in orders)
    name = _name(table, claim.metric)
    return verdicts.judged(claim.says, f"{name}: {statement}", claim.metric, pairs)


def _orders(claim: ClaimSettings, table: Mapping[str, Any]) -> tuple[list[tuple[str, str]], str]:
    """The (lower, higher) rows of a claim on one metric, and the same in words."""
    if claim.lower:
        return list(itertools.combinations(claim.lower, 2)), " < ".join(claim.lower)
    named = claim.lowest or claim.highest
    labels = [row["label"] for row in table["rows"] if row["label"] != REAL_LABEL]
    others = claim.than or tuple(label for label in labels if label != named)
    listed = f"each of {', '.join(others)}" if len(others) > 1 else "".join(others)
    if claim.lowest:
        return [(named, other) for other in others], f"{named} < {listed}"
    return [(other, named) for other in others], f"{listed} < {named}"


def _of_one_row(claim: ClaimSettings, table: Mapping[str, Any]) -> dict[str, Any]:
    cells = next(row["cells"] for row in table["rows"] if row["label"] == claim.of)
    places = [_in_group(table, metric) for metric in claim.lower]
    shared = {group for group, _ in places}
    within = f"{claim.of}, {shared.pop()}" if len(shared) == 1 and "" not in shared else claim.of
    names = [
        label if within != claim.of else _name(table, metric)
        for metric, (_, label) in zip(claim.lower, places, strict=True)
    ]
    scales = [1.0] * (len(names) - 1) + [claim.times]
    if claim.times != 1:
        names[-1] = f"{claim.times:g} × {names[-1]}"
    sides = [
        Side.of_values(name, [scale * value for value in cells.get(metric, {}).get("values", [])])
        for name, metric, scale in zip(names, claim.lower, scales, strict=True)
    ]
    pairs = verdicts.pairs_of(itertools.combinations(sides, 2))
    return verdicts.judged(claim.says, f"{within}: {' < '.join(names)}", claim.lower[0], pairs)


def _by_distance(claim: ClaimSettings, table: Mapping[str, Any]) -> dict[str, Any]:
    cells = {row["label"]: row["cells"].get(claim.metric) for row in table["rows"]}
    real = cells.get(REAL_LABEL)
    shares = any(c["metric"] == claim.metric and c["percent"] for c in table["columns"])
    sides = [
        Side.of_values(
            label,
            [
                distance(value, real["mean"], shares)
                for value in (cells[label] or {}).get("values", [])
                if real
            ],
        )
        for label in claim.nearest
    ]
    kind = "difference" if shares else "factor"
    statement = (
        f"{_name(table, claim.metric)}, {kind} from real text's: {' < '.join(claim.nearest)}"
    )
    pairs = verdicts.pairs_of(itertools.combinations(sides, 2))
    return verdicts.judged(claim.says, statement, verdicts.VALUE, pairs)


def distance(value: float, real: float, shares: bool = False) -> float:
    """How far a value is from real text's: the difference of shares, of others a factor of at least 1."""
    return abs(value - real) if shares else max(value / real, real / value)


def _name(table: Mapping[str, Any], metric: str) -> str:
    """A column's label, with its group where the label alone would not tell; or the metric's name."""
    group, label = _in_group(table, metric)
    return f"{group}, {label}" if group else label


def _in_group(table: Mapping[str, Any], metric: str) -> tuple[str, str]:
    """(group, label) of a column; the group is "" where the label alone tells."""
    labels = [column["label"] for column in table["columns"]]
    for column in table["columns"]:
        if column["metric"] == metric:
            label = str(column["label"])
            return (column["group"] if labels.count(label) > 1 else "", label)
    return "", metric
