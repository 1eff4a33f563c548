"""A field of several settings classes: the key `kind` chooses, by parser and schema alike."""

import json
from dataclasses import dataclass
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arae.foundation.errors import SettingsError
from arae.foundation.params import merge
from arae.foundation.schema import check, schema_of
from arae.foundation.settings import bounded, nested, parse_settings, plain


@dataclass(frozen=True, kw_only=True)
class Constant:
    kind: Literal["constant"] = "constant"
    value: float = bounded(1.0, low=0)


@dataclass(frozen=True, kw_only=True)
class Linear:
    kind: Literal["linear"] = "linear"
    start: float = 0.0
    epochs: float = bounded(10.0, low=0)


@dataclass(frozen=True, kw_only=True)
class PI:
    kind: Literal["pi"] = "pi"
    target: float
    gains: tuple[float, ...] = (0.01, 0.0001)
    below: Constant | Linear = nested(Linear, epochs=3.0)

    def check(self) -> None:
        if self.target == 13:
            raise ValueError("target: 13 is unlucky")


@dataclass(frozen=True, kw_only=True)
class Step:
    """One class of two kinds."""

    kind: Literal["sgd", "adam"] = "sgd"
    lr: float = bounded(1.0, low=0)


Weight = Constant | Linear | PI


@dataclass(frozen=True, kw_only=True)
class Model:
    weight: Weight = nested(Linear, epochs=2.0)
    floor: Constant | Linear | None = None
    given: Constant | PI
    chain: tuple[Constant | Linear, ...] = ()
    named: dict[str, Constant | PI] = nested(dict)
    step: Step = nested(Step, kind="adam", lr=0.1)
    target: Weight = nested(PI, target=5.0)


@dataclass(frozen=True, kw_only=True)
class Outer:
    model: Model = nested(Model, weight=PI(target=7.0), given=Constant(value=3.0))


def parsed(**values: Any) -> Model:
    """As the parser builds it; the schema and a round trip through JSON must agree."""
    values = {"given": "constant", **values}
    check(values, schema_of(Model), "settings.")
    settings = parse_settings(Model, values)
    assert parse_settings(Model, json.loads(json.dumps(plain(settings)))) == settings
    check(plain(settings), schema_of(Model))
    return settings


def refusal(**values: Any) -> str:
    """The parser's one message; the schema, which cannot see `check`, says the same."""
    values = {"given": "constant", **values}
    with pytest.raises(SettingsError) as by_class:
        parse_settings(Model, values)
    with pytest.raises(SettingsError) as by_schema:
        check(values, schema_of(Model), "settings.")
    assert str(by_class.value) == str(by_schema.value)
    return str(by_class.value)


def test_the_kind_chooses_the_class() -> None:
    assert parsed(weight={"kind": "constant", "value": 2}).weight == Constant(value=2.0)
    assert parsed(weight={"kind": "pi", "target": 5}).weight == PI(target=5.0)
    assert parsed(floor={"kind": "linear"}).floor == Linear()
    assert parsed(floor=None).floor is None
    assert parsed(chain=["linear", {"kind": "constant"}]).chain == (Linear(), Constant())
    assert parsed(named={"a": "constant"}).named == {"a": Constant()}


def test_a_bare_string_is_a_kind() -> None:
    assert parsed(weight="constant").weight == Constant()
    assert parsed(weight="linear").weight == Linear(epochs=2.0)
    assert parsed(step="sgd").step == Step(kind="sgd", lr=0.1)
    assert parse_settings(Linear, "linear") == Linear()
    assert refusal(weight="pi") == "settings.weight.target: missing; it has no default"


def test_one_key_leaves_the_others_of_the_same_kind_as_the_field_has_them() -> None:
    assert parsed(weight={}).weight == Linear(epochs=2.0)
    assert parsed(weight={"start": 1}).weight == Linear(start=1.0, epochs=2.0)
    assert parsed(weight={"kind": "linear", "start": 1}).weight == Linear(start=1.0, epochs=2.0)
    assert parsed(target={"gains": [1]}).target == PI(target=5.0, gains=(1.0,))
    assert parsed(target="pi").target == PI(target=5.0)
    assert parsed(target={"below": {"start": 1}}).target == PI(
        target=5.0, below=Linear(start=1.0, epochs=3.0)
    )
    assert parsed(step={"kind": "sgd"}).step == Step(kind="sgd", lr=0.1)


def test_another_kind_has_the_defaults_of_its_own_class() -> None:
    assert parsed(target="linear").target == Linear()
    assert parsed(target={"kind": "linear", "start": 1}).target == Linear(start=1.0)
    assert parsed(target={"below": "constant"}).target == PI(target=5.0, below=Constant())


def test_defaults_of_a_field_reach_the_fields_below_it() -> None:
    assert parse_settings(Outer, {"model": {}}) == Outer()
    values = {"model": {"weight": {"gains": [2]}, "given": {}}}
    check(values, schema_of(Outer))
    model = parse_settings(Outer, values).model
    assert (model.weight, model.given) == (PI(target=7.0, gains=(2.0,)), Constant(value=3.0))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (
            {"weight": {"kind": "liner"}},
            "weight.kind: 'liner' is not one of its kinds; did you mean 'linear'? "
            "kinds: constant, linear, pi",
        ),
        ({"weight": "liner"}, "weight.kind: 'liner' is not one of its kinds; did you mean 'linear'? "
         "kinds: constant, linear, pi"),
        ({"weight": "zzz"}, "weight.kind: 'zzz' is not one of its kinds; kinds: constant, linear, pi"),
        ({"weight": {"kind": 3}}, "weight.kind: '3' is not one of its kinds; kinds: constant, linear, pi"),
        ({"weight": {"kind": None}},
         "weight.kind: 'None' is not one of its kinds; kinds: constant, linear, pi"),
        ({"floor": {"start": 1}}, "floor.kind: missing; kinds: constant, linear"),
        ({"given": {"value": 1}}, "given.kind: missing; kinds: constant, pi"),
        ({"weight": {"kind": "pi"}}, "weight.target: missing; it has no default"),
        ({"weight": {"epoch": 1}}, "weight.epoch: unknown key; did you mean 'epochs'?"),
        ({"weight": {"kind": "pi", "target": 1, "epochs": 2}},
         "weight.epochs: unknown key; known: below, gains, kind, target"),
        ({"weight": {"kind": "constant", "value": -1}}, "weight.value: -1 is below its least value 0"),
        ({"weight": {"kind": "pi", "target": "x"}}, "weight.target: expected a number, got 'x'"),
        ({"weight": 3}, "weight: expected a mapping or one of the kinds constant, linear, pi, got 3"),
        ({"weight": None}, "weight: expected a mapping or one of the kinds constant, linear, pi, got None"),
        ({"floor": 3}, "floor: expected a mapping or one of the kinds constant, linear or null, got 3"),
        ({"step": {"kind": "sdg"}}, "step.kind: 'sdg' is not one of its kinds; did you mean 'sgd'? "
         "kinds: adam, sgd"),
        ({"step": "sdg"}, "step.kind: 'sdg' is not one of its kinds; did you mean 'sgd'? kinds: adam, sgd"),
        ({"target": {"below": {"kind": "constant", "start": 1}}},
         "target.below.start: unknown key; known: kind, value"),
        ({"named": {"a": {"kind": "linear"}}},
         "named.a.kind: 'linear' is not one of its kinds; kinds: constant, pi"),
        ({"named": {3: "pi"}}, "named: the key 3 is not text; write it in quotes"),
    ],
)  # fmt: skip
def test_a_wrong_kind_or_key_is_named_with_what_there_is(values: Any, message: str) -> None:
    assert refusal(**values) == f"settings.{message}"


def test_places_in_lists_are_named() -> None:
    with pytest.raises(
        SettingsError, match=r"settings.chain\[1\].kind: 'pi' is not one of its kinds"
    ):
        parse_settings(Model, {"given": "constant", "chain": ["linear", "pi"]})


def test_constraints_between_values_hold_in_every_kind() -> None:
    with pytest.raises(SettingsError, match=r"settings.weight: target: 13 is unlucky"):
        parse_settings(Model, {"given": "constant", "weight": {"kind": "pi", "target": 13}})


def test_the_schema_says_one_of() -> None:
    schema = schema_of(Model)["properties"]
    branches = schema["weight"]["oneOf"]
    assert [b.get("properties", {}).get("kind") for b in branches] == [
        {"enum": ["constant"]}, {"enum": ["linear"]}, {"enum": ["pi"]}, None,
    ]  # fmt: skip
    assert [b.get("required") for b in branches[:3]] == [["kind"], None, ["kind", "target"]]
    assert branches[3] == {"enum": ["constant", "linear"]}
    assert schema["weight"]["discriminator"] == {"propertyName": "kind"}


def test_classes_of_a_union_need_kinds_of_their_own() -> None:
    @dataclass(frozen=True, kw_only=True)
    class Wrong:
        field: Linear | Twin = nested(Linear)

    with pytest.raises(TypeError, match="a `kind: Literal"):
        parse_settings(Wrong, {"field": "linear"})


@dataclass(frozen=True, kw_only=True)
class Twin:
    kind: Literal["linear"] = "linear"


@pytest.mark.parametrize(
    ("below", "above", "result"),
    [
        ({"kind": "pi", "target": 5}, {"target": 6}, {"kind": "pi", "target": 6}),
        ({"kind": "pi", "target": 5}, {"kind": "linear"}, {"kind": "linear"}),
        ({"kind": "pi", "target": 5}, "linear", {"kind": "linear"}),
        ({"kind": "pi", "target": 5}, "pi", {"kind": "pi", "target": 5}),
        ("linear", {"epochs": 3}, {"kind": "linear", "epochs": 3}),
        ("linear", {"kind": "pi", "target": 1}, {"kind": "pi", "target": 1}),
        ("linear", "constant", "constant"),
        ({"target": 5}, {"kind": "pi"}, {"kind": "pi", "target": 5}),
        ({"a": {"b": 1}}, {"a": {"c": 2}}, {"a": {"b": 1, "c": 2}}),
        ({"a": 1}, "text", "text"),
        ({"a": 1}, None, None),
    ],
)
def test_a_recipe_over_its_base(below: Any, above: Any, result: Any) -> None:
    assert merge({"x": below}, {"x": above}) == {"x": result}


weights = st.one_of(
    st.builds(Constant, value=st.floats(0, 10)),
    st.builds(Linear, start=st.floats(-5, 5), epochs=st.floats(0, 10)),
    st.builds(PI, target=st.floats(0, 12), gains=st.lists(st.floats(0, 1)).map(tuple)),
)
simple = st.one_of(st.builds(Constant), st.builds(Linear))


@given(
    model=st.builds(
        Model,
        weight=weights,
        floor=st.none() | simple,
        given=st.builds(Constant) | st.builds(PI, target=st.just(1.0)),
        chain=st.lists(simple).map(tuple),
        target=weights,
    )
)
def test_any_settings_survive_their_plain_form(model: Model) -> None:
    values = json.loads(json.dumps(plain(model)))
    check(values, schema_of(Model))
    assert parse_settings(Model, values) == model
