"""params.yaml: YAML 1.2, bases and mix-ins, grids, studies of a user's own corpus."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from ruamel.yaml import YAML, YAMLError

from arae.foundation.errors import SettingsError
from arae.foundation.params import load_params, load_yaml
from arae.workflow.plan import Plan

ROOT = Path(__file__).parents[2]


def _recipes(tmp_path: Path, text: str) -> dict[str, Any]:
    path = tmp_path / "params.yaml"
    path.write_text(text)
    return dict(load_params(path)["recipes"])


def test_later_bases_lie_over_earlier_ones(tmp_path: Path) -> None:
    recipes = _recipes(
        tmp_path,
        "recipes:\n"
        "  sizes: {latent: 3, critic: {steps: 5, lr: 1}}\n"
        "  rates: {critic: {lr: 2}, epochs: 1}\n"
        "  a: {base: [sizes, rates], system: ae, epochs: 7}\n"
        "  b: {base: [rates, sizes], system: ae}\n",
    )
    assert recipes == {
        "a": {"system": "ae", "latent": 3, "critic": {"steps": 5, "lr": 2}, "epochs": 7},
        "b": {"system": "ae", "latent": 3, "critic": {"steps": 5, "lr": 1}, "epochs": 1},
    }


def test_a_grid_makes_a_recipe_of_every_combination(tmp_path: Path) -> None:
    recipes = _recipes(
        tmp_path,
        "recipes:\n"
        "  plain: {latent: 3}\n"
        "  wide: {latent: 9}\n"
        "  g:\n"
        "    base: plain\n"
        "    system: ae\n"
        "    grid:\n"
        "      size: {small: {}, large: {base: wide}}\n"
        "      critic.steps: [1, 0.5]\n",
    )
    assert recipes == {
        "g-small-steps-1": {"system": "ae", "latent": 3, "critic": {"steps": 1}},
        "g-small-steps-0_5": {"system": "ae", "latent": 3, "critic": {"steps": 0.5}},
        "g-large-steps-1": {"system": "ae", "latent": 9, "critic": {"steps": 1}},
        "g-large-steps-0_5": {"system": "ae", "latent": 9, "critic": {"steps": 0.5}},
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: {system: ae, grid: 3}", "recipes.a.grid: expected axes with their choices, got 3"),
        ("a: {system: ae, grid: {x: 3}}", "recipes.a.grid.x: expected named settings or a list"),
        ("a: {system: ae, grid: {x: []}}", "recipes.a.grid.x: expected named settings or a list"),
        ("a: {system: ae, grid: {x: {b: {}}}}\n  a-b: {}", "'a-b' is a recipe of its own, too"),
        ("a: {system: ae, grid: {x: [1, '1']}}", "two choices lead to the name 'a-x-1'"),
        ("a: {system: ae, grid: {x: {b: {base: c}}}}", "recipes.a-b.base: no recipe 'c'"),
        ("a: {base: [b, c]}\n  b: {}\n  c: {base: a}", "circular base: a -> c -> a"),
        ("a: {base: 3}", "recipes.a.base: no recipe '3'"),
    ],
)
def test_what_cannot_be_resolved_is_named(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(SettingsError) as error:
        _recipes(tmp_path, f"recipes:\n  {text}\n")
    assert message in str(error.value)


OWN = """
corpora:
  mine:
    source: {kind: files, files: {train: a.txt, valid: b.txt, test: c.txt}}
    tokens: {tokenizer: whitespace, max_length: 20}
    vocabulary: {size: 9000}
studies:
  mine:
    kind: coverage
    corpus: mine
    recipes: [lm, arae]
    evaluation: scenes
    seeds: [1]
"""


def _with_own(extra: str = "") -> dict[str, Any]:
    raw = dict(load_yaml(ROOT / "params.yaml"))
    own = YAML(typ="safe").load(OWN + extra)
    return {name: {**raw[name], **own.get(name, {})} for name in raw}


def test_a_study_of_an_own_corpus_names_recipes_of_another() -> None:
    raw = _with_own()
    plan = Plan.of(raw, "params.yaml", ROOT / "workflow/schemas/params.schema.json")
    assert plan.study("mine").recipes == ("lm-mine", "arae-mine")
    like, mine = (YAML(typ="safe").load(plan.train(name)) for name in ("arae-scenes", "arae-mine"))
    tokens = mine.pop("tokens")
    assert tokens["max_length"] == 20
    del like["tokens"]
    assert mine == {**like, "corpus": "mine", "max_length": 20}
    wildcards = {"recipe": "arae-mine", "study": "mine"}
    sections = plan.sections(wildcards)
    assert {"recipes.arae-scenes", "recipes.falling-adversary", "studies.mine"} <= sections
    written = {f"{part}.{name}" for part in ("recipes", "studies") for name in raw[part]}
    assert {key for key in sections if key.startswith(("recipes", "studies"))} <= written


def test_a_recipe_written_out_is_used_as_it_is() -> None:
    raw = _with_own("recipes: {arae-mine: {base: arae-scenes, corpus: mine, epochs: 9}}\n")
    plan = Plan.of(raw, "params.yaml")
    assert '"epochs":9' in plan.train("arae-mine") and '"epochs":3' in plan.train("lm-mine")


def test_a_grid_cannot_make_a_name_that_a_shell_would_read() -> None:
    grid = "recipes: {own: {base: ae-scenes, grid: {x: {'$(touch x)': {}}}}}\n"
    with pytest.raises(SettingsError, match=r"a name is made of letters"):
        Plan.of(_with_own(grid), "params.yaml")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("[lm, arae]", "[lm, araee]", "studies.mine.recipes: no recipe 'araee-scenes'; did you mean 'arae'"),
        ("[lm, arae]", "[lm]\n    like: moon", "studies.mine.recipes: no recipe 'lm-moon'"),
        ("[lm, arae]", "[lm]\n    systems: {LM: lm-scenes}", "give either recipes or systems"),
        ("    corpus: mine\n", "", "studies.mine.corpus: missing"),
        ("corpus: mine", "corpus: mien", "studies.mine.corpus: no 'mien'; did you mean 'mine'"),
        ("    corpus: mine\n", "    base: nowhere\n", "studies.mine.base: no study 'nowhere'"),
        ("kind: coverage", "base: topicz", "studies.mine.base: no study 'topicz'; did you mean"),
    ],
)  # fmt: skip
def test_a_wrong_study_is_named(old: str, new: str, message: str) -> None:
    raw = dict(load_yaml(ROOT / "params.yaml"))
    own = YAML(typ="safe").load(OWN.replace(old, new))
    raw = {name: {**raw[name], **own.get(name, {})} for name in raw}
    with pytest.raises(SettingsError) as error:
        Plan.of(raw, "params.yaml")
    assert message in str(error.value)


def test_a_study_without_a_corpus_serves_as_a_base_only() -> None:
    params = load_params(ROOT / "params.yaml")
    raw = load_yaml(ROOT / "params.yaml")
    assert "corpus" not in raw["studies"]["coverage"] and "coverage" not in params["studies"]
    assert (
        params["studies"]["coverage-snli"]["published"] == raw["studies"]["coverage"]["published"]
    )


def test_no_setting_is_shared_by_yaml_anchors() -> None:
    assert not [line for line in (ROOT / "params.yaml").open() if ": &" in line or ": *" in line]


scalars = st.text(alphabet="0123456789+-._eExXoObBaAfFnNulyYtTrsSi~:", min_size=1, max_size=9)


@given(text=scalars)
@example(text="no")
@example(text="017")
@example(text="1e-05")
@example(text="1:30")
@example(text="0o17")
@example(text="1_000")
@example(text=".inf")
def test_scalars_are_read_as_dvc_reads_them(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    """DVC reads params.yaml by ruamel.yaml; what the two read differently, `dvc params` shows wrongly."""
    path = tmp_path_factory.getbasetemp() / "scalar.yaml"
    path.write_text(f"a: {text}\n")
    try:
        theirs = YAML(typ="safe").load(path.read_text())
    except (YAMLError, ValueError, IndexError):
        return
    assert repr(load_yaml(path)) == repr(theirs)
