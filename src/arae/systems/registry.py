"""Finding systems by name: every module of this package with `Settings` and `build` is one.

So is a module of another package, by its dotted name or by an entry point of the group `arae.systems`.

What a system is trained on, its corpus says. A system whose settings name no domain is one of every domain:
its recipes have its own settings and the domain's, which build the encoder and the decoder. `DEFAULTS` of a
module are fields (domain → name → field) that differ in a domain.
"""

from __future__ import annotations

import functools
import importlib
import inspect
import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any, cast

import arae.systems as package
from arae.corpora.source import TEXT
from arae.foundation.errors import SettingsError
from arae.foundation.settings import parse_settings, suggest, type_hints
from arae.systems.names import DOMAINS, is_name, system_module
from arae.systems.system import RecipeSettings, System


def system_names(domain: str | None = None) -> list[str]:
    """Names of all systems, or of those of a domain, sorted."""
    names = (module.name for module in pkgutil.iter_modules(package.__path__))
    found = sorted(name for name in names if hasattr(_module(name), "build"))
    return [name for name in found if domain is None or domain in domains_of(name)]


def domains_of(name: str, where: str = "recipe") -> tuple[str, ...]:
    """What a system can be trained on."""
    own = getattr(_own_settings(name, where), "domain", TEXT)
    return (own,) if own else tuple(DOMAINS)


def parse_recipe(
    values: Mapping[str, Any], where: str = "recipe", domain: str = TEXT
) -> RecipeSettings:
    """The typed settings of a recipe for a corpus of a domain; its key `system` names the system."""
    name = values.get("system")
    if not is_name(name):
        raise SettingsError(f"{where}.system: expected the name of a system, got {name!r}")
    cls = settings_class(str(name), where, domain)
    for other in domains_of(str(name), where):
        meant = settings_class(str(name), where, other).__dataclass_fields__
        for key in values:
            if key in meant and key not in cls.__dataclass_fields__:
                raise SettingsError(
                    f"{where}.{key}: a setting of {other}, which means nothing of {domain}; leave it out"
                )
    return cast(RecipeSettings, parse_settings(cls, values, where))


def settings_class(name: str, where: str = "recipe", domain: str = TEXT) -> type[RecipeSettings]:
    """The settings dataclass of a system's recipes for corpora of a domain."""
    own, able = _own_settings(name, where), domains_of(name, where)
    if domain not in able:
        raise SettingsError(
            f"{where}.system: '{name}' is no system of {domain}; systems of {domain}: "
            f"{', '.join(system_names(domain))}"
        )
    return _of_domain(name, domain) if len(able) > 1 else own


def build_system(settings: RecipeSettings, size: int, seed: int, labels: int = 0) -> System:
    """A freshly initialised system of things of `size` word types or pixels.

    Weights depend on `seed` only. `labels`: number of classes of the corpus, for systems whose `build`
    asks for it.
    """
    build = _module(settings.system).build
    arguments = (settings, size, seed)
    if "labels" not in inspect.signature(build).parameters:
        return cast(System, build(*arguments))
    if labels < 2:
        raise SettingsError(
            f"recipe.system: '{settings.system}' needs a corpus with at least two labels, and "
            f"'{settings.corpus}' has {labels or 'none'}; give its files labels"
        )
    return cast(System, build(*arguments, labels=labels))


def _own_settings(name: str, where: str) -> type[RecipeSettings]:
    try:
        return cast(type[RecipeSettings], _module(name, where).Settings)
    except (ModuleNotFoundError, AttributeError) as error:
        if "." in name:
            raise SettingsError(f"{where}.system: '{name}' cannot be imported: {error}") from error
        raise SettingsError(
            f"{where}.system: no system '{name}'{suggest(name, system_names())}"
        ) from None


@functools.cache
def _of_domain(name: str, domain: str) -> type[RecipeSettings]:
    """A system's own settings with those of a domain over them."""
    own = _own_settings(name, "recipe")
    module, of_domain = DOMAINS[domain]
    over = getattr(importlib.import_module(module), of_domain)
    hints = type_hints(over) | type_hints(cast(type, own))
    fields = getattr(_module(name), "DEFAULTS", {}).get(domain, {})
    body = {
        "__doc__": own.__doc__,
        "__module__": own.__module__,
        "__annotations__": {key: hints[key] for key in fields},
        **fields,
    }
    cls = type(f"{domain.title()}Settings", (over, own), body)
    made: Any = dataclass(frozen=True, kw_only=True)(cls)
    return cast(type[RecipeSettings], made)


def _module(name: str, where: str = "recipe") -> ModuleType:
    return importlib.import_module(system_module(name, where))
