"""The kinds of study, each one file, in the order of the paper: so the report shows them."""

from __future__ import annotations

from arae.foundation.errors import SettingsError
from arae.foundation.settings import suggest
from arae.reporting import bound, coverage, sensitivity
from arae.reporting.study import StudyKind

KINDS: dict[str, StudyKind] = {
    "bound": bound.KIND,
    "coverage": coverage.KIND,
    "sensitivity": sensitivity.KIND,
}


def kind_of(name: str, where: str) -> StudyKind:
    """The kind called `name`; a `SettingsError` naming the valid ones otherwise."""
    if name not in KINDS:
        raise SettingsError(f"{where}: no kind of study '{name}'{suggest(name, KINDS)}")
    return KINDS[name]
