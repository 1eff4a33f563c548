"""params.yaml and typed settings: loading, inheritance, validation with helpful messages.

Every settings class of the project is a frozen dataclass beside the code that it configures;
`parse_settings` builds one from plain JSON values, and `schema_of` describes it as JSON schema.
"""

from __future__ import annotations

import copy
import dataclasses
import difflib
import functools
import math
import re
import sys
import types
import typing
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import yaml

from arae.foundation.errors import SettingsError
from arae.foundation.files import DEEPEST, is_too_deep, parse_json

Settings = TypeVar("Settings")

KIND = "kind"  # the key that chooses between the settings classes of a field

# YAML 1.1 (PyYAML) reads 1e-05 as a string, YAML 1.2 (DVC, people) as a number.
_FLOAT_1_2 = re.compile(r"[-+]?(\d+(\.\d*)?|\.\d+)[eE][-+]?\d+")


class _Loader(yaml.SafeLoader):
    """SafeLoader that reads 1e-05 as a float, takes keys as they are written (`0`, `yes`), and refuses
    a key given twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key_node, _ in node.value:
            if key_node.value in seen and key_node.value != "<<":
                line = key_node.start_mark.line + 1
                raise SettingsError(f"line {line}: the key '{key_node.value}' is given twice")
            seen.add(key_node.value)
            if isinstance(key_node, yaml.ScalarNode) and key_node.value != "<<":
                key_node.tag = "tag:yaml.org,2002:str"
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

    A recipe without a `system` serves as a base only and is left out of the result. A recipe
    without `max_length` has its corpus's.
    """
    return resolve_params(load_yaml(path), str(path))


def resolve_params(raw: Any, where: str) -> dict[str, Any]:
    """As `load_params`, of what params.yaml holds; `raw` itself stays as it is."""
    if not isinstance(raw, dict) or not isinstance(raw.get("recipes") or {}, dict):
        raise SettingsError(f"{where}: expected the sections corpora, recipes, evaluation, studies")
    recipes = raw.get("recipes") or {}
    resolved = {name: resolve_base(name, recipes) for name in recipes}
    kept = {name: recipe for name, recipe in resolved.items() if "system" in recipe}
    for recipe in kept.values():
        longest = longest_sentence(raw, recipe.get("corpus"))
        if longest is not None:
            recipe.setdefault("max_length", longest)
    return {**raw, "recipes": kept}


def longest_sentence(params: Mapping[str, Any], corpus: Any) -> Any:
    """`tokens.max_length` of a corpus, which is the default of what its models write; None if not set."""
    value: Any = params.get("corpora")
    for key in (corpus, "tokens", "max_length"):
        value = value.get(key) if isinstance(value, dict) and isinstance(key, str) else None
    return value


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


def merge(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """`below` with `above` laid over it, in a new dictionary.

    Nested mappings merge, anything else replaces. So does a mapping of another `kind`: what was said
    about one kind means nothing to another. A bare string beside a mapping stands for `{kind: string}`.
    """
    result = dict(copy.deepcopy(below))
    for key, value in above.items():
        result[key] = _laid_over(result.get(key), value)
    return result


def _laid_over(below: Any, above: Any) -> Any:
    if isinstance(below, str) and isinstance(above, Mapping):
        below = {KIND: below}
    if isinstance(above, str) and isinstance(below, Mapping) and KIND in below:
        above = {KIND: above}
    if not (isinstance(below, Mapping) and isinstance(above, Mapping)):
        return copy.deepcopy(above)
    both_say = KIND in below and KIND in above
    if both_say and below[KIND] != above[KIND]:
        return copy.deepcopy(above)
    return merge(below, above)


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
