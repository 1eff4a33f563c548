"""From labelled files to the score of transferred sentences, every verb real, on a tiny corpus."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from arae.cli import main
from arae.foundation.errors import DataError
from arae.foundation.provenance import verify_chain
from arae.stages.score_transfer import read_transfers

MARKERS = {"bad": ("awful", "terrible"), "good": ("great", "lovely")}
SUBJECTS = ("tea", "soup", "cake", "bread", "rice", "fish")
PLACES = ("here", "there", "upstairs", "outside")
LANGUAGE_MODEL = {"epochs": 1, "batch_size": 16, "decoder": {"embedding": 8, "hidden": 8}}
SYSTEM = {
    "system": "arae_transfer",
    "epochs": 1,
    "batch_size": 16,
    "max_length": 8,
    "encoder": {"embedding": 8, "hidden": 8},
    "decoder": {"embedding": 8, "hidden": 8},
    "latent": 8,
    "generator": {"noise": 4, "hidden": [8]},
    "critic": {"hidden": [8], "steps": 1},
    "classifier": {"hidden": [8]},
    "selection": {"by": "valid_loss"},
}


def run(*arguments: object) -> None:
    assert main([str(a) for a in arguments]) == 0, arguments


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    folder = tmp_path_factory.mktemp("transfer")
    generator = random.Random(3)
    files: dict[str, dict[str, str]] = {}
    for split, count in (("train", 60), ("valid", 20), ("test", 25)):
        for label, words in MARKERS.items():
            path = folder / f"own/{split}.{label}.txt"
            path.parent.mkdir(exist_ok=True)
            lines = [
                f"the {generator.choice(SUBJECTS)} was {generator.choice(words)} "
                f"{generator.choice(PLACES)}\n"
                for _ in range(count)
            ]
            path.write_text("".join(lines))
            files.setdefault(split, {})[label] = str(path)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        source = json.dumps({"kind": "files", "files": files})
        run("fetch", "--settings", source, "--out", "raw")
        run("tokenize", "--input", "raw", "--settings", "{}", "--out", "tokens")
        run(
            "vocabulary",
            "--input",
            "tokens/train.txt",
            "--settings",
            '{"size": 50}',
            "--out",
            "v.txt",
        )
        run("encode", "--input", "tokens", "--vocabulary", "v.txt", "--out", "ids")
        data = ("--ids", "ids", "--vocabulary", "v.txt")
        model = "results/models/toy/seed-1"
        run("train", *data, "--settings", json.dumps(SYSTEM), "--out", model)
        classifier = "results/classifiers/s/bag_of_words/seed-1"
        kind = '{"kind": "bag_of_words"}'
        run("train-classifier", "--tokens", "tokens", "--settings", kind, "--out", classifier)
        lm = json.dumps(LANGUAGE_MODEL)
        text = "tokens/train.txt"
        run("train-lm", "--text", text, *data, "--settings", lm, "--out", "results/lm/forward")
        yield folder, source


@pytest.fixture
def project(corpus, monkeypatch):
    folder, source = corpus
    monkeypatch.chdir(folder)
    return source


def transfer(out: Path, count: int, *model: str) -> list[dict[str, object]]:
    places = ("--ids", "ids", "--tokens", "tokens", "--settings", json.dumps({"count": count}))
    run("transfer-split", *model, *places, "--out", out)
    return [json.loads(line) for line in out.with_suffix(".jsonl").read_text().splitlines()]


def score(samples: Path, out: Path, source: str) -> dict[str, object]:
    data = ("--ids", "ids", "--vocabulary", "v.txt")
    lm, reverse = json.dumps(LANGUAGE_MODEL), f"results/lm/{out.parent.name}"
    run("train-lm", "--text", samples, *data, "--settings", lm, "--out", reverse)
    judges = ("--classifiers", "results/classifiers/s/bag_of_words/seed-1")
    models = ("--reverse-lm", reverse, "--forward-lm", "results/lm/forward")
    where = ("--tokens", "tokens", "--vocabulary", "v.txt", "--source", source)
    run("score-transfer", "--samples", samples, *models, *judges, *where, "--out", out)
    return json.loads(out.read_text())


@pytest.mark.slow
def test_a_model_s_transfers_are_written_and_scored(project) -> None:
    samples = Path("results/samples/s/toy/seed-1.txt")
    records = transfer(samples, 40, "--model", "results/models/toy/seed-1")
    assert [r["output"] for r in records] == samples.read_text().split("\n")[:-1]
    assert len(records) == 40
    assert {(r["source"], r["target"]) for r in records} == {("bad", "good"), ("good", "bad")}
    sentences = [r["sentence"] for r in records]
    assert sentences == sorted(sentences) and min(sentences) < 5 and max(sentences) > 45
    found = score(samples, Path("results/scores/s/toy/seed-1.json"), project)
    assert found["system"] == "arae_transfer" and found["sentences"] == 40
    wanted = {"transfer", "bleu", "forward_ppl", "reverse_ppl", "copied", "empty"}
    ways = {
        f"{name}:{way}" for name in ("bleu", "transfer") for way in ("bad → good", "good → bad")
    }
    assert set(found["metrics"]) == wanted | ways == set(found["definitions"])
    assert [block["source"] for block in found["details"]["blocks"]] == ["bad"] * 2 + ["good"] * 2
    assert set(found["details"]["blocks"][0]["outputs"]) == {"good"}
    assert "classifier_accuracy" not in found["metrics"]
    assert found["examples"][0].startswith("bad: the ") and " → good: " in found["examples"][0]
    assert found["examples"][1].startswith("good: ")
    verify_chain([Path("results/scores/s/toy/seed-1.json")]).require()


@pytest.mark.slow
def test_copied_sources_have_bleu_100_and_the_classifier_s_errors(project) -> None:
    samples = Path("results/samples/s/real/seed-1.txt")
    records = transfer(samples, 50)
    assert [r["output"] for r in records] == Path("tokens/test.txt").read_text().splitlines()
    metrics = score(samples, Path("results/scores/s/real/seed-1.json"), project)["metrics"]
    assert metrics["bleu"] == pytest.approx(100) and metrics["copied"] == 1
    assert metrics["classifier_accuracy"] == 1 - metrics["transfer"] > 0.9


@pytest.mark.slow
def test_transfers_that_cannot_be_made_or_read(project, capsys) -> None:
    places = ["--ids", "ids", "--tokens", "tokens", "--out", "x/seed-1.txt"]
    assert main(["transfer-split", *places, "--settings", '{"count": 51}']) != 0
    assert "test has 50 sentences for 2 labels, which make 50 transfers" in capsys.readouterr().err
    assert not Path("x/seed-1.txt").exists()
    samples = Path("results/samples/s/real/seed-2.txt")
    transfer(samples, 10)
    samples.with_suffix(".jsonl").write_text('{"sentence": 999}\n')
    with pytest.raises(DataError, match=r"seed-2\.jsonl:1: not a transferred sentence"):
        read_transfers(samples.with_suffix(".jsonl"), Path("tokens/test.txt"))
    assert not Path("y/real/seed-1.json").exists()
