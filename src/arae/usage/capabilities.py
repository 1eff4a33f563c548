"""What some systems can do and others cannot, told by their classes."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from arae.foundation.errors import SettingsError
from arae.systems.names import system_module
from arae.systems.registry import system_names
from arae.systems.system import System


@dataclass(frozen=True)
class Capability:
    """A test of a system's class, and the words for failing it."""

    test: Callable[[type[System]], bool]
    lacking: str

    def of(self, system: System) -> bool:
        """Whether a system has it."""
        return self.test(type(system))


def _encodes(system: type[System]) -> bool:
    return system.has_codes


ENCODING = Capability(_encodes, "has no encoder, so it cannot read a sentence into a code")


def require(system: System, capability: Capability) -> Any:
    """`system`, if it has the capability; else a `SettingsError` that names the systems that do."""
    if capability.of(system):
        return system
    able = [name for name in system_names() if any(map(capability.test, _classes(name)))]
    raise SettingsError(
        f"this model's system, {system.settings.system}, {capability.lacking}; "
        f"systems that can: {', '.join(able)}"
    )


def _classes(name: str) -> list[type[System]]:
    """The systems that a module of `arae.systems` defines."""
    module = importlib.import_module(system_module(name))
    return [
        part
        for _, part in inspect.getmembers(module, inspect.isclass)
        if issubclass(part, System) and part.__module__ == module.__name__
    ]
