"""params.yaml and typed settings: loading, inheritance, validation with helpful messages.

Every settings class of the project is a frozen dataclass beside the code that it configures;
`parse_settings` builds one from plain JSON values, and `schema_of` describes it as JSON schema.
"""

from __future__ import annotations

import copy
import dataclasses
import difflib
import functools
import re
import types
import typing
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import yaml

from arae.foundation.errors import SettingsError
from arae.foundation.files import DEEPEST, is_too_deep, parse_json

Settings = TypeVar("Settings")

# YAML 1.1 (PyYAML) reads 1e-05 as a string, YAML 1.2 (DVC, people) as a number.
_FLOAT_1_2 = re.compile(r"[-+]?(\d+(\.\d*)?|\.\d+)[eE][-+]?\d+")


class _Loader(yaml.SafeLoader):
    """SafeLoader that reads 1e-05 as a float and refuses a key given twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key_node, _ in node.value:
            if key_node.value in seen and key_node.value != "<<":
                line = key_node.start_mark.line + 1
                raise SettingsError(f"line {line}: the key '{key_node.value}' is given twice")
            seen.add(key_node.value)
        return super().construct_mapping(node, deep)


_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(_FLOAT_1_2.pattern + r"\Z"), list("-+.0123456789")
)


def load_yaml(path: str | Path) -> Any:
    """Read a YAML file with YAML 1.2 floats; errors name the file and line."""
    try:
        value = yaml.load(Path(path).read_text(encoding="utf-8"), Loader=_Loader)
    except FileNotFoundError as error:
        raise SettingsError(f"{path}: not found; run from the project's root") from error
    except SettingsError as error:
        raise SettingsError(f"{path}: {error}") from error
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise SettingsError(
            f"{path}: not readable as YAML: {' '.join(str(error).split())}"
        ) from error
    if is_too_deep(value):
        raise SettingsError(f"{path}: nested more than {DEEPEST} levels deep")
    return value


def load_params(path: str | Path = "params.yaml") -> dict[str, Any]:
    """Load params.yaml with every recipe's `base` chain resolved.

    A recipe without a `system` serves as a base only and is left out of the result.
    """
    return resolve_params(load_yaml(path), str(path))


def resolve_params(raw: Any, where: str) -> dict[str, Any]:
    """As `load_params`, of what params.yaml holds; `raw` itself stays as it is."""
    if not isinstance(raw, dict) or not isinstance(raw.get("recipes") or {}, dict):
        raise SettingsError(f"{where}: expected the sections corpora, recipes, evaluation, studies")
    recipes = raw.get("recipes") or {}
    resolved = {name: resolve_base(name, recipes) for name in recipes}
    kept = {name: recipe for name, recipe in resolved.items() if "system" in recipe}
    return {**raw, "recipes": kept}


def resolve_base(
    name: str, entries: Mapping[str, Any], chain: tuple[str, ...] = ()
) -> dict[str, Any]:
    """The entry `name` laid over its `base` (nested mappings merge, anything else replaces)."""
    if name in chain:
        raise SettingsError(f"recipes.{name}: circular base: {' -> '.join((*chain, name))}")
    if len(chain) > DEEPEST:
        raise SettingsError(f"recipes.{chain[0]}: a chain of more than {DEEPEST} bases")
    if name not in entries:
        raise SettingsError(f"recipes.{chain[-1]}.base: no recipe '{name}'{suggest(name, entries)}")
    entry = entries[name]
    if not isinstance(entry, dict):
        raise SettingsError(f"recipes.{name}: expected settings, got {entry!r}")
    own = {key: value for key, value in entry.items() if key != "base"}
    if "base" not in entry:
        return copy.deepcopy(own)
    return merge(resolve_base(str(entry["base"]), entries, (*chain, name)), own)


def merge(below: dict[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """`below` with `above` laid over it, in a new dictionary."""
    result = copy.deepcopy(below)
    for key, value in above.items():
        if isinstance(value, dict) and isinstance(result.get(key), dict):
            result[key] = merge(result[key], value)
        else:
            result[key] = copy.deepcopy(value)
    return result


def suggest(name: str, known: Iterable[str]) -> str:
    """`; did you mean 'x'?` for the nearest known name, or the list of known ones."""
    names = sorted(str(item) for item in known)
    near = difflib.get_close_matches(str(name), names, n=1)
    if near:
        return f"; did you mean '{near[0]}'?"
    return f"; known: {', '.join(names)}" if names else ""


def read_settings(text: str) -> dict[str, Any]:
    """The value of a `--settings` argument.

    Either JSON text (`{"size": 5000}`), or `FILE`, or `FILE#section.name` for a part of a YAML or
    JSON file (`params.yaml#recipes.arae-scenes`; recipes come with their base resolved).
    """
    if text.lstrip().startswith("{"):
        try:
            value = parse_json(text)
        except ValueError as error:
            raise SettingsError(f"--settings: not readable as JSON ({error})") from error
    else:
        file, _, pointer = text.partition("#")
        value = load_params(file) if pointer.startswith("recipes.") else load_yaml(file)
        for key in filter(None, pointer.split(".")):
            if not isinstance(value, dict) or key not in value:
                known = value if isinstance(value, dict) else ()
                raise SettingsError(f"{text}: no key '{key}'{suggest(key, known)}")
            value = value[key]
    if not isinstance(value, dict):
        raise SettingsError(f"--settings {text}: expected a mapping, got {value!r}")
    return value


def parse_settings(
    cls: type[Settings], values: Mapping[str, Any], where: str = "settings"
) -> Settings:
    """Build the dataclass `cls` from plain values, checking names, types and ranges.

    Of a nested mapping, too, keys that are not given have their defaults: those of the field, which may
    be others than its class has by itself. Raises `SettingsError` naming the key and the nearest valid
    one. A class may define `check(self)` raising `ValueError` for constraints between values.
    """
    if not isinstance(values, Mapping):
        raise SettingsError(f"{where}: expected a mapping, got {values!r}")
    fields = {field.name: field for field in dataclasses.fields(cls)}  # type: ignore[arg-type]
    hints = type_hints(cls)  # type: ignore[arg-type]
    for key in values:
        if key not in fields:
            raise SettingsError(f"{where}.{key}: unknown key{suggest(key, fields)}")
    built = {}
    for name, field in fields.items():
        if name in values:
            value = _over_default(field, values[name])
            built[name] = _convert(hints[name], value, f"{where}.{name}", field.metadata)
        elif field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
            raise SettingsError(f"{where}.{name}: missing; it has no default")
    settings = cls(**built)
    check = getattr(settings, "check", None)
    if check is not None:
        try:
            check()
        except ValueError as error:
            raise SettingsError(f"{where}: {error}") from error
    return settings


def _over_default(field: dataclasses.Field[Any], value: Any) -> Any:
    """A mapping laid over the settings that a field holds by default; any other value as it is."""
    if not isinstance(value, dict) or field.default_factory is dataclasses.MISSING:
        return value
    default = field.default_factory()
    return merge(plain(default), value) if dataclasses.is_dataclass(default) else value


def bounded(
    default: Any = dataclasses.MISSING, *, low: float | None = None, high: float | None = None
) -> Any:
    """A dataclass field whose number must lie in [low, high]."""
    return dataclasses.field(default=default, metadata={"low": low, "high": high})


def nested(cls: type, **overrides: Any) -> Any:
    """A dataclass field holding another settings class, built from its defaults."""
    return dataclasses.field(default_factory=functools.partial(cls, **overrides))


@functools.cache
def type_hints(cls: type) -> dict[str, Any]:
    """Resolved annotations of a settings class."""
    return typing.get_type_hints(cls)


def _convert(hint: Any, value: Any, where: str, limits: Mapping[str, Any]) -> Any:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        if value is None and type(None) in arguments:
            return None
        if (
            any(isinstance(value, a) for a in arguments if a in (str, bool, int))
            and type(value) in arguments
        ):
            return value
        hint = next(a for a in arguments if a is not type(None) and (a is not str))
        return _convert(hint, value, where, limits)
    if origin is typing.Literal:
        if value not in arguments:
            raise SettingsError(
                f"{where}: '{value}' is not one of its values{suggest(value, arguments)}"
            )
        return value
    if dataclasses.is_dataclass(hint):
        return parse_settings(hint, value, where)  # type: ignore[arg-type]
    if origin is tuple:
        if not isinstance(value, list | tuple):
            raise SettingsError(f"{where}: expected a list, got {value!r}")
        return tuple(
            _convert(arguments[0], item, f"{where}[{i}]", limits) for i, item in enumerate(value)
        )
    if origin is dict:
        if not isinstance(value, dict):
            raise SettingsError(f"{where}: expected a mapping, got {value!r}")
        return {
            key: _convert(arguments[1], item, f"{where}.{key}", limits)
            for key, item in value.items()
        }
    return _scalar(hint, value, where, limits)


def _scalar(hint: Any, value: Any, where: str, limits: Mapping[str, Any]) -> Any:
    if hint is Any:
        return value
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if type(value) is not hint:
        raise SettingsError(f"{where}: expected {hint.__name__}, got {value!r}")
    low, high = limits.get("low"), limits.get("high")
    if low is not None and not value >= low:
        raise SettingsError(f"{where}: {value} is below its least value {low:g}")
    if high is not None and not value <= high:
        raise SettingsError(f"{where}: {value} is above its greatest value {high:g}")
    return value


def plain(settings: Any) -> Any:
    """Settings dataclasses as plain JSON values, defaults included."""
    if dataclasses.is_dataclass(settings) and not isinstance(settings, type):
        return {f.name: plain(getattr(settings, f.name)) for f in dataclasses.fields(settings)}
    if isinstance(settings, dict):
        return {key: plain(value) for key, value in settings.items()}
    if isinstance(settings, tuple | list):
        return [plain(item) for item in settings]
    return settings
