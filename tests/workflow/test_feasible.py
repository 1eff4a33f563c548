"""Plans that cannot succeed are refused when they are read, with the keys and what would fit."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from arae.cli import main
from arae.foundation.errors import SettingsError
from arae.reporting.kinds.registry import KINDS
from arae.stages import check
from arae.workflow.plan import Plan

OTHER = Path(__file__).with_name("other_params.yaml")
COVERAGE = {
    "kind": "coverage",
    "corpus": "scenes",
    "evaluation": "cover",
    "systems": {"LM": "lm"},
    "seeds": [1],
}


def params() -> dict[str, Any]:
    """The tiny plan of other studies, with one of coverage and a system of each sort."""
    values: dict[str, Any] = yaml.safe_load(OTHER.read_text(encoding="utf-8"))
    values["recipes"]["lm"] = {"corpus": "scenes", "system": "lm"}
    model = {"epochs": 1, "batch_size": 32}
    values["evaluation"]["cover"] = {"samples": 400, "language_model": model}
    values["studies"]["coverage"] = COVERAGE
    return values


def loaded(values: dict[str, Any]) -> Plan:
    return Plan.of(values, "params.yaml")


def refused(values: dict[str, Any]) -> str:
    with pytest.raises(SettingsError) as caught:
        loaded(values)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_more_samples_than_real_text() -> None:
    values = params()
    loaded(values)
    values["evaluation"]["cover"]["samples"] = 401
    said = refused(values)
    assert "studies.coverage: evaluation.cover.samples: 401 are asked for" in said
    assert "the 400 items of the train split allow 400" in said


def test_more_samples_than_a_users_file_has(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    values = params()
    files = {split: f"{split}.txt" for split in ("train", "valid", "test")}
    values["corpora"]["scenes"]["source"] = {"kind": "files", "files": files}
    loaded(values)  # the stage that reads them will say that they are not there
    Path("train.txt").write_text("a sentence\n" * 399)
    assert "the 399 items of the train split allow 399" in refused(values)
    Path("train.txt").write_text("a sentence\n" * 400)
    loaded(values)


@pytest.mark.parametrize(("samples", "fits"), [(60, True), (61, False)])
def test_more_transfers_than_test_sentences(samples: int, fits: bool) -> None:
    values = params()
    values["evaluation"]["transfer-tiny"]["samples"] = samples
    if fits:
        loaded(values)
    else:
        assert "61 are asked for, and the 60 items of the test split allow 60" in refused(values)


@pytest.mark.parametrize("kind", ["transfer", "topics", "semi_supervised"])
def test_a_study_of_labels_needs_them(kind: str) -> None:
    values = params()
    values["studies"]["transfer-tiny"] |= {"kind": kind, "corpus": "scenes", "systems": {"L": "lm"}}
    said = refused(values)
    assert f"studies.transfer-tiny.corpus: a study of kind {kind} needs two labels or more" in said
    assert "'scenes' has no labels" in said and "or choose reviews" in said


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "images"])
def test_text_is_not_images(kind: str) -> None:
    values = params()
    study = {
        "kind": kind,
        "evaluation": "cover",
        "corpus": "digits",
        "systems": {"A": "image-vae-tiny"},
    }
    values["studies"] = {"s": {**study, "seeds": [1]}}
    said = refused(values)
    assert f"studies.s.corpus: a study of kind {kind} needs text, and 'digits' is images" in said
    assert "choose scenes, reviews" in said


def test_images_are_not_text() -> None:
    values = params()
    values["studies"]["coverage"] = {**COVERAGE, "kind": "images"}
    assert "needs images, and 'scenes' is text; choose digits" in refused(values)


def test_a_bound_needs_a_language_that_can_be_listed() -> None:
    values = params()
    values["studies"]["coverage"] = {**COVERAGE, "kind": "bound"}
    assert "studies.coverage.corpus: the sentences of 'scenes' cannot all be listed" in refused(
        values
    )


def test_curves_of_codes_must_be_recorded_while_training() -> None:
    values = params()
    values["studies"]["posterior-tiny"]["kind"] = "latent"
    assert "the recipe 'vae-tiny' records none; give it `observe" in refused(values)
    values["recipes"]["vae-tiny"]["observe"] = {"every": 5}
    loaded(values)


TEXT = {"aae", "ae", "arae", "arae_transfer", "lm", "nli_ae", "nli_arae", "vae"}
CODES = {*TEXT, "cross_aligned"} - {"lm"}
# Kind of study -> (kind of corpus, the systems that can serve it), as the systems' files say.
SERVE = {
    "coverage": ("reviews", TEXT),
    "transfer": ("reviews", {"arae_transfer", "cross_aligned"}),
    "topics": ("reviews", {"arae_transfer", "cross_aligned"}),
    "latent": ("reviews", CODES),
    "robustness": ("reviews", CODES),
    "interpolation": ("reviews", TEXT - {"lm"}),
    "offsets": ("reviews", TEXT - {"lm"}),
    "semi_supervised": ("reviews", {"nli_ae", "nli_arae"}),
    "posterior": ("reviews", {"vae"}),
    "bound": ("tiny", {"aae", "ae", "arae", "vae"}),
    "sensitivity": ("reviews", TEXT),
    "images": ("digits", {"aae", "ae", "arae", "vae"}),
}


def test_every_kind_of_study_knows_which_systems_can_serve_it() -> None:
    """Of the systems and kinds that are named here; a new one needs no word in this file."""
    assert set(SERVE) <= set(KINDS)
    known = set.union(*(able for _, able in SERVE.values()))
    for kind, (corpus, able) in SERVE.items():
        values = params()
        sentences = {"train": 400, "valid": 60, "test": 60}
        values["corpora"]["tiny"] = {
            **values["corpora"]["scenes"],
            "source": {"kind": "tiny", "sentences": sentences},
        }
        recipe = {"image-vae-tiny": "digits", "lm": corpus}
        name = "image-vae-tiny" if corpus == "digits" else "lm"
        values["recipes"]["lm"] |= {"corpus": corpus, "observe": {"every": 1}}
        values["studies"] = {
            "s": {
                "kind": kind,
                "corpus": recipe[name],
                "evaluation": "transfer-tiny",
                "systems": {"A": name},
                "seeds": [1],
            }
        }
        plan = loaded(values)
        given = {**plan.recipe(name), "selection": {"by": "valid_loss"}}
        found = set(check._able(given, plan, check._wanted("s", "s", plan)))
        assert found & known == able, kind


def written(tmp_path: Path, values: dict[str, Any]) -> Path:
    path = tmp_path / "params.yaml"
    path.write_text(json.dumps(values), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("recipe", "study", "message"),
    [
        (
            {"selection": {"by": "accuracy"}},
            {},
            "recipes.lm.selection: selection.by: 'lm' classifies nothing",
        ),
        (
            {"corpus": "digits"},
            {"kind": "images", "corpus": "digits", "probe": {"samples": 100}},
            "recipes.lm.system: 'lm' is no system of images; systems of images: aae, ae, aggressive",
        ),
        (
            {},
            {"kind": "interpolation", "probe": {"paths": 30}},
            "studies.coverage.systems.LM: system lm: has no encoder; leave it out of this study. "
            "Systems that can: aae, ae,",
        ),
        (
            {},
            {"kind": "interpolation", "probe": {}},
            "probe.paths: 500 are asked for, and the 60 items of the test split allow 30",
        ),
    ],
)
def test_systems_are_asked_before_they_are_trained(
    tmp_path: Path, capsys: Any, recipe: Any, study: Any, message: str
) -> None:
    values = params()
    values["recipes"]["lm"] |= recipe
    values["studies"]["coverage"] = {**COVERAGE, **study}
    assert main(["check", "--params", str(written(tmp_path, values)), "--studies", "coverage"]) == 2
    said = capsys.readouterr().err
    assert message in said and said.count("\n") == 1


def test_the_judge_needs_a_batch(tmp_path: Path, capsys: Any) -> None:
    values = params()
    values["evaluation"]["cover"] |= {"samples": 20}
    assert main(["check", "--params", str(written(tmp_path, values))]) == 2
    assert "one batch of 32 is more than the 20 samples" in capsys.readouterr().err


def test_the_longest_sentence_follows_the_corpus() -> None:
    values = params()
    values["corpora"]["scenes"]["tokens"]["max_length"] = 20
    plan = loaded(values)
    assert json.loads(plan.train("lm"))["max_length"] == 20
    assert json.loads(plan.train_lm("coverage", "forward"))["max_length"] == 20
    assert json.loads(plan.train("ae-reviews-tiny"))["max_length"] == 15
    values["recipes"]["lm"]["max_length"] = 9
    values["evaluation"]["cover"]["language_model"]["max_length"] = 8
    plan = loaded(values)
    assert json.loads(plan.train("lm"))["max_length"] == 9
    assert json.loads(plan.train_lm("coverage", "forward"))["max_length"] == 8


def test_tokens_follow_the_source() -> None:
    values = params()
    pairs = {"kind": "scene_pairs", "pairs": {"train": 40, "valid": 6, "test": 6}}
    values["corpora"]["pairs"] = {**values["corpora"]["scenes"], "source": pairs}
    files = {split: "x" for split in ("train", "valid", "test")}
    own = {"kind": "files", "files": files, "max_line_bytes": 2_000_000}
    values["corpora"]["own"] = {**values["corpora"]["scenes"], "source": own}
    plan = loaded(values)
    assert json.loads(plan.tokenize("pairs"))["group"] == 2
    assert json.loads(plan.tokenize("own"))["max_line_bytes"] == 2_000_000
    values["corpora"]["pairs"]["tokens"] = {"group": 1}
    assert "corpora.pairs.tokens.group: 1, but the source gives 2 lines" in refused(values)
