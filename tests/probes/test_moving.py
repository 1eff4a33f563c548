"""Offset vectors and interpolation from raw text to report, by real stage runs on a tiny corpus."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from arae.cli import main
from arae.reporting.kinds.registry import KINDS
from prepared import STUDIES, prepare, train
from prepared import run as arae

SOURCE = {"kind": "scenes", "seed": 3, "sentences": {"train": 600, "valid": 60, "test": 60}}
SIZES = {"encoder": {"embedding": 12, "hidden": 16}, "decoder": {"embedding": 12, "hidden": 16}}
RECIPE = {
    **SIZES,
    "latent": 16,
    "epochs": 2,
    "batch_size": 16,
    "max_length": 15,
    "selection": {"by": "valid_loss"},
    "autoencoder": {"kind": "adam", "lr": 0.02},
}
PROBES = {
    "offsets": {
        "sentences": 400,
        "altered": 5,
        "samples": 8,
        "rounds": 2,
        "fewest": 2,
        "transforms": ["modifier:two", "subject:man", "verb:flying", "verb:red"],
    },
    "interpolation": {"paths": 12, "points": 4},
}


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A folder with two trained models of a tiny corpus."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("moving"))
        prepare(SOURCE)
        for system in ("ae", "arae"):
            train({"system": system, **RECIPE}, f"{system}-tiny")
        yield Path.cwd()


@pytest.fixture
def inside(project, monkeypatch):
    monkeypatch.chdir(project)
    return project


def probed(kind: str, system: str, out: str = "scores", **changes: object) -> dict:
    """The score file of a probe."""
    path = Path(out) / kind / f"{system}-tiny" / "seed-1.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    arae(
        *("probe", "--probe", kind, "--model", f"models/{system}-tiny/seed-1", "--ids", "ids"),
        *("--tokens", "tokens", "--source", json.dumps(SOURCE), "--seed", 1, "--out", path),
        *("--settings", json.dumps({**PROBES[kind], **changes})),
    )
    return json.loads(path.read_text())


@pytest.mark.slow
@pytest.mark.parametrize("kind", sorted(PROBES))
def test_from_models_to_a_report(inside, kind):
    scores = [probed(kind, system) for system in ("ae", "arae")]
    for score in scores:
        assert set(score["metrics"]) <= set(score["definitions"])
    study = {
        "kind": kind,
        "corpus": "scenes",
        "systems": {"AE": "ae-tiny", "ARAE": "arae-tiny"},
        "seeds": [1],
        "probe": PROBES[kind],
        "published": {"source": "Figure 5", "rows": {"ARAE": {"match_two": 0.86}}},
        "claims": STUDIES[f"{kind}-scenes"]["claims"],
    }
    out = Path("studies") / kind
    arae(
        *("tabulate", "--study", kind, "--settings", json.dumps(study), "--out", out),
        *("--scores", *sorted(Path("scores", kind).glob("*/seed-1.json"))),
        *("--histories", *sorted(Path("models").glob("*/seed-1/history.jsonl"))),
    )
    table = json.loads((out / "table.json").read_text())
    assert [row["label"] for row in table["rows"]] == ["AE", "ARAE"]
    assert all(claim["verdict"] for claim in table["claims"])
    assert [claim["name"] for claim in table["claims"]] == [one["says"] for one in study["claims"]]
    assert {path.stem for path in out.glob("*.svg")} == set(KINDS[kind].figure_names)
    arae("report", "--studies", out, "--out", f"{kind}.html", "--metrics", f"{kind}.json")
    assert Path(f"{kind}.html").read_text().count("<svg") >= len(KINDS[kind].figure_names)


@pytest.mark.slow
@pytest.mark.parametrize("kind", sorted(PROBES))
def test_the_same_probe_finds_the_same(inside, kind):
    assert probed(kind, "arae", "first") == probed(kind, "arae", "second")


@pytest.mark.slow
def test_transforms_that_cannot_be_tried_are_reported(inside):
    score = probed("offsets", "arae", "reported")
    found = {one["word"]: one for one in score["details"]["transforms"]}
    assert list(found) == ["two", "man", "flying", "red"]
    assert found["flying"]["problem"] == "not in the vocabulary"
    assert "sampled sentences have it" in found["red"]["problem"]
    assert "match_flying" not in score["metrics"]
    assert any("flying: not tried, not in the vocabulary" in line for line in score["examples"])
    tried = [one for one in found.values() if one["problem"] is None]
    assert score["metrics"]["tried"] == len(tried)


@pytest.mark.slow
def test_ends_are_exact_and_paths_have_their_points(inside):
    score = probed("interpolation", "arae", "ends")
    assert score["metrics"]["ends"] == 1.0
    for kind in ("draws", "sentences"):
        assert len(score["details"][kind]["distance"]) == 4
        assert score["details"][kind]["distance"][0] == 0.0
        assert all(len(path) == 4 for path in score["details"][kind]["paths"])


@pytest.mark.slow
def test_too_few_test_sentences_are_named(inside, capsys):
    settings = json.dumps({"paths": 31})
    code = main(
        [
            *("probe", "--probe", "interpolation", "--model", "models/ae-tiny/seed-1"),
            *("--ids", "ids", "--tokens", "tokens", "--source", json.dumps(SOURCE)),
            *("--settings", settings, "--out", "few/ae-tiny/seed-1.json"),
        ]
    )
    assert code != 0
    assert "31 paths need 62 test sentences, the corpus has 60" in capsys.readouterr().err
