"""The probe of Gaussian posteriors, from raw text to report, by real stage runs on a tiny corpus."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from arae.cli import main
from prepared import STUDIES, prepare, train

SOURCE = {"kind": "scenes", "seed": 3, "sentences": {"train": 400, "valid": 60, "test": 60}}
SIZES = {"encoder": {"embedding": 8, "hidden": 12}, "decoder": {"embedding": 8, "hidden": 12}}
RECIPE = {"latent": 6, "epochs": 1, "batch_size": 16, "max_length": 15, **SIZES}
RECIPE |= {"autoencoder": {"kind": "adam", "lr": 0.02}}


def arae(*words: object) -> int:
    return main([str(word) for word in words])


@pytest.fixture(scope="module", autouse=True)
def project(tmp_path_factory):
    """A folder with two trained models, one of them without a Gaussian posterior."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("posterior"))
        prepare(SOURCE)
        for system in ("ae", "vae"):
            train({"system": system, **RECIPE, "selection": {"by": "valid_loss"}}, system)
        yield


def probe(system: str, **settings: object) -> tuple[int, Path]:
    path = Path("scores/posterior", system, "seed-1.json")
    path.parent.mkdir(parents=True, exist_ok=True)
    code = arae(
        *("probe", "--probe", "posterior", "--model", f"models/{system}/seed-1", "--ids", "ids"),
        *("--tokens", "tokens", "--source", json.dumps(SOURCE), "--seed", 1, "--out", path),
        *("--settings", json.dumps({"samples": 8, **settings})),
    )
    return code, path


@pytest.mark.slow
def test_from_a_model_to_a_table() -> None:
    code, path = probe("vae")
    found = json.loads(path.read_text())["metrics"]
    assert code == 0 and found["weighted"] < found["elbo"]
    assert found["information"] <= min(found["kl"] + 0.2, math.log(60))
    assert 0 <= found["active"] <= found["dimensions"] == 6
    assert found["elbo_ppl"] > found["weighted_ppl"] > 1
    _, again = probe("vae", memory_mb=1)  # one sentence more or fewer at a time: other draws
    small = json.loads(again.read_text())["metrics"]
    assert small["kl"] == pytest.approx(found["kl"], rel=1e-5)
    assert small["elbo"] == pytest.approx(found["elbo"], rel=0.02)
    study = {"kind": "posterior", "corpus": "scenes", "systems": {"VAE": "vae"}, "seeds": [1]}
    study["claims"] = STUDIES["posterior-scenes"]["claims"]
    arae(
        *("tabulate", "--study", "posterior-x", "--settings", json.dumps(study), "--out", "out"),
        *("--scores", path, "--histories", "models/vae/seed-1/history.jsonl"),
    )
    table = json.loads(Path("out/table.json").read_text())
    assert [claim["verdict"] for claim in table["claims"]] == ["reproduced"] * 2
    assert Path("out/units.svg").exists()


@pytest.mark.slow
def test_a_point_is_no_posterior(capfd: pytest.CaptureFixture[str]) -> None:
    code, path = probe("ae")
    assert code and not path.exists()
    assert "the prior of system 'ae' has no density" in capfd.readouterr().err
