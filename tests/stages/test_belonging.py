"""Files of two corpora that do not belong together: every stage refuses them, naming both."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from arae.cli import main

SUBJECTS = {"a": ("tea", "soup", "cake", "bread"), "b": ("film", "song", "book", "play")}
RECIPE = {
    "system": "arae_transfer",
    "epochs": 1,
    "batch_size": 16,
    "max_length": 8,
    "encoder": {"embedding": 6, "hidden": 8},
    "decoder": {"embedding": 6, "hidden": 8},
    "latent": 8,
    "init_bound": 1.0,
    "generator": {"noise": 4, "hidden": [8]},
    "critic": {"hidden": [8], "steps": 1},
    "classifier": {"hidden": [8]},
    "observe": {"every": 2, "sentences": 10, "anchors": 2, "neighbours": 2},
    "selection": {"by": "valid_loss"},
}
LANGUAGE_MODEL = {"epochs": 1, "batch_size": 16, "decoder": {"embedding": 6, "hidden": 8}}
COUNT = json.dumps({"count": 30})
BOUNDS = '{"shared": 1.0}'  # so few sentences are in every split
SOURCE = json.dumps({"kind": "files", "files": dict.fromkeys(("train", "valid", "test"), "x")})
# Every stage that reads artefacts of several stages, but for `encode`: a text may be encoded with the
# vocabulary of another, of a trained model say, and what follows is right. Those that tabulate and
# report follow the whole chain of provenance.
STAGES = {
    "train": ["--ids", "a/ids", "--vocabulary", "a/words.txt", "--settings", json.dumps(RECIPE)],
    "train-lm": [
        *("--text", "a/drawn/seed-1.txt", "--ids", "a/ids", "--vocabulary", "a/words.txt"),
        *("--settings", json.dumps(LANGUAGE_MODEL)),
    ],
    "transfer-split": [
        *("--model", "a/model/seed-1", "--ids", "a/ids", "--tokens", "a/tokens"),
        *("--settings", COUNT),
    ],
    "probe": [
        *("--probe", "latent", "--model", "a/model/seed-1", "--ids", "a/ids"),
        *(
            "--tokens",
            "a/tokens",
            "--source",
            SOURCE,
            "--settings",
            '{"sentences": 10, "anchors": 2}',
        ),
    ],
    "evaluate": [
        *("--samples", "a/drawn/seed-1.txt", "--forward-text", "a/drawn/seed-1.txt"),
        *("--reverse-lm", "a/drawn-lm", "--forward-lm", "a/forward-lm", "--tokens", "a/tokens"),
        *("--vocabulary", "a/words.txt", "--settings", "{}", "--oracle", SOURCE),
    ],
    "score-transfer": [
        *("--samples", "a/written/seed-1.txt", "--reverse-lm", "a/written-lm"),
        *("--forward-lm", "a/forward-lm", "--classifiers", "a/bag_of_words/seed-1"),
        *("--tokens", "a/tokens", "--vocabulary", "a/words.txt", "--source", SOURCE),
    ],
}
OUT = {
    "probe": "out/probe.json",
    "transfer-split": "out/seed-1.txt",
    "evaluate": "out/x/seed-1.json",
    "score-transfer": "out/x/seed-1.json",
}


def run(verb: str, *words: object, out: str) -> int:
    return main([verb, *map(str, words), "--out", out])


@pytest.fixture(scope="module")
def corpora(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Everything that the stages read, of a corpus `a` and of another of as many words, `b`."""
    folder = tmp_path_factory.mktemp("belonging")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for name in SUBJECTS:
            _prepare(name)
        yield folder


def _prepare(name: str) -> None:
    drawn, files = random.Random(name), {}
    for split, count in (("train", 60), ("valid", 20), ("test", 25)):
        for label, words in {"bad": ("awful", "dire"), "good": ("great", "fine")}.items():
            path = Path(name, f"{split}.{label}")
            path.parent.mkdir(exist_ok=True)
            some = drawn.choices(SUBJECTS[name], k=count), drawn.choices(words, k=count)
            path.write_text("".join(f"the {s} was {w}\n" for s, w in zip(*some, strict=True)))
            files.setdefault(split, {})[label] = str(path)
    source = json.dumps({"kind": "files", "files": files})
    data = ["--ids", f"{name}/ids", "--vocabulary", f"{name}/words.txt"]
    lm = ["--settings", json.dumps(LANGUAGE_MODEL)]
    model, tokens = f"{name}/model/seed-1", f"{name}/tokens"
    made = [
        run("fetch", "--settings", source, out=f"{name}/raw"),
        run(
            *("tokenize", "--input", f"{name}/raw", "--settings", "{}", "--bounds", BOUNDS),
            out=tokens,
        ),
        run(
            *("vocabulary", "--input", f"{tokens}/train.txt", "--settings", '{"size": 50}'),
            out=f"{name}/words.txt",
        ),
        run(*("encode", "--input", tokens, "--vocabulary", f"{name}/words.txt"), out=f"{name}/ids"),
        run("train", *data, "--settings", json.dumps(RECIPE), out=model),
        run("sample", "--model", model, "--settings", COUNT, out=f"{name}/drawn/seed-1.txt"),
        run(
            *("transfer-split", "--model", model, "--ids", f"{name}/ids", "--tokens", tokens),
            *("--settings", COUNT),
            out=f"{name}/written/seed-1.txt",
        ),
        run(
            *("train-classifier", "--tokens", tokens, "--settings", '{"kind": "bag_of_words"}'),
            out=f"{name}/bag_of_words/seed-1",
        ),
        *(
            run("train-lm", "--text", f"{name}/{text}", *data, *lm, out=f"{name}/{lm_of}")
            for text, lm_of in (
                ("drawn/seed-1.txt", "drawn-lm"),
                ("written/seed-1.txt", "written-lm"),
                ("tokens/train.txt", "forward-lm"),
            )
        ),
    ]
    assert not any(made)


@pytest.mark.parametrize("verb", STAGES)
def test_files_of_one_corpus_are_taken_and_others_refused(corpora, monkeypatch, capsys, verb):
    monkeypatch.chdir(corpora)
    words, out = STAGES[verb], OUT.get(verb, "out/made")
    assert run(verb, *words, out=out) == 0
    capsys.readouterr()
    places = [place for place, word in enumerate(words) if word.startswith("a/")]
    for place in places:
        other = [*words]
        other[place] = words[place].replace("a/", "b/")
        assert run(verb, *other, out=out.replace("out", "refused")) == 4
        told = capsys.readouterr().err.splitlines()[-1]
        assert told.startswith("arae: error: a/") or told.startswith("arae: error: b/")
        assert " a/" in told and " b/" in told, (words[place - 1], told)
    assert not list(corpora.glob("refused/**/*.*"))


def test_ids_without_a_record_must_be_words_of_the_vocabulary(corpora, monkeypatch, capsys):
    monkeypatch.chdir(corpora)
    own = Path("own")
    own.mkdir(exist_ok=True)
    for path in Path("a/ids").glob("*.npy"):
        (own / path.name).write_bytes(path.read_bytes())
    (own / "labels.txt").write_text("bad\ngood\n")
    Path("few.txt").write_text("<pad>\n<bos>\n<eos>\n<unk>\nthe\n")
    words = ["--ids", own, "--vocabulary", "few.txt", "--settings", json.dumps(RECIPE)]
    assert run("train", *words, out="out/few") == 3
    assert "own and few.txt do not belong together" in capsys.readouterr().err
