"""The kinds of study: every module of this package with a `KIND` is one."""

from __future__ import annotations

import importlib
import pkgutil

import arae.reporting.kinds as package
from arae.foundation.errors import SettingsError
from arae.foundation.settings import suggest
from arae.reporting.study import StudyKind


def module_of(kind: str) -> str:
    """The module of a kind, which no import statement shows."""
    return f"{package.__name__}.{kind}"


def _found() -> dict[str, StudyKind]:
    names = [module.name for module in pkgutil.iter_modules(package.__path__)]
    modules = {
        name: importlib.import_module(module_of(name)) for name in names if name != "registry"
    }
    kinds = {name: module.KIND for name, module in modules.items() if hasattr(module, "KIND")}
    return dict(sorted(kinds.items(), key=lambda item: (item[1].place, item[0])))


# In the order of the paper, which is the order of a report.
KINDS = _found()


def kind_of(name: str, where: str) -> StudyKind:
    """The kind called `name`; a `SettingsError` naming the valid ones otherwise."""
    if name not in KINDS:
        raise SettingsError(f"{where}: no kind of study '{name}'{suggest(name, KINDS)}")
    return KINDS[name]
