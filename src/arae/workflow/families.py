"""Kinds of study as the workflow sees them: by which rules they are made, and which figures.

`coverage`: samples, language models trained on them, scores. `transfer`: a labelled text written
in its other labels, language models, classifiers, scores. `probe`: measured on each trained
model alone, by the probe (`arae.probes`) of the kind's name. `images`: systems of images, from their
corpus to their scores.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A kind of study: its family of rules, and the figures that its table comes with."""

    family: str
    figures: tuple[str, ...]


KINDS = {
    "coverage": Kind(family="coverage", figures=("perplexity", "selection")),
    "transfer": Kind(family="transfer", figures=("frontier", "directions")),
    "topics": Kind(family="transfer", figures=("frontier", "directions", "blocks")),
    "images": Kind(family="images", figures=("samples", "interpolations", "selection")),
    "latent": Kind(family="probe", figures=("latent",)),
    "robustness": Kind(family="probe", figures=("swaps",)),
    "interpolation": Kind(family="probe", figures=("draws", "sentences", "paths")),
    "offsets": Kind(family="probe", figures=("match", "precision", "examples")),
    "semi_supervised": Kind(family="probe", figures=("accuracy",)),
    "posterior": Kind(family="probe", figures=("units",)),
    "bound": Kind(family="probe", figures=("corollary", "sides")),
    "sensitivity": Kind(family="probe", figures=("grid", "grid-grammatical")),
}
# The families whose studies name an entry of `evaluation`.
EVALUATED = ("coverage", "transfer")
# The families that score real data beside the systems.
WITH_REAL = ("coverage", "transfer", "images")
