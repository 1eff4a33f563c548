"""What older model directories call things: their settings and tensors in today's names.

Format 1 had a system for text and one for images, and told posteriors by a word or a switch.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor

TENSORS = {"code_mean": "prior.mean", "code_factor": "prior.factor"}
POSTERIORS = {"dirac": "point", "gaussian": "gaussian", True: "sphere", False: "point"}
# Key of format 1 → where its value stands today.
MOVED = {
    "posterior": ("posterior", "kind"),
    "sphere": ("posterior", "kind"),
    "ridge": ("prior", "ridge"),
    "kl_start": ("weight", "start"),
    "kl_end": ("weight", "end"),
    "kl_epochs": ("weight", "epochs"),
}


def settings_of(values: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of a recipe.json of format 1 as those of format 2."""
    found: dict[str, Any] = {}
    for key, value in values.items():
        if key not in MOVED:
            found[key] = value
            continue
        section, name = MOVED[key]
        found.setdefault(section, {})[name] = POSTERIORS[value] if name == "kind" else value
    return found


def tensors_of(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Tensors of a model.safetensors of format 1 by their names in format 2."""
    return {TENSORS.get(name, name): tensor for name, tensor in tensors.items()}
