"""Tiny texts and tiny recipes of every system, for tests that run in milliseconds."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from arae.corpora.images import Images
from arae.corpora.source import IMAGES, TEXT
from arae.evaluation.image_selection import ImageValidation
from arae.evaluation.selection import Validation
from arae.generation.decode import DecodingSettings
from arae.nn.batch import TextStore
from arae.nn.images import ImageStore
from arae.nn.store import Store
from arae.systems.registry import build_system, parse_recipe
from arae.systems.system import System
from arae.text.encoded import EncodedText

VOCABULARY_SIZE = 24
LABELS = ("cold", "warm")

_SIZES = {
    "encoder": {"embedding": 6, "hidden": 8},
    "decoder": {"embedding": 6, "hidden": 8},
    "latent": 8,
}
_COMMON: dict[str, Any] = {"epochs": 3, "batch_size": 8, "max_length": 8, "log_every": 4}
_ADAM = {"kind": "adam", "lr": 0.01, "clip_norm": 0.0}
_ADVERSARIES = {
    "generator": {"noise": 4, "hidden": [8, 8]},
    "critic": {"hidden": [8, 8], "steps": 2},
}


def _arae(**changes: Any) -> dict[str, Any]:
    recipe = {"system": "arae", **_COMMON, **_SIZES, **_ADVERSARIES, **changes}
    recipe["critic"] = {**_ADVERSARIES["critic"], **changes.get("critic", {})}
    return recipe


_PAIRS: dict[str, Any] = {"fraction": 0.5, "hidden": [8], "encoder": {"kind": "sgd", "lr": 0.1}}

RECIPES: dict[str, dict[str, Any]] = {
    "lm": {"system": "lm", **_COMMON, "decoder": {"embedding": 6, "hidden": 8, "dropout": 0.2}},
    "ae": {"system": "ae", **_COMMON, **_SIZES, "noise": {"std": 0.1, "decay": 0.9, "every": 5}},
    "ae-adam": {
        "system": "ae",
        **_COMMON,
        **_SIZES,
        "autoencoder": _ADAM,
        "posterior": {"kind": "point"},
    },
    "vae": {
        "system": "vae",
        **_COMMON,
        **_SIZES,
        "autoencoder": _ADAM,
        "decoder": {"embedding": 6, "hidden": 8, "dropout": 0.1, "word_dropout": 0.2},
    },
    "aggressive": {
        "system": "aggressive",
        **_COMMON,
        **_SIZES,
        "autoencoder": {"kind": "sgd", "lr": 0.5, "clip_norm": 1.0},
        "inner": {"window": 2, "most": 5},
        "selection": {"by": "valid_loss"},
    },
    "aae-dirac": {
        "system": "aae",
        **_COMMON,
        **_SIZES,
        "autoencoder": _ADAM,
        "discriminator": [12],
    },
    "aae-gaussian": {
        "system": "aae",
        **_COMMON,
        **_SIZES,
        "posterior": {"kind": "gaussian"},
        "autoencoder": _ADAM,
        "discriminator": [12],
    },
    "arae-paper": _arae(
        gan_schedule=[2],
        encoder_gradient={"kind": "norm_matched", "weight": 0.01, "every_critic_step": True},
        critic={"batch_norm": "after_first", "constraint": {"kind": "weight_clip", "bound": 0.01}},
    ),
    "arae-code2018": _arae(critic={"constraint": {"kind": "gradient_penalty", "weight": 1.0}}),
    "arae-spectral": _arae(critic={"constraint": {"kind": "spectral_norm"}}),
    "arae-transfer": _arae(
        system="arae_transfer", classifier={"hidden": [8, 8], "steps": 2, "target": "other"}
    ),
    "arae-transfer-uniform": _arae(
        system="arae_transfer",
        classifier={"hidden": [8], "target": "uniform", "batch_norm": "none"},
        autoencoder=_ADAM,
    ),
    "cross-aligned": {
        "system": "cross_aligned",
        **_COMMON,
        "embedding": 6,
        "style": 3,
        "latent": 8,
        "dropout": 0.1,
        "discriminator": {"widths": [1, 2, 5], "filters": 4, "dropout": 0.1},
        "gate": 9.0,
    },
    "nli-supervised": {"system": "nli_ae", **_COMMON, **_SIZES, "pairs": _PAIRS},
    "nli-ae": {
        "system": "nli_ae",
        **_COMMON,
        **_SIZES,
        "autoencoder": _ADAM,
        "pairs": {**_PAIRS, "joint": True},
    },
    "nli-arae": _arae(system="nli_arae", pairs={**_PAIRS, "pretrain_epochs": 1, "joint": True}),
}

# What a recipe of `vae` or `ae` can also be: one of each sort of object.
OBJECTS: dict[str, dict[str, Any]] = {
    "vae-controlled": {
        "system": "vae",
        **_COMMON,
        **_SIZES,
        "autoencoder": _ADAM,
        "prior": {"kind": "mixture", "components": 3},
        "gap": {"kind": "sampled_kl", "samples": 2},
        "weight": {"kind": "pi", "target": 1.0, "kp": 0.5, "ki": 0.1},
    },
    "vae-free-bits": {
        "system": "vae",
        **_COMMON,
        **_SIZES,
        "autoencoder": _ADAM,
        "floor": {"kind": "per_dimension", "nats": 0.1},
        "weight": {"kind": "cyclical"},
        "corruption": {"kind": "blank", "rate": 0.3},
    },
    "ae-denoising": {
        "system": "ae",
        **_COMMON,
        **_SIZES,
        "autoencoder": _ADAM,
        "corruption": {"kind": "drop", "rate": 0.4},
    },
}

_IMAGE: dict[str, Any] = {
    "epochs": 3,
    "batch_size": 8,
    "log_every": 4,
    "encoder": {"hidden": [10]},
    "decoder": {"hidden": [10]},
    "autoencoder": _ADAM,
    "selection": {"samples": 40},
}
IMAGE_RECIPES: dict[str, dict[str, Any]] = {
    "image-ae": {"system": "ae", **_IMAGE, "latent": 6},
    "image-vae": {
        "system": "vae",
        **_IMAGE,
        "latent": 4,
        "weight": {"kind": "linear", "epochs": 2.0},
    },
    "image-aae": {"system": "aae", **_IMAGE, "latent": 4, "discriminator": [8]},
    "image-arae": {
        "system": "arae",
        **_IMAGE,
        "latent": 6,
        "generator": {"noise": 4, "hidden": [8, 8]},
        "critic": {"hidden": [8, 8], "steps": 2},
        "encoder_gradient": {
            "weight": 0.2,
            "every_critic_step": True,
            "shares_autoencoder": False,
            "optimiser": {"kind": "sgd", "lr": 1.0},
        },
    },
    "image-arae-code": {
        "system": "arae",
        **_IMAGE,
        "latent": 6,
        "generator": {"noise": 4, "hidden": [8, 8]},
        "critic": {"hidden": [8, 8], "steps": 2},
        "adversarial_std": 0.5,
    },
}
# Images of as many pixels as the toy text has word types.
SHAPE = (4, 6)


def toy_text(sentences: int = 64, seed: int = 0, longest: int = 7) -> EncodedText:
    """Random sentences of 1 … `longest` words, labelled at random."""
    rng = np.random.default_rng(seed)
    lengths = rng.integers(1, longest + 1, sentences)
    offsets = np.array([0, *itertools.accumulate(lengths)], dtype=np.int64)
    ids = rng.integers(4, VOCABULARY_SIZE, offsets[-1]).astype(np.int32)
    labels = rng.integers(0, len(LABELS), sentences).astype(np.uint8)
    return EncodedText(ids, offsets, labels, LABELS)


def toy_store(sentences: int = 64, seed: int = 0) -> TextStore:
    """The same, ready to be batched."""
    return TextStore(toy_text(sentences, seed))


def toy_system(name: str, seed: int = 1, **changes: Any) -> System:
    """A freshly initialised tiny system."""
    domain = IMAGES if name in IMAGE_RECIPES else TEXT
    values = {**RECIPES, **OBJECTS, **IMAGE_RECIPES}[name] | changes
    recipe = parse_recipe(values, domain=domain)
    return build_system(recipe, VOCABULARY_SIZE, seed, len(LABELS))


def toy_images(count: int = 64, seed: int = 0) -> Images:
    """Random binary images with random labels."""
    rng = np.random.default_rng(seed)
    pixels = rng.integers(0, 2, (count, *SHAPE)).astype(np.uint8)
    return Images(pixels, rng.integers(0, 10, count).astype(np.uint8))


def store_for(name: str, count: int = 64, seed: int = 0) -> Store:
    """Sentences or images, whatever the recipe is about."""
    if name in IMAGE_RECIPES:
        return ImageStore(toy_images(count, seed).pixels)
    return toy_store(count, seed)


def validation_for(name: str, store: Any, seed: int) -> Any:
    """What judges the recipe's system at an epoch's end, on 20 sentences or images."""
    if name in IMAGE_RECIPES:
        return ImageValidation(store, toy_images(20, seed), seed=1)
    return Validation(store, toy_text(20, seed=seed), DecodingSettings(), seed=1)
