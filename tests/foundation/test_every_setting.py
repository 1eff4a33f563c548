"""Every field of every settings class of the package, with wrong values of every type.

A wrong value is one message that names the key; nothing else is ever raised. The schema, by which
params.yaml is judged before a run, accepts and refuses the same values in the same words.
"""

import dataclasses
import datetime
import importlib
import inspect
import math
import pkgutil
import types
import typing
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import arae
from arae.foundation.errors import SettingsError
from arae.foundation.schema import check, schema_of
from arae.foundation.settings import arms_of, is_required, parse_settings, plain, type_hints

WRONG = (
    None, True, 0, 1, -1, 7, 2.0, 0.5, -0.5, 10**400, math.nan, math.inf, "", "x", "adam", "train",
    [], [1], ["x"], [None], [[]], {}, {"x": 1}, {1: 2}, {"kind": "x"}, {"kind": None}, {"kind": []},
    {"train": 1}, {"train": {}}, b"x", {1}, datetime.date(2020, 1, 1), object,
)  # fmt: skip


def _modules() -> Iterator[types.ModuleType]:
    for module in pkgutil.walk_packages(arae.__path__, "arae."):
        if not module.name.endswith("__main__"):
            yield importlib.import_module(module.name)


def _is_parsed(cls: Any) -> bool:
    """Settings classes are frozen, keyword-only dataclasses whose fields are plain values or such."""
    if not dataclasses.is_dataclass(cls) or not isinstance(cls, type):
        return False
    keyword_only = all(field.kw_only for field in dataclasses.fields(cls))
    return (
        keyword_only
        and not inspect.isabstract(cls)
        and cls.__name__.endswith(("Settings", "Source"))
    )


def _classes() -> dict[str, type]:
    found = (value for module in _modules() for value in vars(module).values())
    return {f"{cls.__module__}.{cls.__qualname__}": cls for cls in found if _is_parsed(cls)}


CLASSES = dict(sorted(_classes().items()))


def _filled(hint: Any) -> Any:
    """Some value for a field without a default."""
    arm = arms_of(hint)[0]
    origin, arguments = typing.get_origin(arm), typing.get_args(arm)
    if origin is dict:
        return dict.fromkeys(("train", "valid", "test"), _filled(arguments[1]))
    if origin is tuple:
        return [_filled(arguments[0])]
    if origin is typing.Literal:
        return arguments[0]
    if dataclasses.is_dataclass(arm):
        return _least(typing.cast(type, arm))
    return {str: "a", int: 1, float: 1.0, bool: True}[arm]


# What a class asks for that no annotation says.
ASKED = {"ClaimSettings": {"test": "a"}}


def _least(cls: type) -> dict[str, Any]:
    hints = type_hints(cls)
    filled = {f.name: _filled(hints[f.name]) for f in dataclasses.fields(cls) if is_required(f)}
    return {**filled, **ASKED.get(cls.__name__, {})}


def _faults(cls: type, field: str, value: Any, schema: Mapping[str, Any]) -> list[str]:
    """What parser and schema say of one value of one field: at most two messages."""
    said = []
    values = {**_least(cls), field: value}
    for judge in (lambda: parse_settings(cls, values), lambda: check(values, schema, "settings.")):
        try:
            judge()
        except SettingsError as error:
            said.append(str(error))
    return said


def test_classes_are_found() -> None:
    assert len(CLASSES) > 40
    assert "arae.systems.arae.Settings" in CLASSES
    assert "arae.corpora.files.FilesSource" in CLASSES


@pytest.mark.parametrize("name", CLASSES)
def test_a_wrong_value_is_one_message_that_names_the_key(name: str) -> None:
    cls = CLASSES[name]
    schema = schema_of(cls)
    for field in dataclasses.fields(cls):
        for value in WRONG:
            said = _judge(cls, field.name, value, schema)
            assert len(set(said)) <= 1, (field.name, value, said)


def _judge(cls: type, field: str, value: Any, schema: Mapping[str, Any]) -> list[str]:
    said = _faults(cls, field, value, schema)
    for message in said:
        of_a_constraint = message.startswith("settings: ")
        assert message.startswith("settings") and "\n" not in message
        assert of_a_constraint or field in message
    of_constraints = len(said) == 1 and said[0].startswith("settings: ")
    assert len(said) in (0, 2) or of_constraints, (field, value, said)
    return said


@pytest.mark.parametrize("value", [{"\n": None}, {"kind": "\n"}, "a\nb", "\u2028"])
def test_a_line_break_in_a_key_or_value_breaks_no_message(value: Any) -> None:
    for name, cls in CLASSES.items():
        for field in dataclasses.fields(cls):
            assert _judge(cls, field.name, value, schema_of(cls)) is not None, name


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.text(max_size=5) | st.sampled_from(["kind", "lr", "train"]), inner, max_size=3
        )
    ),
    max_leaves=5,
)


@settings(max_examples=300, deadline=None)
@given(name=st.sampled_from(list(CLASSES)), value=values, data=st.data())
def test_any_value_is_taken_or_refused_alike(name: str, value: Any, data: st.DataObject) -> None:
    cls = CLASSES[name]
    field = data.draw(st.sampled_from([field.name for field in dataclasses.fields(cls)]))
    _judge(cls, field, value, schema_of(cls))


@pytest.mark.parametrize("name", CLASSES)
def test_defaults_survive_their_plain_form(name: str) -> None:
    cls = CLASSES[name]
    parsed = parse_settings(cls, _least(cls))
    assert parse_settings(cls, plain(parsed)) == parsed
    check(plain(parsed), schema_of(cls))
