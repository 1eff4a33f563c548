"""Example:

  arae schema --out workflow/schemas/params.schema.json

The schema is made from the settings classes of sources, systems and evaluation, so that the
workflow can check params.yaml at once, without importing them. What the file does not know yet (a new
system, one of another package, a new setting) is looked up in the code itself, which takes two seconds more:
run this after such a change. With `--params params.yaml` systems of other packages that it names are listed,
too.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from arae.foundation.files import write_json
from arae.foundation.settings import load_params


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The verb's options."""
    parser.add_argument("--out", type=Path, required=True, help="JSON file to write")
    parser.add_argument("--params", type=Path, help="list the systems that this params.yaml names")


def run(arguments: argparse.Namespace) -> None:
    """Write the schema of params.yaml."""
    params = load_params(arguments.params) if arguments.params else {}
    write_json(arguments.out, params_schema(params))


def params_schema(params: Mapping[str, Any] = MappingProxyType({})) -> dict[str, Any]:
    """JSON schema of params.yaml with every recipe's base resolved.

    Beside the systems of this package it lists those that the recipes of `params` name. `recipes` is of what
    is trained on text; `$defs` has the same of every domain, for a schema cannot look up a recipe's corpus.
    """
    from arae.corpora.source import TEXT
    from arae.corpora.sources import IMAGE_SOURCES, SOURCES
    from arae.evaluation.classifiers import classifier_settings
    from arae.evaluation.scoring import NgramSettings
    from arae.foundation.schema import schema_of
    from arae.generation.decode import DecodingSettings
    from arae.reporting.kinds.registry import KINDS
    from arae.reporting.study import StudySettings
    from arae.systems.names import DOMAINS
    from arae.systems.registry import domains_of, settings_class, system_names
    from arae.text.bounds import Bounds
    from arae.text.tokenizer import TokenSettings
    from arae.text.vocabulary import VocabularySettings

    sources, image_sources = (
        {kind: schema_of(cls, kind={"const": kind}) for kind, cls in table.items()}
        for table in (SOURCES, IMAGE_SOURCES)
    )
    names = sorted({*system_names(), *_further(params)})
    sampling = {"sampling": schema_of(DecodingSettings)}
    recipes = {
        domain: _named(
            _one_of(
                "system",
                {
                    name: schema_of(
                        settings_class(name, domain=domain),
                        **(sampling if settings_class(name, domain=domain).has_sampling else {}),
                    )
                    for name in names
                    if domain in domains_of(name)
                },
            )
        )
        for domain in DOMAINS
    }
    studies = {kind: _study(schema_of, StudySettings, kind) for kind in sorted(KINDS)}
    text = _object(
        {
            "source": _one_of("kind", {**sources, **image_sources}),
            "tokens": schema_of(TokenSettings),
            "vocabulary": schema_of(VocabularySettings),
            "bounds": schema_of(Bounds),
        },
        optional=("bounds",),
    )
    images = _object({"source": _one_of("kind", image_sources)})
    image_kind = {"properties": {"kind": {"enum": list(image_sources)}}, "required": ["kind"]}
    corpus = {
        "type": "object",
        "if": {"properties": {"source": image_kind}, "required": ["source"]},
        "then": images,
        "else": text,
    }
    evaluation = {
        "samples": {"type": "integer", "minimum": 1},
        "language_model": schema_of(settings_class("lm")),
        "ngram": schema_of(NgramSettings),
        "classifiers": {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                kind: schema_of(settings) for kind, settings in classifier_settings().items()
            },
        },
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **_object(
            {
                "corpora": _named(corpus),
                "recipes": recipes[TEXT],
                "evaluation": _named(_object(evaluation, optional=("ngram", "classifiers"))),
                "studies": _named(_one_of("kind", studies)),
            }
        ),
        "$defs": {domain: recipes[domain] for domain in recipes if domain != TEXT},
    }


def _further(params: Mapping[str, Any]) -> set[str]:
    """Systems of other packages that recipes name."""
    from arae.systems.names import is_name, system_module
    from arae.systems.registry import system_names

    named = {
        recipe["system"]: f"recipes.{name}"
        for name, recipe in params.get("recipes", {}).items()
        if isinstance(recipe, dict) and is_name(recipe.get("system"))
    }
    own = {f"arae.systems.{name}" for name in named}
    return {
        system
        for system, where in named.items()
        if system not in system_names() and system_module(system, where) not in own
    }


def _study(schema_of: Any, settings: type, kind: str) -> dict[str, Any]:
    from arae.evaluation.image_scoring import ImageScoreSettings
    from arae.probes.probe import find_probe, probe_names

    parts: dict[str, Any] = {"evaluation": {"type": "string"}, "kind": {"const": kind}}
    if kind in probe_names():
        parts["probe"] = schema_of(find_probe(kind).Settings)
    if kind == "images":
        parts["probe"] = schema_of(ImageScoreSettings)
    schema: dict[str, Any] = schema_of(settings, **parts)
    return schema


def _object(properties: Mapping[str, Any], optional: tuple[str, ...] = ()) -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": dict(properties),
        "required": [name for name in properties if name not in optional],
    }


def _named(entry: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": entry}


def _one_of(key: str, variants: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    """Whichever variant `key` names; unlike `oneOf`, errors speak of that variant alone."""
    return {
        "type": "object",
        "required": [key],
        "properties": {key: {"enum": list(variants)}},
        "allOf": [
            {"if": {"properties": {key: {"const": name}}, "required": [key]}, "then": variant}
            for name, variant in variants.items()
        ],
    }
