"""What older model directories call things: their settings and tensors in today's names.

Formats 1 and 2 had a system for text and one for images, whose recipes held settings of text that meant
nothing. Format 1 told posteriors by a word or a switch.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from arae.corpora.source import IMAGES, TEXT

TENSORS = {"code_mean": "prior.mean", "code_factor": "prior.factor"}
# What systems were called where they were of images.
OF_IMAGES = {f"image_{name}": name for name in ("aae", "ae", "arae", "vae")}
# Settings of text that recipes of images had, and what they had of its selection.
MEANT_NOTHING, SELECTED_NOTHING = ("max_length", "start", "observe"), ("order",)
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


def content_of(recipe: Mapping[str, Any]) -> dict[str, Any]:
    """A recipe.json of format 1 or 2 as one of format 3, which says what the system was trained on."""
    settings = dict(recipe["settings"])
    if recipe["format"] == 1:
        settings = settings_of(settings)
    domain = IMAGES if settings["system"] in OF_IMAGES else TEXT
    if domain == IMAGES:
        settings["system"] = OF_IMAGES[settings["system"]]
        settings = {key: v for key, v in settings.items() if key not in MEANT_NOTHING}
        selection = settings.get("selection", {})
        kept = {key: value for key, value in selection.items() if key not in SELECTED_NOTHING}
        settings["selection"] = kept
    return {**recipe, "format": 3, "domain": domain, "settings": settings}


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
