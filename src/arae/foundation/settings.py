"""Typed settings: built from plain values and checked, with messages that name the key and the remedy.

Every settings class of the project is a frozen dataclass beside the code that it configures;
`parse_settings` builds one from plain JSON values, and `schema_of` describes it as JSON schema.
"""

from __future__ import annotations

import dataclasses
import difflib
import functools
import math
import sys
import types
import typing
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from arae.foundation.errors import SettingsError
from arae.foundation.errors import suggest as suggest
from arae.foundation.files import parse_json
from arae.foundation.params import KIND as KIND
from arae.foundation.params import load_params, load_yaml

Settings = TypeVar("Settings")


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
    cls: type[Settings], values: Mapping[str, Any] | str, where: str = "settings"
) -> Settings:
    """Build the dataclass `cls` from plain values, checking names, types and ranges.

    A nested mapping leaves the field's other defaults as they are, which may differ from the defaults
    of the class by itself. A field annotated with several settings classes takes the one that the
    key `kind` names, with that class's own defaults if it is not the class of the field's default. A bare
    string stands for `{kind: string}`.

    Raises `SettingsError` naming the key and the nearest valid one. A class may define `check(self)`
    raising `ValueError` for constraints between values.
    """
    return typing.cast(Settings, _parse(cls, values, where, None))


def _parse(cls: type, values: Any, where: str, default: Any) -> Any:
    """As `parse_settings`; keys that are not given are as `default` has them, if it is of `cls`."""
    fields = {field.name: field for field in dataclasses.fields(cls)}
    if isinstance(values, str) and KIND in fields:
        values = {KIND: values}
    if not isinstance(values, Mapping):
        raise SettingsError(f"{where}: expected a mapping, got {values!r}")
    hints = type_hints(cls)
    for key in values:
        if key not in fields:
            raise SettingsError(f"{where}.{key}: unknown key{suggest(key, fields)}")
    has_default = type(default) is cls
    built = {}
    for name, field in fields.items():
        below = getattr(default, name) if has_default else default_of(field)
        if name in values:
            place = f"{where}.{name}"
            built[name] = _convert(hints[name], values[name], place, field.metadata, below)
        elif has_default:
            built[name] = below
        elif is_required(field):
            raise SettingsError(f"{where}.{name}: missing; it has no default")
    settings = cls(**built)
    check = getattr(settings, "check", None)
    if check is not None:
        try:
            check()
        except ValueError as error:
            raise SettingsError(f"{where}: {error}") from error
    return settings


def is_required(field: dataclasses.Field[Any]) -> bool:
    """Whether a settings field has no default."""
    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING


def default_of(field: dataclasses.Field[Any]) -> Any:
    """The default value of a settings field, None if it has none."""
    if field.default_factory is not dataclasses.MISSING:
        return field.default_factory()
    return None if field.default is dataclasses.MISSING else field.default


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


def arms_of(hint: Any) -> tuple[Any, ...]:
    """What a field may hold: the arms of a union, or the annotation by itself."""
    is_union = typing.get_origin(hint) in (typing.Union, types.UnionType)
    return typing.get_args(hint) if is_union else (hint,)


@functools.cache
def kinds_of(hint: Any) -> dict[str, type]:
    """The settings classes among the arms of an annotation, by the kinds that choose them."""
    classes = [arm for arm in arms_of(hint) if dataclasses.is_dataclass(arm)]
    kinds: dict[str, type] = {}
    for cls in classes:
        named = typing.get_args(type_hints(cls).get(KIND))  # type: ignore[arg-type]
        if len(classes) > 1 and (not named or kinds.keys() & set(named)):
            raise TypeError(f"{cls}: in a union every class has a `kind: Literal[…]` of its own")
        kinds |= dict.fromkeys(named, typing.cast(type, cls))
    return kinds


def wrong_kind(where: str, kind: Any, kinds: Iterable[str]) -> str:
    """What is said of a kind that is not among `kinds`."""
    known = sorted(kinds)
    near = difflib.get_close_matches(str(kind), known, n=1)
    hint = f"did you mean '{near[0]}'? " if near else ""
    return f"{where}.{KIND}: '{kind}' is not one of its kinds; {hint}kinds: {', '.join(known)}"


def one_of_kinds(kinds: Iterable[str]) -> str:
    """What is expected where the settings of one of several kinds are."""
    return f"a mapping or one of the kinds {', '.join(sorted(kinds))}"


def missing_kind(where: str, kinds: Iterable[str]) -> str:
    """What is said of a mapping that must name its kind and does not."""
    return f"{where}.{KIND}: missing; kinds: {', '.join(sorted(kinds))}"


def _convert(
    hint: Any, value: Any, where: str, limits: Mapping[str, Any], default: Any = None
) -> Any:
    arms = [arm for arm in arms_of(hint) if _may_hold(arm, value)]
    if not arms:
        options = typing.get_args(hint) if typing.get_origin(hint) is typing.Literal else ()
        if options:
            raise SettingsError(
                f"{where}: '{value}' is not one of its values{suggest(str(value), options)}"
            )
        words = dict.fromkeys(_in_words(arm, hint) for arm in arms_of(hint))
        raise SettingsError(f"{where}: expected {' or '.join(words)}, got {value!r}")
    arm = arms[0]
    origin, arguments = typing.get_origin(arm), typing.get_args(arm)
    if dataclasses.is_dataclass(arm):
        return _parse(_chosen(hint, value, where, default), value, where, default)
    if origin is tuple:
        return tuple(
            _convert(arguments[0], item, f"{where}[{i}]", limits) for i, item in enumerate(value)
        )
    if origin is dict:
        wrong = [key for key in value if not isinstance(key, str)]
        if wrong:
            raise SettingsError(f"{where}: the key {wrong[0]!r} is not text; write it in quotes")
        return {
            key: _convert(arguments[1], item, f"{where}.{key}", limits)
            for key, item in value.items()
        }
    _require_within(value, where, limits)
    return float(value) if arm is float else value


def _may_hold(arm: Any, value: Any) -> bool:
    """Whether a value has the form of an arm; what it contains is looked at later."""
    origin = typing.get_origin(arm)
    if arm is Any:
        return True
    if origin is typing.Literal:
        return any(
            type(value) is type(option) and value == option for option in typing.get_args(arm)
        )
    if dataclasses.is_dataclass(arm):
        bare = isinstance(value, str) and bool(kinds_of(typing.cast(type, arm)))
        return bare or isinstance(value, Mapping)
    if origin is tuple:
        return isinstance(value, list | tuple)
    if origin is dict:
        return isinstance(value, Mapping)
    return is_number(value) if arm is float else type(value) is arm


def is_number(value: Any) -> bool:
    """Whether a value is a finite number that a float can hold; true and false are none."""
    if type(value) is int:
        return abs(value) <= sys.float_info.max
    return type(value) is float and math.isfinite(value)


WORDS = {
    str: "text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    tuple: "a list",
    dict: "a mapping",
    type(None): "null",
}


def _in_words(arm: Any, hint: Any) -> str:
    if dataclasses.is_dataclass(arm):
        return one_of_kinds(kinds_of(hint)) if kinds_of(hint) else WORDS[dict]
    if typing.get_origin(arm) is typing.Literal:
        return " or ".join(f"'{option}'" for option in typing.get_args(arm))
    return WORDS[typing.get_origin(arm) or arm]


def _chosen(hint: Any, value: Mapping[str, Any] | str, where: str, default: Any) -> type:
    """The settings class that a value is for: the one of its kind, else the one of the default."""
    classes = [arm for arm in arms_of(hint) if dataclasses.is_dataclass(arm)]
    kinds = kinds_of(hint)
    kind = value if isinstance(value, str) else value.get(KIND)
    if isinstance(kind, str) and kind in kinds:
        return kinds[kind]
    if kinds and (isinstance(value, str) or KIND in value):
        raise SettingsError(wrong_kind(where, kind, kinds))
    if type(default) in classes or len(classes) == 1:
        return typing.cast(type, type(default) if type(default) in classes else classes[0])
    raise SettingsError(missing_kind(where, kinds))


def _require_within(value: Any, where: str, limits: Mapping[str, Any]) -> None:
    if not is_number(value):
        return
    low, high = limits.get("low"), limits.get("high")
    if low is not None and value < low:
        raise SettingsError(f"{where}: {value} is below its least value {low:g}")
    if high is not None and value > high:
        raise SettingsError(f"{where}: {value} is above its greatest value {high:g}")


def plain(settings: Any) -> Any:
    """Settings dataclasses as plain JSON values, defaults included."""
    if dataclasses.is_dataclass(settings) and not isinstance(settings, type):
        return {f.name: plain(getattr(settings, f.name)) for f in dataclasses.fields(settings)}
    if isinstance(settings, dict):
        return {key: plain(value) for key, value in settings.items()}
    if isinstance(settings, tuple | list):
        return [plain(item) for item in settings]
    return settings
