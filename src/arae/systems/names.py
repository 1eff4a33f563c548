"""Which modules a system is made of, from its name and its domain's alone; no model is imported for it."""

from __future__ import annotations

import functools
import sys
from importlib.metadata import entry_points
from pathlib import Path

from arae.corpora.source import IMAGES, TEXT
from arae.foundation.code import defines, module_exists
from arae.foundation.errors import SettingsError

GROUP = "arae.systems"
# Where the settings are that make a system one of a domain, by their name there.
DOMAINS = {
    TEXT: ("arae.systems.autoencoder", "TextSettings"),
    IMAGES: ("arae.systems.images", "ImageSettings"),
}


def system_module(name: str, where: str = "recipe") -> str:
    """The module of a system: `arae.systems.NAME`, an entry point of that group, or NAME itself.

    A name with a dot is a module of another package: one that is installed, on PYTHONPATH, or in the
    current folder. `SettingsError` if it is not there.
    """
    if "." in name:
        if not module_exists(name):
            raise SettingsError(
                f"{where}.system: no module '{name}'; install its package, add its folder to "
                "PYTHONPATH, or put it beside params.yaml"
            )
        # Read before it is imported: a recipe may come with a stranger's model.
        if missing := {"Settings", "build"} - defines(name):
            raise SettingsError(
                f"{where}.system: the module '{name}' is no system: it has no "
                f"{' and no '.join(sorted(missing))}"
            )
        return name
    return _given(tuple(sys.path), str(Path.cwd())).get(name, f"{GROUP}.{name}")


@functools.lru_cache(maxsize=8)
def _given(path: tuple[str, ...], folder: str) -> dict[str, str]:
    """Modules by the names that installed packages give them, found once: all their files are read.

    What is found depends on the path, and on the folder where the path has relative parts.
    """
    found: dict[str, str] = {}
    for point in entry_points(group=GROUP):
        found.setdefault(point.name, point.value)
    return found


def modules_of(name: str, domain: str, where: str = "recipe") -> list[str]:
    """What is imported by name for a system that is trained on a domain.

    Settings of text stand beside the base of the systems that can be of images, so that these import them.
    """
    return [system_module(name, where), *([] if domain == TEXT else [DOMAINS[domain][0]])]


def is_name(name: object) -> bool:
    """Whether it may name a system: an identifier, or several with dots between."""
    return isinstance(name, str) and all(part.isidentifier() for part in name.split("."))
