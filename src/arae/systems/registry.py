"""Finding systems by name: every module of this package with `Settings` and `build` is one.

So is a module of another package, by its dotted name or by an entry point of the group `arae.systems`.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Mapping
from types import ModuleType
from typing import Any, cast

import arae.systems as package
from arae.foundation.errors import SettingsError
from arae.foundation.settings import parse_settings, suggest
from arae.systems.names import is_name, system_module
from arae.systems.system import System, TrainingSettings


def system_names() -> list[str]:
    """Names of all systems, sorted."""
    names = (module.name for module in pkgutil.iter_modules(package.__path__))
    return sorted(name for name in names if hasattr(_module(name), "build"))


def parse_recipe(values: Mapping[str, Any], where: str = "recipe") -> TrainingSettings:
    """The typed settings of a recipe; the system is named by its key `system`."""
    name = values.get("system")
    if not is_name(name):
        raise SettingsError(f"{where}.system: expected the name of a system, got {name!r}")
    return cast(TrainingSettings, parse_settings(settings_class(str(name), where), values, where))


def settings_class(name: str, where: str = "recipe") -> type[TrainingSettings]:
    """The settings dataclass of a system."""
    try:
        return cast(type[TrainingSettings], _module(name, where).Settings)
    except (ModuleNotFoundError, AttributeError) as error:
        if "." in name:
            raise SettingsError(f"{where}.system: '{name}' cannot be imported: {error}") from error
        raise SettingsError(
            f"{where}.system: no system '{name}'{suggest(name, system_names())}"
        ) from None


def build_system(
    settings: TrainingSettings, vocabulary_size: int, seed: int, labels: int = 0
) -> System:
    """A freshly initialised system; weights depend on `seed` only.

    `labels`: number of classes of the corpus, for systems whose `build` asks for it.
    """
    build = _module(settings.system).build
    arguments = (settings, vocabulary_size, seed)
    if "labels" not in inspect.signature(build).parameters:
        return cast(System, build(*arguments))
    if labels < 2:
        raise SettingsError(
            f"recipe.system: '{settings.system}' needs a corpus with at least two labels, and "
            f"'{settings.corpus}' has {labels or 'none'}; give its files labels"
        )
    return cast(System, build(*arguments, labels=labels))


def _module(name: str, where: str = "recipe") -> ModuleType:
    return importlib.import_module(system_module(name, where))
