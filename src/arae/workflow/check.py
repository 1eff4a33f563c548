"""Checks of params.yaml as a whole: its shape by the JSON schema, names that refer to others, places."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from arae.corpora.source import TEXT
from arae.corpora.sources import domain_of
from arae.foundation.code import PACKAGE_ROOT
from arae.foundation.errors import SettingsError
from arae.foundation.files import read_json
from arae.foundation.schema import check
from arae.foundation.settings import suggest
from arae.reporting.kinds.registry import KINDS, kind_of
from arae.workflow.places import check_places

SECTIONS = ("corpora", "recipes", "evaluation", "studies")
# Names become folders, Snakemake targets and DVC keys (where a dot would separate levels).
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
_TEXTS = ("real", "forward")
_RULE = re.compile(r"(?m)^(?:use )?rule (?:\w+ as )?(\w+)")


@functools.cache
def _rules() -> frozenset[str]:
    """Names of the workflow's rules, beside which a study is a target of its name."""
    root = PACKAGE_ROOT.parents[1]
    files = [root / "Snakefile", *root.glob("workflow/rules/*.smk")]
    texts = [path.read_text(encoding="utf-8") for path in files if path.is_file()]
    return frozenset(
        [name for text in texts for name in _RULE.findall(text)]
        + [f"tabulate_{kind}" for kind in KINDS]
    )


def check_params(
    params: Mapping[str, Any], where: str = "params.yaml", schema: str | Path | None = None
) -> None:
    """Raise `SettingsError`, naming the key and the nearest valid name, unless all is well.

    `params` has every recipe's base resolved. `schema` is a JSON schema file; without it only
    sections, names and references are checked.
    """
    for section in SECTIONS:
        if not isinstance(params.get(section), dict):
            raise SettingsError(f"{where}: the section '{section}' is missing or not a mapping")
    if schema is not None:
        _check_shape(params, f"{where}: ", schema)
    for section in SECTIONS:
        _check_names(params[section], f"{where}: {section}")
    for name, recipe in params["recipes"].items():
        _check_recipe(name, recipe, params, where)
    for name, study in params["studies"].items():
        _check_study(name, study, params, where)
    check_places(params, where)


def _check_shape(params: Mapping[str, Any], prefix: str, schema: str | Path) -> None:
    """By the schema file; what it does not know may be newer than it, so that then the code is asked."""
    try:
        check_against(params, read_json(schema), prefix)
    except SettingsError:
        from arae.stages.schema import params_schema

        check_against(params, params_schema(params), prefix)


def check_against(params: Mapping[str, Any], schema: Mapping[str, Any], prefix: str) -> None:
    """Raise `SettingsError` for the first fault by a schema, each recipe judged by its corpus's domain."""
    recipes: dict[str, dict[str, Any]] = {TEXT: {}}
    for name, recipe in params["recipes"].items():
        recipes.setdefault(_domain_of(recipe, params["corpora"]), {})[name] = recipe
    known = {TEXT: schema["properties"].get("recipes", {}), **schema.get("$defs", {})}
    for domain, some in recipes.items():
        _check_systems(some, known, domain, f"{prefix}recipes")
    check({**params, "recipes": recipes.pop(TEXT)}, schema, prefix)
    for domain, some in recipes.items():
        check({"recipes": some}, {"properties": {"recipes": known.get(domain, {})}}, prefix)


def _domain_of(recipe: Any, corpora: Mapping[str, Any]) -> str:
    name = recipe.get("corpus") if isinstance(recipe, dict) else None
    corpus = corpora.get(name) if isinstance(name, str) else None
    return domain_of(corpus.get("source")) if isinstance(corpus, dict) else TEXT


def _check_systems(
    recipes: Mapping[str, Any], known: Mapping[str, Any], domain: str, where: str
) -> None:
    """Raise `SettingsError` for a system that is of another domain than the recipe's corpus."""
    systems = {key: _systems_in(recipes) for key, recipes in known.items()}
    for name, recipe in recipes.items():
        system = recipe.get("system") if isinstance(recipe, dict) else None
        if not isinstance(system, str) or system in systems.get(domain, ()):
            continue
        if others := [key for key, names in systems.items() if system in names]:
            raise SettingsError(
                f"{where}.{name}.system: '{system}' is of {others[0]}, and the corpus '{recipe.get('corpus')}' is "
                f"{domain}; systems of {domain}: {', '.join(systems.get(domain, ()))}"
            )


def _systems_in(schema: Mapping[str, Any]) -> list[str]:
    """Systems that a schema of recipes lists."""
    recipe = schema.get("additionalProperties", {}).get("properties", {})
    return sorted(recipe.get("system", {}).get("enum", ()))


def _check_names(names: Iterable[Any], where: str) -> None:
    for name in names:
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise SettingsError(
                f"{where}.{name}: a name is made of letters, digits, '-' and '_'; rename it"
            )


def _check_recipe(name: str, recipe: Mapping[str, Any], params: Mapping[str, Any], at: str) -> None:
    if name in _TEXTS:
        raise SettingsError(f"{at}: recipes.{name}: this name is reserved; rename the recipe")
    where = f"{at}: recipes.{name}"
    _refer(recipe, "corpus", params["corpora"], where)
    chain = [name]
    while (start := params["recipes"][chain[-1]].get("start")) is not None:
        place = f"{at}: recipes.{chain[-1]}.start"
        if not isinstance(start, dict):
            raise SettingsError(f"{place}: expected a mapping, got {start!r}")
        _refer(start, "recipe", params["recipes"], place)
        chain.append(start["recipe"])
        if chain[-1] in chain[:-1]:
            raise SettingsError(
                f"{place}.recipe: a circle of recipes that start from one another: {' → '.join(chain)}"
            )
        corpus = params["recipes"][chain[-1]].get("corpus")
        if corpus != recipe["corpus"]:
            raise SettingsError(
                f"{place}.recipe: '{chain[-1]}' is trained on '{corpus}', but '{chain[-2]}' on "
                f"'{recipe['corpus']}', whose words have other ids; start from a recipe of the same corpus"
            )


def _check_study(name: str, study: Mapping[str, Any], params: Mapping[str, Any], at: str) -> None:
    where = f"{at}: studies.{name}"
    if name in _rules():
        raise SettingsError(f"{where}: this is the name of a rule; rename the study")
    kind = kind_of(str(study.get("kind")), f"{where}.kind")
    _refer(study, "corpus", params["corpora"], where)
    if kind.family.evaluated:
        _refer(study, "evaluation", params["evaluation"], where)
    systems = study.get("systems")
    if not isinstance(systems, dict) or not systems:
        raise SettingsError(f"{where}.systems: expected a mapping from labels to recipes")
    for label, recipe in systems.items():
        if recipe not in params["recipes"]:
            hint = suggest(str(recipe), params["recipes"])
            raise SettingsError(f"{where}.systems.{label}: no recipe '{recipe}'{hint}")
        corpus = params["recipes"][recipe]["corpus"]
        if corpus != study["corpus"]:
            raise SettingsError(
                f"{where}.systems.{label}: the recipe '{recipe}' is trained on '{corpus}', "
                f"but the study is about '{study['corpus']}'; choose a recipe of that corpus"
            )
    _check_seeds(study.get("seeds"), f"{where}.seeds")
    claims = study.get("claims", [])
    if not isinstance(claims, list):
        raise SettingsError(f"{where}.claims: expected a list, got {claims!r}")
    kind.require_claims(study, f"{where}.claims")


def _check_seeds(seeds: Any, where: str) -> None:
    whole = isinstance(seeds, list) and all(type(seed) is int and seed >= 0 for seed in seeds)
    if not whole or not seeds or len(set(seeds)) != len(seeds):
        raise SettingsError(f"{where}: expected a list of different whole numbers, got {seeds!r}")


def _refer(values: Mapping[str, Any], key: str, known: Mapping[str, Any], where: str) -> None:
    if key not in values:
        raise SettingsError(f"{where}.{key}: missing; known: {', '.join(sorted(known))}")
    if values[key] not in known:
        raise SettingsError(f"{where}.{key}: no '{values[key]}'{suggest(str(values[key]), known)}")
