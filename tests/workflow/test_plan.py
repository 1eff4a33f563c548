"""The plan: each rule's settings hold what it uses and no more; wrong references are named."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from arae.foundation.errors import SettingsError
from arae.workflow.plan import Plan

PARAMS = Path(__file__).with_name("tiny_params.yaml")


@pytest.fixture
def plan() -> Plan:
    return Plan.load(PARAMS)


def changed(tmp_path: Path, *keys: str, to: object) -> Path:
    """The tiny params with one value replaced."""
    params = yaml.safe_load(PARAMS.read_text(encoding="utf-8"))
    inner = params
    for key in keys[:-1]:
        inner = inner[key]
    inner[keys[-1]] = to
    path = tmp_path / "params.yaml"
    path.write_text(yaml.safe_dump(params), encoding="utf-8")
    return path


def test_sampling_is_no_part_of_training(plan: Plan) -> None:
    assert "sampling" not in json.loads(plan.train("lm-tiny"))
    assert json.loads(plan.sample("coverage-tiny", "lm-tiny")) == {
        "count": 80,
        "decoding": "sample",
    }


def test_a_recipe_inherits_and_overrides(plan: Plan) -> None:
    inherited, own = json.loads(plan.train("lm-tiny")), json.loads(plan.train("lm-own"))
    assert own == {**inherited, "corpus": "own"}


def test_only_the_real_text_is_cut_for_its_language_model(plan: Plan) -> None:
    limits = {
        text: json.loads(plan.train_lm("coverage-tiny", text))["sentences"]
        for text in ("real", "forward", "arae-tiny")
    }
    assert limits == {"real": 80, "forward": None, "arae-tiny": None}


def test_settings_are_canonical_whatever_the_order_of_keys(tmp_path: Path, plan: Plan) -> None:
    turned = changed(
        tmp_path, "corpora", "scenes", "vocabulary", to={"size": 300, "lowest_count": 1}
    )
    other = changed(
        tmp_path / "..", "corpora", "scenes", "vocabulary", to={"lowest_count": 1, "size": 300}
    )
    assert Plan.load(turned).vocabulary("scenes") == Plan.load(other).vocabulary("scenes")
    assert Plan.load(turned).vocabulary("scenes") != plan.vocabulary("scenes")


def test_values_that_are_swapped_give_other_settings(tmp_path: Path, plan: Plan) -> None:
    swapped = Plan.load(changed(tmp_path, "recipes", "tiny", "batch_size", to=1))
    assert json.loads(plan.train("lm-tiny"))["epochs"] == 1
    assert swapped.train("lm-tiny") != plan.train("lm-tiny")


def test_training_is_told_how_the_corpus_was_tokenised(tmp_path: Path, plan: Plan) -> None:
    told = json.loads(plan.train("lm-tiny"))
    assert told["tokens"] == {"tokenizer": "whitespace", "lowercase": True, "max_length": 15}
    other = Plan.load(changed(tmp_path, "corpora", "scenes", "tokens", "lowercase", to=False))
    assert other.train("lm-tiny") != plan.train("lm-tiny")
    assert other.train("lm-own") == plan.train("lm-own")


def test_user_files_of_plain_and_labelled_splits(tmp_path: Path, plan: Plan) -> None:
    assert plan.user_files("scenes") == []
    assert plan.user_files("own") == [
        f"it's; own/{split}.txt" for split in ("train", "valid", "test")
    ]
    files = {split: {"a": f"{split}.a", "b": f"{split}.b"} for split in ("train", "valid", "test")}
    labelled = {"kind": "files", "files": files}
    other = Plan.load(changed(tmp_path, "corpora", "own", "source", to=labelled))
    assert other.user_files("own")[:3] == ["train.a", "train.b", "valid.a"]
    assert (other.labelled, plan.labelled) == (("own",), ())


def test_the_code_of_a_model_includes_its_system(plan: Plan) -> None:
    assert plan.code("train", "lm-tiny") != plan.code("train", "arae-tiny")
    assert plan.modules("sample", "arae-tiny") == ["arae.stages.sample", "arae.systems.arae"]
    assert "arae.systems.lm" in plan.modules("train-lm")


def test_sections_of_a_job_name_its_bases(plan: Plan) -> None:
    assert plan.sections({"recipe": "lm-own", "seed": "1"}) == {
        "recipes.lm-own",
        "recipes.lm-tiny",
        "recipes.tiny",
        "corpora.own.tokens",
    }
    assert plan.sections({"study": "coverage-own", "text": "real"}) == {
        "studies.coverage-own",
        "evaluation.tiny",
    }


@pytest.mark.parametrize(
    ("keys", "value", "message"),
    [
        (("studies", "coverage-tiny", "systems", "LM"), "lm-tny", "did you mean 'lm-tiny'"),
        (("studies", "coverage-tiny", "corpus"), "scene", "did you mean 'scenes'"),
        (("studies", "coverage-tiny", "evaluation"), "tinny", "did you mean 'tiny'"),
        (("studies", "coverage-tiny", "systems"), {}, "expected a mapping from labels to recipes"),
        (("studies", "coverage-tiny", "systems", "LM"), "lm-own", "trained on 'own'"),
        (("studies", "coverage-tiny", "seeds"), [1, 1], "different whole numbers"),
        (("studies", "coverage-tiny", "seeds"), [], "different whole numbers"),
        (("studies", "coverage-tiny", "seeds"), ["1"], "different whole numbers"),
        (("recipes", "lm-tiny", "corpus"), "scene", "recipes.lm-tiny.corpus: no 'scene'"),
        (("recipes", "real"), {"system": "lm", "corpus": "scenes"}, "reserved"),
        (("corpora", "a.b"), {}, "letters, digits"),
        (("studies", "train"), {}, "name of a rule"),
        (("evaluation",), None, "the section 'evaluation'"),
        (("recipes", "lm-tiny", "start"), {"recipe": "lm-tyni"}, "did you mean 'lm-tiny'"),
        (
            ("recipes", "arae-tiny", "start"),
            {"recipe": "arae-tiny"},
            "start from one another: arae-tiny → arae-tiny",
        ),
        (("recipes", "arae-tiny", "start"), {"recipe": "lm-own"}, "'lm-own' is trained on 'own'"),
        (("recipes", "lm-tiny", "start"), "lm-own", "start: expected a mapping"),
    ],
)
def test_a_wrong_reference_is_named(
    tmp_path: Path, keys: tuple[str, ...], value: object, message: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        Plan.load(changed(tmp_path, *keys, to=value))
    assert message in str(caught.value)
    assert "params.yaml" in str(caught.value)
    assert "\n" not in str(caught.value)


SCHEMA = {
    "type": "object",
    "properties": {
        "evaluation": {
            "additionalProperties": {
                "properties": {"samples": {"type": "integer"}, "ngram": {}, "language_model": {}},
                "additionalProperties": False,
            }
        },
        "studies": {"additionalProperties": {"properties": {"kind": {"enum": ["coverage"]}}}},
    },
}


@pytest.mark.parametrize(
    ("keys", "value", "message"),
    [
        (("evaluation", "tiny", "sampels"), 3, "tiny.sampels: unknown key; did you mean 'samples'"),
        (
            ("evaluation", "tiny", "samples"),
            "3",
            "evaluation.tiny.samples: expected a whole number, got '3'",
        ),
        (("studies", "coverage-own", "kind"), "coverag", "did you mean 'coverage'"),
    ],
)
def test_the_schema_is_asked(
    tmp_path: Path, keys: tuple[str, ...], value: object, message: str
) -> None:
    schema = tmp_path / "schema.json"
    schema.write_text(json.dumps(SCHEMA), encoding="utf-8")
    Plan.load(PARAMS, schema)
    with pytest.raises(SettingsError) as caught:
        Plan.load(changed(tmp_path, *keys, to=value), schema)
    assert message in str(caught.value)


def with_images(tmp_path: Path) -> Plan:
    params = yaml.safe_load(PARAMS.read_text(encoding="utf-8"))
    images = {"train": 100, "valid": 20, "test": 20}
    params["corpora"]["digits"] = {"source": {"kind": "digits", "images": images}}
    params["recipes"]["ae-digits"] = {"system": "ae", "corpus": "digits"}
    params["studies"]["images-tiny"] = {
        "kind": "images",
        "corpus": "digits",
        "probe": {"samples": 100, "classifier": {"epochs": 2}},
        "systems": {"AE": "ae-digits"},
        "seeds": [1],
    }
    path = tmp_path / "params.yaml"
    path.write_text(yaml.safe_dump(params), encoding="utf-8")
    return Plan.load(path, Path(__file__).parents[2] / "workflow/schemas/params.schema.json")


def test_images_are_told_from_text(tmp_path: Path) -> None:
    plan = with_images(tmp_path)
    assert plan.image_corpora == ("digits",) and plan.image_recipes == ("ae-digits",)
    assert "digits" not in (*plan.labelled, *plan.unlabelled)
    assert plan.of_family("images") == ("images-tiny",)
    assert plan.study("images-tiny").texts == ("ae-digits", "real")
    assert json.loads(plan.classifier("images-tiny")) == {"epochs": 2}


def test_the_code_of_image_stages_follows_the_system_but_not_for_real_images(
    tmp_path: Path,
) -> None:
    plan = with_images(tmp_path)
    for verb in ("train-images", "score-images"):
        assert {"arae.systems.ae", "arae.systems.images"} <= set(plan.modules(verb, "ae-digits"))
    assert plan.modules("score-images", "real") == ["arae.stages.score_images"]
