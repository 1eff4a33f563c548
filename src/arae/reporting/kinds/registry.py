"""The kinds of study, each one file."""

from __future__ import annotations

from arae.foundation.errors import SettingsError
from arae.foundation.settings import suggest
from arae.reporting.kinds import (
    bound,
    coverage,
    images,
    interpolation,
    latent,
    offsets,
    posterior,
    robustness,
    semi_supervised,
    sensitivity,
    topics,
    transfer,
)
from arae.reporting.study import StudyKind

# In the order of the paper, which is the order of a report.
KINDS: dict[str, StudyKind] = {
    "coverage": coverage.KIND,
    "transfer": transfer.KIND,
    "topics": topics.KIND,
    "semi_supervised": semi_supervised.KIND,
    "images": images.KIND,
    "latent": latent.KIND,
    "robustness": robustness.KIND,
    "offsets": offsets.KIND,
    "interpolation": interpolation.KIND,
    "posterior": posterior.KIND,
    "bound": bound.KIND,
    "sensitivity": sensitivity.KIND,
}


def kind_of(name: str, where: str) -> StudyKind:
    """The kind called `name`; a `SettingsError` naming the valid ones otherwise."""
    if name not in KINDS:
        raise SettingsError(f"{where}: no kind of study '{name}'{suggest(name, KINDS)}")
    return KINDS[name]
