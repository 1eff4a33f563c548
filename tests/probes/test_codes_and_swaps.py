"""Figures 3 and 4 from a grammar's sentences to their tables: every stage real, models tiny."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from arae.cli import main
from arae.corpora.sources import parse_source
from arae.evaluation.robustness import Denoised
from arae.foundation.files import read_json
from arae.probes.robustness import Settings, measure
from arae.text.encoded import EncodedText
from arae.text.vocabulary import Vocabulary
from prepared import STUDIES

SOURCE = {"kind": "scenes", "seed": 3, "sentences": {"train": 300, "valid": 80, "test": 40}}
SIZES = {"encoder": {"embedding": 8, "hidden": 12}, "decoder": {"embedding": 8, "hidden": 12}}
COMMON = {"epochs": 2, "batch_size": 32, "latent": 12, "selection": {"samples": 40, "order": 2}}
OBSERVED = {"observe": {"every": 4, "sentences": 50, "anchors": 5, "neighbours": 3}}
GAN = {"generator": {"noise": 6, "hidden": [8]}, "critic": {"hidden": [8], "steps": 1}}
RECIPES = {
    "ae-tiny": {"system": "ae", **COMMON, **SIZES, **OBSERVED},
    "arae-tiny": {"system": "arae", **COMMON, **SIZES, **OBSERVED, **GAN},
    "ae-silent": {"system": "ae", **COMMON, **SIZES},
}
PROBES = {
    "latent": {"sentences": 40, "anchors": 6, "neighbours": 4, "valid_neighbours": 2},
    "robustness": {"sentences": 30, "swaps": 2, "draws": 2},
}
IDS, TOKENS, WORDS = "processed/ids", "processed/tokens", "processed/vocabulary.txt"


def _probe(probe: str, recipe: str) -> Path:
    out = Path("scores", probe, recipe, "seed-1.json")
    asked = ["--settings", json.dumps(PROBES[probe]), "--source", json.dumps(SOURCE)]
    text = ["--ids", IDS, "--tokens", TOKENS, "--out", str(out)]
    assert (
        main(["probe", "--probe", probe, "--model", f"models/{recipe}/seed-1", *asked, *text]) == 0
    )
    return out


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("project")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        settings = '{"tokenizer": "whitespace"}'
        assert main(["fetch", "--settings", json.dumps(SOURCE), "--out", "raw"]) == 0
        assert main(["tokenize", "--input", "raw", "--settings", settings, "--out", TOKENS]) == 0
        words = ["--settings", '{"size": 1500}', "--out", WORDS]
        assert main(["vocabulary", "--input", f"{TOKENS}/train.txt", *words]) == 0
        assert main(["encode", "--input", TOKENS, "--vocabulary", WORDS, "--out", IDS]) == 0
        for name, recipe in RECIPES.items():
            where = ["--ids", IDS, "--vocabulary", WORDS, "--out", f"models/{name}/seed-1"]
            assert main(["train", "--settings", json.dumps(recipe), *where]) == 0
        for probe in PROBES:
            _probe(probe, "ae-tiny")
            _probe(probe, "arae-tiny")
    return folder


@pytest.fixture
def inside(project: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(project)
    return project


def _score(probe: str, recipe: str) -> dict[str, Any]:
    return dict(read_json(Path("scores", probe, recipe, "seed-1.json")))


def _table(probe: str, **study: Any) -> dict[str, Any]:
    systems = {"AE": "ae-tiny", "ARAE": "arae-tiny"}
    settings = {"kind": probe, "corpus": "scenes", "systems": systems, "seeds": [1], **study}
    settings["claims"] = STUDIES[f"{probe}-scenes"]["claims"]
    scores = [f"scores/{probe}/{recipe}/seed-1.json" for recipe in systems.values()]
    where = ["--settings", json.dumps(settings), "--scores", *scores, "--out", f"studies/{probe}"]
    assert main(["tabulate", "--study", f"{probe}-tiny", *where]) == 0
    return dict(read_json(Path("studies", probe, "table.json")))


def test_what_was_observed_comes_back_as_curves_by_epoch(inside: Path) -> None:
    found = _score("latent", "arae-tiny")
    history = [
        json.loads(line)
        for line in Path("models/arae-tiny/seed-1/history.jsonl").read_text().splitlines()
    ]
    observed = [record for record in history if "code_trace" in record]
    assert [record["step"] for record in observed] == [4, 8, 12, 16]
    for name in ("code_norm", "generated_trace", "cosine_near", "cosine_random"):
        expected = [[record["epoch"], record[name]] for record in observed]
        assert found["details"]["curves"][name] == expected
    last = observed[-1]
    gap = abs(last["generated_trace"] - last["code_trace"]) / last["code_trace"]
    assert found["metrics"]["trace_gap_last"] == pytest.approx(gap)
    assert found["metrics"]["cosine_gain"] == pytest.approx(
        found["metrics"]["cosine_near"] - found["metrics"]["cosine_random"]
    )
    assert set(found["definitions"]) == set(found["metrics"])
    assert not [text for text in found["definitions"].values() if "{" in text]


def test_an_autoencoder_has_generated_codes_only_once_its_prior_is_fitted(inside: Path) -> None:
    found = _score("latent", "ae-tiny")
    assert "generated_trace" not in found["details"]["curves"]
    assert "trace_gap_last" not in found["metrics"]
    assert found["metrics"]["generated_norm"] == pytest.approx(1.0)
    assert found["metrics"]["code_norm"] == pytest.approx(1.0)


def test_a_model_that_was_not_observed_is_refused_with_the_remedy(
    inside: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(AssertionError):
        _probe("latent", "ae-silent")
    assert "give its recipe `observe: {every: N}`" in capsys.readouterr().err
    assert not Path("scores/latent/ae-silent/seed-1.json").exists()


def test_swaps_are_scored_and_judged_by_the_grammar(inside: Path) -> None:
    found = _score("robustness", "ae-tiny")
    numbers = found["metrics"]
    assert set(numbers) == {
        *(f"{name}_{k}" for name in ("nll", "exact", "grammatical") for k in range(3)),
        "rise",
    }
    assert numbers["rise"] == pytest.approx(numbers["nll_2"] - numbers["nll_0"])
    known = set(Path(WORDS).read_text().split())
    first = Path(TOKENS, "test.txt").read_text().splitlines()[0].split()
    shown = " ".join(word if word in known else "<unk>" for word in first)
    assert found["examples"][0].startswith(f"1 swapped: {shown} → ")
    assert len(found["examples"]) == 8


def test_figure_3_names_its_curves_and_judges_their_meeting(inside: Path) -> None:
    table = _table("latent")
    verdicts = {claim["name"]: claim for claim in table["claims"]}
    meeting = verdicts["The variances of ARAE's codes and generated codes come nearer in training"]
    metrics = _score("latent", "arae-tiny")["metrics"]
    (pair,) = meeting["pairs"]
    assert pair["lower"]["mean"] == pytest.approx(metrics["trace_gap_last"])
    assert pair["higher"]["mean"] == pytest.approx(metrics["trace_gap_first"])
    smaller = metrics["trace_gap_last"] < metrics["trace_gap_first"]
    assert meeting["verdict"] == ("partly" if smaller else "not")
    drawing = Path("studies/latent/latent.svg").read_text()
    assert all(text in drawing for text in ("ARAE generated", "AE random", "curve dashed"))
    assert "AE generated, seed" not in drawing.replace("ARAE generated", "")


def test_figure_4_shows_published_values_beside_ours(inside: Path) -> None:
    rows = {"AE": {"nll_0": 1.0, "nll_1": 4.5}, "ARAE": {"nll_0": 2.0, "nll_1": 4.0}}
    table = _table("robustness", published={"source": "a paper", "rows": rows})
    judged = {claim["metric"]: claim["verdict"] for claim in table["claims"]}
    ours = {label: _score("robustness", f"{label.lower()}-tiny")["metrics"] for label in rows}
    better = ours["AE"]["nll_0"] < ours["ARAE"]["nll_0"]
    assert judged["nll_0"] == ("partly" if better else "not")
    assert judged["nll_3"] == judged["nll_4"] == "untested"
    drawing = Path("studies/robustness/swaps.svg").read_text()
    assert "<title>ARAE (paper)</title>" in drawing
    assert "Grammatical: greedy sentences that are" in drawing


@pytest.mark.parametrize("memory", [True, False])
def test_shares_of_a_system_that_undoes_every_swap_or_repeats_one_sentence(
    inside: Path, monkeypatch: pytest.MonkeyPatch, memory: bool
) -> None:
    """The judge alone: greedy sentences are put in the place of a model's."""
    vocabulary, text = Vocabulary.load(Path(WORDS)), EncodedText.open(Path(IDS), "train")

    def pretended(system: object, original: EncodedText, swaps: int, draws: int, seed: int):
        for count in range(swaps + 1):
            words = [original[i] if memory else original[0][:1] for i in range(len(original))]
            yield [Denoised(original, np.full(len(original), 2.0 + count), words)] * (count + 1)

    monkeypatch.setattr("arae.probes.robustness.after_swaps", pretended)
    subject = SimpleNamespace(
        model=SimpleNamespace(system=None, vocabulary=vocabulary),
        test=text,
        seed=1,
        source=parse_source(SOURCE, "source"),
    )
    found = measure(subject, Settings(sentences=50, swaps=2, draws=2)).metrics
    assert [found[f"exact_{k}"] for k in range(3)] == [float(memory)] * 3
    assert [found[f"grammatical_{k}"] for k in range(3)] == [float(memory)] * 3
    assert [found[f"nll_{k}"] for k in range(3)] == [2.0, 3.0, 4.0] and found["rise"] == 2.0
