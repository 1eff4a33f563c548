"""JSON schema of settings dataclasses, and checks against it with messages a person can use.

The schema lets the workflow check params.yaml in milliseconds, without importing the models.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Mapping
from typing import Any

from arae.foundation.errors import SettingsError
from arae.foundation.settings import suggest, type_hints

_TYPES = {str: "string", int: "integer", float: "number", bool: "boolean"}


def schema_of(cls: type, **extra: Mapping[str, Any]) -> dict[str, Any]:
    """JSON schema of a settings dataclass; `extra` adds properties that it does not have."""
    fields = dataclasses.fields(cls)
    hints = type_hints(cls)
    required = [
        f.name
        for f in fields
        if f.default is dataclasses.MISSING and f.default_factory is dataclasses.MISSING
    ]
    properties = {f.name: _schema(hints[f.name], f.metadata) for f in fields}
    schema = {
        "type": "object",
        "additionalProperties": False,
        "properties": {**properties, **extra},
    }
    return {**schema, "required": required} if required else schema


def _schema(hint: Any, limits: Mapping[str, Any]) -> dict[str, Any]:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return {"anyOf": [_schema(argument, limits) for argument in arguments]}
    if origin is typing.Literal:
        return {"enum": list(arguments)}
    if origin is tuple:
        return {"type": "array", "items": _schema(arguments[0], limits)}
    if origin is dict:
        return {"type": "object", "additionalProperties": _schema(arguments[1], limits)}
    if dataclasses.is_dataclass(hint):
        return schema_of(typing.cast(type, hint))
    if hint is type(None):
        return {"type": "null"}
    schema: dict[str, Any] = {"type": _TYPES[hint]} if hint in _TYPES else {}
    if limits.get("low") is not None:
        schema["minimum"] = limits["low"]
    if limits.get("high") is not None:
        schema["maximum"] = limits["high"]
    return schema


def check(values: Any, schema: Mapping[str, Any], prefix: str = "") -> None:
    """Raise `SettingsError` for the first fault of `values`, naming `prefix` + key and the remedy."""
    from jsonschema import Draft202012Validator

    faults = sorted(
        Draft202012Validator(schema).iter_errors(values), key=lambda e: list(map(str, e.path))
    )
    if faults:
        raise SettingsError(_explain(faults[0], prefix))


def _explain(fault: Any, prefix: str) -> str:
    key = prefix + ".".join(map(str, fault.absolute_path))
    inside = key + ("." if fault.absolute_path else "")
    value = fault.instance
    if fault.validator == "additionalProperties":
        known = fault.schema.get("properties", {})
        wrong = next(name for name in value if name not in known)
        return f"{inside}{wrong}: unknown key{suggest(wrong, known)}"
    if fault.validator == "enum":
        return (
            f"{key}: '{value}' is not one of its values{suggest(str(value), fault.validator_value)}"
        )
    if fault.validator == "required":
        missing = next(name for name in fault.validator_value if name not in value)
        return f"{inside}{missing}: missing; it has no default"
    if fault.validator == "type":
        return f"{key}: expected {fault.validator_value}, got {value!r}"
    if fault.validator == "minimum":
        return f"{key}: {value} is below its least value {fault.validator_value:g}"
    if fault.validator == "maximum":
        return f"{key}: {value} is above its greatest value {fault.validator_value:g}"
    return f"{key}: {fault.message}"
