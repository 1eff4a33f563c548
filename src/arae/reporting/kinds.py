"""The kinds of study, each one file."""

from __future__ import annotations

from arae.foundation.errors import SettingsError
from arae.foundation.settings import suggest
from arae.reporting import (
    bound,
    coverage,
    images,
    interpolation,
    latent,
    offsets,
    robustness,
    semi_supervised,
    sensitivity,
    topics,
    transfer,
)
from arae.reporting.study import StudyKind

KINDS: dict[str, StudyKind] = {
    "bound": bound.KIND,
    "coverage": coverage.KIND,
    "images": images.KIND,
    "interpolation": interpolation.KIND,
    "latent": latent.KIND,
    "offsets": offsets.KIND,
    "robustness": robustness.KIND,
    "semi_supervised": semi_supervised.KIND,
    "sensitivity": sensitivity.KIND,
    "topics": topics.KIND,
    "transfer": transfer.KIND,
}


def kind_of(name: str, where: str) -> StudyKind:
    """The kind called `name`; a `SettingsError` naming the valid ones otherwise."""
    if name not in KINDS:
        raise SettingsError(f"{where}: no kind of study '{name}'{suggest(name, KINDS)}")
    return KINDS[name]
