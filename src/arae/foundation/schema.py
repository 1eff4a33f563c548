"""JSON schema of settings dataclasses, and checks against it with messages a person can use.

The schema lets the workflow check params.yaml in milliseconds, without importing the models.
"""

from __future__ import annotations

import dataclasses
import functools
import typing
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from arae.foundation.errors import SettingsError
from arae.foundation.settings import (
    KIND,
    WORDS,
    arms_of,
    default_of,
    is_number,
    is_required,
    kinds_of,
    missing_kind,
    one_of_kinds,
    suggest,
    type_hints,
    wrong_kind,
)

_TYPES = {str: "string", int: "integer", float: "number", bool: "boolean", type(None): "null"}
_IN_WORDS = {
    **{_TYPES[cls]: word for cls, word in WORDS.items() if cls in _TYPES},
    "array": WORDS[tuple],
    "object": WORDS[dict],
}


def schema_of(cls: type, **extra: Mapping[str, Any]) -> dict[str, Any]:
    """JSON schema of a settings dataclass; `extra` adds properties that it does not have."""
    return _of_class(cls, None, extra)


def _of_class(cls: type, default: Any, extra: Mapping[str, Any] = MappingProxyType({})) -> Any:
    """The schema of a class in a field; keys that the field's `default` holds may be left out."""
    fields = dataclasses.fields(cls)
    hints = type_hints(cls)
    has_default = type(default) is cls
    properties = {
        f.name: _schema(
            hints[f.name], f.metadata, getattr(default, f.name) if has_default else default_of(f)
        )
        for f in fields
    }
    schema = {
        "type": "object",
        "additionalProperties": False,
        "properties": {**properties, **extra},
    }
    required = [] if has_default else [field.name for field in fields if is_required(field)]
    return {**schema, "required": required} if required else schema


def _schema(hint: Any, limits: Mapping[str, Any], default: Any = None) -> dict[str, Any]:
    if kinds_of(hint):
        return _of_kinds(hint, limits, default)
    arms = arms_of(hint)
    if len(arms) > 1:
        return {"anyOf": [_schema(arm, limits, default) for arm in arms]}
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Literal:
        return {"enum": list(arguments)}
    if origin is tuple:
        return {"type": "array", "items": _schema(arguments[0], limits)}
    if origin is dict:
        return {
            "type": "object",
            "propertyNames": {"type": "string"},
            "additionalProperties": _schema(arguments[1], limits),
        }
    if dataclasses.is_dataclass(hint):
        return typing.cast(dict[str, Any], _of_class(typing.cast(type, hint), default))
    schema: dict[str, Any] = {"type": _TYPES[hint]} if hint in _TYPES else {}
    if limits.get("low") is not None:
        schema["minimum"] = limits["low"]
    if limits.get("high") is not None:
        schema["maximum"] = limits["high"]
    return schema


def _of_kinds(hint: Any, limits: Mapping[str, Any], default: Any) -> dict[str, Any]:
    """One of several classes by its `kind`, which only the class of the default may leave out."""
    kinds = kinds_of(hint)
    classes = list(dict.fromkeys(kinds.values()))
    branches = {cls: _of_class(cls, default) for cls in classes}
    bare = [kind for kind, cls in kinds.items() if not branches[cls].get("required")]
    for cls, branch in branches.items():
        if type(default) is not cls and len(classes) > 1:
            branch["required"] = [KIND, *(key for key in branch.get("required", ()) if key != KIND)]
    others = [_schema(arm, limits) for arm in arms_of(hint) if not dataclasses.is_dataclass(arm)]
    names = [{"enum": bare}] if bare else []
    return {
        "oneOf": [*branches.values(), *names, *others],
        "discriminator": {"propertyName": KIND},
    }


@functools.cache
def _validator() -> Any:
    """JSON schema's checks with the numbers of settings: 2.0 is not a whole number, NaN none at all."""
    from jsonschema import Draft202012Validator, validators

    numbers = {
        "integer": lambda _, value: type(value) is int,
        "number": lambda _, value: is_number(value),
    }
    checker = Draft202012Validator.TYPE_CHECKER.redefine_many(numbers)
    return validators.extend(Draft202012Validator, type_checker=checker)


def check(values: Any, schema: Mapping[str, Any], prefix: str = "") -> None:
    """Raise `SettingsError` for the first fault of `values`, naming `prefix` + key and the remedy."""
    faults = sorted(_validator()(schema).iter_errors(values), key=lambda e: list(map(str, e.path)))
    if faults:
        raise SettingsError(_explain(faults[0], prefix))


def _place(path: Iterable[str | int]) -> str:
    """A path of keys and places in lists, as the parser of settings writes it."""
    parts = (f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return "".join(parts).removeprefix(".")


def _explain(fault: Any, prefix: str) -> str:
    key = prefix + _place(fault.absolute_path)
    inside = key + ("." if fault.absolute_path else "")
    value = fault.instance
    if fault.validator in ("oneOf", "anyOf"):
        return _explain_arms(fault, key, prefix)
    if "propertyNames" in fault.absolute_schema_path:
        return f"{key}: the key {value!r} is not text; write it in quotes"
    if fault.validator == "additionalProperties":
        known = fault.schema.get("properties", {})
        wrong = next(name for name in value if name not in known)
        return f"{inside}{wrong}: unknown key{suggest(wrong, known)}"
    if fault.validator == "enum":
        options = fault.validator_value
        return f"{key}: '{value}' is not one of its values{suggest(str(value), options)}"
    if fault.validator == "required":
        missing = next(name for name in fault.validator_value if name not in value)
        return f"{inside}{missing}: missing; it has no default"
    if fault.validator == "type":
        return f"{key}: expected {_IN_WORDS[fault.validator_value]}, got {value!r}"
    if fault.validator == "minimum":
        return f"{key}: {value} is below its least value {fault.validator_value:g}"
    if fault.validator == "maximum":
        return f"{key}: {value} is above its greatest value {fault.validator_value:g}"
    return f"{key}: {fault.message}"


def _explain_arms(fault: Any, key: str, prefix: str) -> str:
    """What is wrong with the arm that a value means: the one of its form or of its kind."""
    arms, value = fault.validator_value, fault.instance
    faults: dict[int, list[Any]] = {}
    for one in fault.context:
        faults.setdefault(one.relative_schema_path[0], []).append(one)
    objects = {i: arm for i, arm in enumerate(arms) if KIND in arm.get("properties", {})}
    kinds = {k: i for i, arm in objects.items() for k in arm["properties"][KIND]["enum"]}
    bare = isinstance(value, str)
    if kinds and (bare or isinstance(value, dict)):
        kind = value if bare else value.get(KIND)
        if not bare and KIND not in value:
            free = [i for i, arm in objects.items() if KIND not in arm.get("required", ())]
            if not free:
                return missing_kind(key, kinds)
            return _explain(faults[free[0]][0], prefix)
        if not isinstance(kind, str) or kind not in kinds:
            return wrong_kind(key, kind, kinds)
        arm = kinds[kind]
        if bare:
            missing = next(name for name in arms[arm]["required"] if name != KIND)
            return f"{key}.{missing}: missing; it has no default"
        return _explain(faults[arm][0], prefix)
    of_its_form = [
        found
        for found in faults.values()
        if not any(one.validator in ("type", "enum") and not one.relative_path for one in found)
    ]
    if of_its_form:
        return _explain(of_its_form[0][0], prefix)
    words = [_IN_WORDS[arm["type"]] for i, arm in enumerate(arms) if "type" in arm]
    if kinds:
        words = [one_of_kinds(kinds), *(word for word in words if word != _IN_WORDS["object"])]
    return f"{key}: expected {' or '.join(words)}, got {value!r}"
