"""Settings: YAML 1.2 floats, inheritance, and messages that name the key and the remedy."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest

from arae.foundation.errors import SettingsError
from arae.foundation.params import load_params, load_yaml
from arae.foundation.schema import check, schema_of
from arae.foundation.settings import (
    bounded,
    nested,
    parse_settings,
    plain,
    read_settings,
)


@dataclass(frozen=True, kw_only=True)
class Inner:
    size: int = bounded(3, low=1, high=10)


@dataclass(frozen=True, kw_only=True)
class Outer:
    name: str
    rate: float = 0.5
    kind: Literal["left", "right"] = "left"
    sizes: tuple[int, ...] = (1, 2)
    limit: int | None = None
    inner: Inner = nested(Inner)


GOOD = {"name": "x", "rate": 1, "sizes": [3], "limit": None, "inner": {"size": 7}}
BAD = [
    ({"rate": 0.1}, "settings.name: missing"),
    ({"name": "x", "raet": 1}, "did you mean 'rate'"),
    ({"name": 3}, "settings.name: expected"),
    ({"name": "x", "rate": "fast"}, "settings.rate: expected"),
    ({"name": "x", "rate": True}, "settings.rate: expected"),
    ({"name": "x", "kind": "lfet"}, "left"),
    ({"name": "x", "inner": {"size": -1}}, "settings.inner.size: -1 is below"),
    ({"name": "x", "inner": {"size": 11}}, "settings.inner.size: 11 is above"),
    ({"name": "x", "inner": 3}, "settings.inner: expected"),
    ({"name": "x", "sizes": 3}, "settings.sizes: expected"),
    ({"name": "x", "sizes": [1, "a"]}, r"settings.sizes.*1.*: expected"),
]


def test_good_values() -> None:
    settings = parse_settings(Outer, GOOD)
    assert settings == Outer(name="x", rate=1.0, sizes=(3,), inner=Inner(size=7))
    assert plain(settings) == {**GOOD, "rate": 1.0, "kind": "left"}
    check(GOOD, schema_of(Outer), "settings.")


@pytest.mark.parametrize(("values", "message"), BAD)
def test_bad_values_name_the_key_by_class_and_by_schema(values: dict, message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        parse_settings(Outer, values)
    with pytest.raises(SettingsError, match=message):
        check(values, schema_of(Outer), "settings.")


@dataclass(frozen=True, kw_only=True)
class Middle:
    """Holds an inner one whose default is not its class's own."""

    inner: Inner = nested(Inner, size=5)
    depth: int = 1
    sizes: tuple[int, ...] = (1,)


@dataclass(frozen=True, kw_only=True)
class Top:
    middle: Middle = nested(Middle, depth=2, inner=Inner(size=8), sizes=(4, 5))


def test_what_a_nested_mapping_leaves_out_is_as_the_field_has_it() -> None:
    assert parse_settings(Top, {"middle": {}}) == Top()
    assert parse_settings(Top, {"middle": {"inner": {}}}) == Top()
    deep = parse_settings(Top, {"middle": {"inner": {"size": 1}, "sizes": []}})
    assert deep == Top(middle=Middle(depth=2, inner=Inner(size=1), sizes=()))
    with pytest.raises(SettingsError, match=r"settings.middle.dpeth: unknown key"):
        parse_settings(Top, {"middle": {"dpeth": 1}})


def test_floats_as_yaml_1_2(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("a: 1e-05\nb: 1e-3\nc: 2.5E+2\nd: '1e-3'\ne: e1\n")
    assert load_yaml(path) == {"a": 1e-5, "b": 1e-3, "c": 250.0, "d": "1e-3", "e": "e1"}


def test_a_key_given_twice_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("a: 1\nb: 2\na: 3\n")
    with pytest.raises(SettingsError, match="line 3: the key 'a' is given twice"):
        load_yaml(path)


def _params(tmp_path: Path, recipes: str) -> Path:
    path = tmp_path / "params.yaml"
    path.write_text("recipes:\n" + recipes)
    return path


def test_bases_resolve_deeply_and_vanish(tmp_path: Path) -> None:
    path = _params(
        tmp_path,
        "  below: {epochs: 3, critic: {steps: 5, lr: 1}}\n"
        "  middle: {base: below, critic: {lr: 2}}\n"
        "  top: {base: middle, system: arae, epochs: 4}\n",
    )
    recipes = load_params(path)["recipes"]
    assert recipes == {"top": {"system": "arae", "epochs": 4, "critic": {"steps": 5, "lr": 2}}}
    assert read_settings(f"{path}#recipes.top") == recipes["top"]


def test_a_circular_base_is_named(tmp_path: Path) -> None:
    path = _params(tmp_path, "  a: {base: b}\n  b: {base: a}\n")
    with pytest.raises(SettingsError, match="circular base: a -> b -> a"):
        load_params(path)


def test_a_missing_base_is_named_with_the_nearest(tmp_path: Path) -> None:
    path = _params(tmp_path, "  small: {epochs: 1}\n  a: {base: smal, system: ae}\n")
    with pytest.raises(
        SettingsError, match=r"recipes.a.base: no recipe 'smal'; did you mean 'small'"
    ):
        load_params(path)


@pytest.mark.parametrize("text", ["{", "nowhere.yaml#a", '{"a": ' * 3000])
def test_unreadable_settings_are_one_clear_error(text: str) -> None:
    with pytest.raises(SettingsError):
        read_settings(text)


def test_a_pointer_to_nothing_names_the_nearest_key(tmp_path: Path) -> None:
    path = tmp_path / "p.yaml"
    path.write_text("evaluation: {scenes: {samples: 3}}\n")
    with pytest.raises(SettingsError, match="did you mean 'scenes'"):
        read_settings(f"{path}#evaluation.scene")


def test_a_message_is_one_line_whatever_it_quotes() -> None:
    assert str(SettingsError("recipe.a\nb\x1b[2J\u202e: unknown key")) == (
        "recipe.a\\nb\\x1b[2J\\u202e: unknown key"
    )
    assert str(SettingsError("naïve 'q\\n' – é")) == "naïve 'q\\n' – é"
