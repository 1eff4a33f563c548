"""The verb `evaluate` on a small corpus, with the LSTM's likelihoods replaced by a known model's."""

from __future__ import annotations

import json
import math
import sys
import types
from pathlib import Path

import pytest

from arae.cli import main
from arae.foundation.provenance import verify_chain
from arae.foundation.stage import stage_run
from arae.text.vocabulary import SPECIALS
from toy import toy_system, toy_text

TOKENS, WORDS = Path("data/tokens"), Path("data/vocabulary.txt")
SAMPLES = Path("results/samples/study/toy/seed-2.txt")
OUT = Path("results/scores/study/toy/seed-2.json")


def made(stage, sidecar, files, inputs=()):
    with stage_run(stage, sidecar=sidecar, inputs=inputs, outputs=files, settings={}):
        for path, text in files.items():
            Path(path).parent.mkdir(parents=True, exist_ok=True)
            Path(path).write_text(text, encoding="utf-8")


@pytest.fixture
def corpus(tmp_path, monkeypatch):
    """Tokens, vocabulary, two language models, a trained model and its samples."""
    monkeypatch.chdir(tmp_path)
    uniform = types.ModuleType("arae.evaluation.perplexity")
    uniform.sentence_nll = lambda model, text, device: (text.lengths + 1) * math.log(11)
    monkeypatch.setitem(sys.modules, "arae.evaluation.perplexity", uniform)
    lines = {"train.txt": "a b\nb a\na a b\n", "test.txt": "a b a\nb\n"}
    tokens = {TOKENS / name: text for name, text in lines.items()}
    made("tokenize", TOKENS / "provenance.json", tokens)
    words = "".join(word + "\n" for word in (*SPECIALS, "a", "b", "c"))
    made("vocabulary", "data/vocabulary.txt.provenance.json", {WORDS: words}, tokens)
    trained("models/toy/seed-2", *tokens)
    trained("lm/forward/seed-1", *tokens)
    samples(["a b", "", "c c zebra", "a b"])


def trained(folder, *texts):
    """A model that was trained on some texts."""
    files = {
        f"results/{folder}/model.safetensors": folder,
        f"results/{folder}/recipe.json": json.dumps({"settings": {"system": "arae"}}),
        f"results/{folder}/vocabulary.txt": WORDS.read_text(),
    }
    made("train", f"results/{folder}/provenance.json", files, [*texts, WORDS])


def samples(lines):
    """Samples of the model, and the language model that was trained on them."""
    model = [f"results/models/toy/seed-2/{name}" for name in ("recipe.json", "vocabulary.txt")]
    text = "".join(line + "\n" for line in lines)
    made("sample", f"{SAMPLES}.provenance.json", {SAMPLES: text}, model)
    trained("lm/toy/seed-2", SAMPLES)


def command(**changes):
    options = {
        "samples": SAMPLES,
        "sentences": "none",
        "forward-text": SAMPLES,
        "reverse-lm": "results/lm/toy/seed-2",
        "forward-lm": "results/lm/forward/seed-1",
        "tokens": TOKENS,
        "vocabulary": WORDS,
        "settings": '{"ngram": {"order": 3}}',
        "oracle": '{"kind": "files"}',
        "threads": 1,
        "out": OUT,
    } | changes
    return [
        "evaluate",
        *(part for key, value in options.items() for part in (f"--{key}", str(value))),
    ]


def test_score_file(corpus):
    assert main(command()) == 0
    found = json.loads(OUT.read_text())
    assert (found["text"], found["system"], found["seed"], found["sentences"]) == (
        "toy",
        "arae",
        2,
        4,
    )
    assert found["metrics"]["reverse_ppl"] == pytest.approx(11)
    assert found["metrics"]["forward_ppl"] == pytest.approx(11)
    assert found["metrics"]["empty"] == 1 / 4
    assert found["metrics"]["unknown"] == 1 / 7
    assert found["examples"] == ["a b", "c c zebra", "a b"]
    assert set(found["definitions"]) == set(found["metrics"])
    assert "grammatical" not in found["metrics"]
    assert not verify_chain([OUT]).faults


def test_it_scores_on_the_device_that_is_asked_for(corpus, capsys):
    assert main(command(device="cuda:7")) != 0
    assert "--device cuda:7" in capsys.readouterr().err
    assert not OUT.exists()
    assert main(command(device="cpu")) == 0
    facts = json.loads(OUT.with_name(OUT.name + ".provenance.json").read_text())
    assert facts["code"]["modules"] == ["arae.stages.evaluate", "arae.systems.lm"]
    assert "cpu" in json.dumps(facts)


def test_sentences_are_scored_where_the_model_lies(monkeypatch):
    """On torch's device without values every step works but the last, which reads the losses."""
    monkeypatch.delitem(sys.modules, "arae.evaluation.perplexity", raising=False)
    from arae.evaluation.perplexity import nll_under

    with pytest.raises(NotImplementedError, match="copy out of meta tensor"):
        nll_under(toy_system("lm").to("meta"), toy_text())


def test_scoring_again_gives_the_same_bytes(corpus):
    assert main(command()) == 0
    first = OUT.read_bytes()
    assert main(command()) == 0
    assert OUT.read_bytes() == first


def test_real_text_is_limited_and_reads_forward_on_test_text(corpus):
    out = "results/scores/study/real/seed-2.json"
    changes = {"samples": TOKENS / "train.txt", "sentences": 2, "out": out}
    changes["reverse-lm"] = "results/lm/forward/seed-1"
    assert main(command(**changes, **{"forward-text": TOKENS / "test.txt"})) == 0
    found = json.loads(Path(out).read_text())
    assert (found["system"], found["sentences"]) == ("real", 2)
    assert found["metrics"]["mean_length"] == 2.0


def test_scenes_are_judged_by_their_grammar(corpus):
    assert main(command(oracle='{"kind": "scenes"}')) == 0
    found = json.loads(OUT.read_text())["metrics"]
    assert found["grammatical"] == 0 and found["floor_ppl"] > 1


def test_a_language_model_of_another_vocabulary_is_refused(corpus, capsys):
    other = Path("results/lm/toy/seed-2/vocabulary.txt")
    other.write_text(other.read_text() + "d\n")
    assert main(command()) == 4
    assert f"{other}: differs from {WORDS}" in capsys.readouterr().err
    assert not OUT.exists()


def test_samples_of_unknown_origin_are_refused(corpus, capsys):
    Path(f"{SAMPLES}.provenance.json").unlink()
    assert main(command()) == 4
    assert f"{SAMPLES}: has no provenance sidecar" in capsys.readouterr().err


def test_all_empty_samples_are_refused(corpus, capsys):
    samples(["", ""])
    assert main(command()) == 3
    assert f"{SAMPLES}: has no sentence with a token in its 2 lines" in capsys.readouterr().err


@pytest.mark.parametrize(
    "changes, message",
    [
        (
            {"settings": '{"ngram": {"oder": 3}}'},
            "evaluate.ngram.oder: unknown key; did you mean 'order'",
        ),
        ({"settings": '{"ngram": {"order": 0}}'}, "evaluate.ngram.order: 0 is below"),
        ({"out": "results/scores/toy.json"}, "seed-NUMBER.json"),
    ],
)
def test_wrong_settings_are_named(corpus, capsys, changes, message):
    assert main(command(**changes)) == 2
    assert message in capsys.readouterr().err
