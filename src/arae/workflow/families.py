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
    "images": Kind(family="images", figures=("samples", "interpolations", "selection")),
    "transfer": Kind(family="transfer", figures=("frontier", "directions")),
}
# The families whose studies name an entry of `evaluation`.
EVALUATED = ("coverage", "transfer")
# The families that score real data beside the systems.
WITH_REAL = (*EVALUATED, "images")
