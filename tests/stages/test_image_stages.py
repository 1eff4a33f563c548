"""The whole way of images through the command line: digits, models, scores, table, page."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

from arae.cli import main
from arae.engine.modeldir import load_image_model
from arae.evaluation.image_classifier import load_classifier
from arae.foundation.errors import IntegrityError
from arae.reporting.charts import png

SOURCE = {"kind": "digits", "images": {"train": 400, "valid": 60, "test": 150}}
SIZES = {"encoder": {"hidden": [32]}, "decoder": {"hidden": [32]}, "batch_size": 50}
ADAM = {"kind": "adam", "lr": 0.005}
SCORE = {"samples": 300, "grid": 4, "rows": 6, "points": 5, "classifier": {"epochs": 15}}
RECIPES = {
    "vae": {"system": "vae", **SIZES, "epochs": 2, "autoencoder": ADAM},
    "arae": {"system": "arae", **SIZES, "epochs": 1, "latent": 8, "critic": {"steps": 2}},
}
STUDY = {
    "kind": "images",
    "corpus": "digits",
    "probe": SCORE,
    "systems": {"VAE": "vae", "ARAE": "arae"},
    "seeds": [1],
}


def arae(*words: object) -> None:
    assert main([str(word) for word in words]) == 0, words


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which a small study was made."""
    folder = tmp_path_factory.mktemp("images")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        settings = json.dumps
        arae("fetch-images", "--settings", settings(SOURCE), "--out", "images")
        judge = settings(SCORE["classifier"])
        arae("train-image-classifier", "--images", "images", "--settings", judge, "--out", "judge")
        for name, recipe in RECIPES.items():
            model = f"models/{name}/seed-1"
            arae(
                "train-images", "--images", "images", "--settings", settings(recipe), "--out", model
            )
        for name in (*RECIPES, "real"):
            model = "none" if name == "real" else f"models/{name}/seed-1"
            arae(
                *("score-images", "--model", model, "--images", "images", "--classifier", "judge"),
                *("--settings", settings(SCORE), "--out", f"scores/{name}/seed-1.json"),
            )
        arae(
            *("tabulate", "--study", "images-tiny", "--settings", settings(STUDY), "--scores"),
            *sorted(Path().glob("scores/*/seed-1.json")),
            *("--histories", *sorted(Path().glob("models/*/seed-1/history.jsonl"))),
            *("--out", "studies/images-tiny"),
        )
        arae(
            *("report", "--studies", "studies/images-tiny", "--out", "report.html"),
            *("--metrics", "metrics.json"),
        )
    return folder


def score(project: Path, name: str) -> dict:
    return json.loads((project / f"scores/{name}/seed-1.json").read_text())


@pytest.mark.slow
def test_metrics_are_plausible(project: Path) -> None:
    metrics = score(project, "vae")["metrics"]
    real = score(project, "real")["metrics"]
    assert 0 < real["fid"] < metrics["fid"]
    assert real["kid"] < metrics["kid"]
    assert 0.5 < real["confidence"] <= 1 and 8 < real["classes"] <= 10
    for share in ("confidence", "distinct", "copies", "nearest", "reconstruction_error", "step"):
        assert 0 <= metrics[share] <= 1
    assert 1 <= metrics["images_a_row"] <= SCORE["points"]
    assert "copies" not in real and "reconstruction_error" not in real


@pytest.mark.slow
def test_the_figures_show_the_first_images_and_are_small(project: Path) -> None:
    picture = score(project, "arae")["details"]["samples"]
    images = png.unpack(picture)
    assert images.shape == (16, 8, 8) and set(np.unique(images)) <= {0, 1}
    rows = png.unpack(score(project, "arae")["details"]["interpolations"])
    assert rows.shape == (4 * 5, 8, 8)
    for name, panels in (("samples", 3), ("interpolations", 2)):
        svg = (project / f"studies/images-tiny/{name}.svg").read_text()
        assert svg.count("data:image/png;base64,") == panels
        assert len(svg) < 200_000


@pytest.mark.slow
def test_the_page_may_show_its_own_pictures_and_load_nothing(project: Path) -> None:
    page = (project / "report.html").read_text()
    assert "data:image/png;base64," in page
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)
    assert policy is not None
    assert "img-src data:" in policy[1] and policy[1].startswith("default-src &#x27;none&#x27;")
    assert not re.search(r'(?:src|href)="(?!#|data:)', page)


@pytest.mark.slow
def test_the_classifier_tells_its_accuracy_and_is_checked(project: Path, tmp_path: Path) -> None:
    _, recipe = load_classifier(project / "judge")
    assert recipe["test_accuracy"] > 0.6
    for name in ("model.safetensors", "recipe.json"):
        (tmp_path / name).write_bytes((project / "judge" / name).read_bytes())
    weights = tmp_path / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"\x7f")
    with pytest.raises(IntegrityError, match="not a usable classifier"):
        load_classifier(tmp_path)


@pytest.mark.slow
def test_a_model_directory_is_checked_and_gives_the_same_system(
    project: Path, tmp_path: Path
) -> None:
    model = load_image_model(project / "models/vae/seed-1")
    assert model.shape == (8, 8) and not model.system.training
    for path in (project / "models/vae/seed-1").iterdir():
        if path.name != "provenance.json":
            (tmp_path / path.name).write_bytes(path.read_bytes())
    recipe = tmp_path / "recipe.json"
    recipe.write_text(recipe.read_text().replace('"vae"', '"vea"'))
    with pytest.raises(IntegrityError, match="did you mean 'vae'"):
        load_image_model(tmp_path)
    (tmp_path / "model.safetensors").unlink()
    with pytest.raises(IntegrityError, match="missing; a model directory holds"):
        load_image_model(tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("--settings", '{"samples": 5000}'), 3, "400 training images, fewer than the 5000"),
        (("--settings", '{"sample": 100}'), 2, "did you mean 'samples'"),
        (("--model", "models/nowhere"), 3, "models/nowhere/model.safetensors: not found"),
    ],
)
def test_bad_requests_give_one_line(
    project: Path, monkeypatch, capsys, words: tuple[str, ...], code: int, message: str
) -> None:
    monkeypatch.chdir(project)
    usual = ["--model", "models/vae/seed-1", "--settings", json.dumps(SCORE)]
    command = ["score-images", "--images", "images", "--classifier", "judge", "--out", "x.json"]
    assert main([*command, *usual, *words]) == code
    told = capsys.readouterr().err.strip().splitlines()
    assert len(told) == 1 and message in told[0]
    assert not Path("x.json").exists()


@pytest.mark.slow
def test_recipes_of_text_are_refused(project: Path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(project)
    command = ["train-images", "--images", "images", "--settings", '{"system": "lm"}', "--out", "m"]
    assert main(command) == 2
    assert "'lm' is no system of images" in capsys.readouterr().err
