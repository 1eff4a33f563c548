"""The committed schema is the one the settings classes give; the shipped params.yaml fits both."""

import copy
import json
from pathlib import Path

import pytest

from arae.corpora.sources import domain_of
from arae.foundation.errors import SettingsError
from arae.foundation.params import load_params
from arae.stages.schema import params_schema
from arae.systems.registry import parse_recipe
from arae.workflow.check import check_against

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def schema() -> dict:
    return params_schema()


def _recipes_of(schema: dict) -> list[dict]:
    """The schemas of recipes of each domain."""
    sections = [schema["properties"]["recipes"], *schema["$defs"].values()]
    return [section["additionalProperties"] for section in sections]


def test_the_committed_schema_is_up_to_date(schema: dict) -> None:
    """But for systems that it does not list yet: these are looked up in the code."""
    committed = json.loads((ROOT / "workflow/schemas/params.schema.json").read_text())
    current = json.loads(json.dumps(schema))
    for known, now in zip(_recipes_of(committed), _recipes_of(current), strict=True):
        listed = known["properties"]["system"]["enum"]
        assert set(listed) <= set(now["properties"]["system"]["enum"])
        now["properties"]["system"]["enum"] = listed
        now["allOf"] = [
            branch
            for branch in now["allOf"]
            if branch["if"]["properties"]["system"]["const"] in listed
        ]
    assert committed == current, "run: arae schema --out workflow/schemas/params.schema.json"


def test_shipped_params_fit_the_schema_and_the_classes(schema: dict) -> None:
    params = load_params(ROOT / "params.yaml")
    check_against(params, schema, "params.yaml: ")
    for name, recipe in params["recipes"].items():
        domain = domain_of(params["corpora"][recipe["corpus"]]["source"])
        parse_recipe({key: v for key, v in recipe.items() if key != "sampling"}, name, domain)


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("recipes.arae-scenes.critic.stpes", 3, "did you mean 'steps'"),
        ("recipes.arae-scenes.critic.steps", "five", "recipes.arae-scenes.critic.steps: expected"),
        ("recipes.ae-scenes.encoder.hidden", -5, "below its least value 1"),
        ("recipes.ae-scenes.critic", {}, "recipes.ae-scenes.critic: unknown key"),
        ("recipes.ae-scenes.system", "aee", "system: 'aee' is not one of its values"),
        ("corpora.scenes.source.kind", "scene", "did you mean 'scenes'"),
        ("corpora.scenes.vocabulary.size", 0, "below its least value 1"),
        ("evaluation.scenes.samples", 2.5, "evaluation.scenes.samples: expected a whole number"),
        ("evaluation.scenes.language_model.epoch", 2, "did you mean 'epochs'"),
        ("studies.coverage-scenes.seed", [1], "did you mean 'seeds'"),
        ("studies.coverage-scenes.kind", "covrage", "did you mean 'coverage'"),
        ("recipes.vae-digits.max_length", 9, "recipes.vae-digits.max_length: unknown key"),
        ("recipes.vae-digits.sampling", {}, "recipes.vae-digits.sampling: unknown key"),
        ("recipes.vae-digits.latnet", 9, "did you mean 'latent'"),
        ("recipes.vae-digits.system", "lm", "'lm' is of text, and the corpus 'digits' is images"),
        ("recipes.vae-digits.system", "vea", "'vea' is not one of its values; did you mean 'vae'"),
        ("corpora.digits.vocabulary", {"size": 3}, "corpora.digits.vocabulary: unknown key"),
        ("studies.images-digits.probe.sampels", 3, "did you mean 'samples'"),
        ("extra", {}, "params.yaml: extra: unknown key"),
    ],
)
def test_bad_params_name_key_and_remedy(
    schema: dict, path: str, value: object, message: str
) -> None:
    params = copy.deepcopy(load_params(ROOT / "params.yaml"))
    *parents, last = path.split(".")
    place = params
    for key in parents:
        place = place[key]
    place[last] = value
    with pytest.raises(SettingsError, match=message):
        check_against(params, schema, "params.yaml: ")
