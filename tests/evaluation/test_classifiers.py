"""Classifiers of style: what they learn, that they are reproducible, and what they refuse."""

from __future__ import annotations

import json
import math
import random
import sys
import types
from pathlib import Path

import numpy as np
import pytest

from arae.cli import main
from arae.corpora.reviews import reviews_grammar
from arae.evaluation import bag_of_words
from arae.evaluation.classifiers import (
    accuracy,
    load_classifier,
    parse_classifier,
    train_classifier,
)
from arae.evaluation.labelled import LabelledText
from arae.foundation.errors import IntegrityError
from arae.foundation.provenance import verify_chain
from arae.text.vocabulary import SPECIALS, Vocabulary

BAG = {"kind": "bag_of_words", "dimension": 8}
CNN = {
    "kind": "text_cnn",
    "dimension": 8,
    "filters": 8,
    "epochs": 3,
    "optimiser": {"kind": "adam", "lr": 0.01},
}
KINDS = pytest.mark.parametrize("values", [BAG, CNN], ids=["bag_of_words", "text_cnn"])


def marked(count: int, seed: int, shuffled: bool = False) -> LabelledText:
    """Random words around a marker of the class; or labels that tell nothing."""
    draw = random.Random(seed)
    tokens, labels = [], []
    for _ in range(count):
        label = draw.choice(["cold", "hot", "mild"])
        words = [f"w{draw.randrange(30)}" for _ in range(draw.randint(1, 6))]
        words.insert(draw.randint(0, len(words)), f"very-{label}")
        tokens.append(words)
        labels.append(draw.choice(["cold", "hot", "mild"]) if shuffled else label)
    return LabelledText(tokens, labels)


def trained(values, text, seed=1):
    return train_classifier(text, marked(60, 9), parse_classifier(values), seed)[0]


@KINDS
def test_a_marker_is_found(values):
    classifier = trained(values, marked(600, 1))
    found = accuracy(classifier, marked(300, 2))
    assert found == {
        "accuracy": 1.0,
        "sentences": 300,
        "by_class": {"cold": 1.0, "hot": 1.0, "mild": 1.0},
    }


@KINDS
def test_shuffled_labels_are_guessed_at_chance(values):
    classifier = trained(values, marked(600, 1, shuffled=True))
    found = accuracy(classifier, marked(900, 2, shuffled=True))["accuracy"]
    assert abs(found - 1 / 3) < 4 * math.sqrt(2 / 9 / 900)


@KINDS
def test_training_is_a_function_of_the_seed(values):
    text = marked(200, 1)
    one, again, other = (trained(values, text, seed).arrays() for seed in (1, 1, 2))
    assert all(np.array_equal(one[name], again[name]) for name in one)
    assert any(not np.array_equal(one[name], other[name]) for name in one)


@KINDS
def test_scores_do_not_depend_on_the_neighbours(values):
    classifier = trained(values, marked(200, 1))
    sentences = marked(40, 3).tokens
    together = classifier.scores(sentences)
    alone = np.concatenate([classifier.scores([tokens]) for tokens in sentences])
    assert np.allclose(together, alone, atol=1e-5)


@KINDS
def test_empty_and_unknown_sentences_get_a_class(values):
    classifier = trained(values, marked(200, 1))
    assert set(classifier.predict([[], ["never", "seen"], ["<unk>"]])) <= set(classifier.classes)
    assert classifier.predict([]) == []
    known = ["very-hot"]
    assert classifier.predict([known]) == classifier.predict([[*known, "<unk>"]])


def test_one_step_is_the_gradient_of_the_log_likelihood():
    draw = np.random.default_rng(0)
    words, outputs = draw.normal(size=(5, 4)), draw.normal(size=(3, 4))
    ids, label, lr, small = np.array([1, 3, 3, 2]), 2, 0.01, 1e-6

    def loss(w, o):
        scores = o @ w[ids].mean(axis=0)
        return np.log(np.exp(scores).sum()) - scores[label]

    stepped = words.copy(), outputs.copy()
    bag_of_words._step(*stepped, ids, label, lr)
    for place in range(2):
        for index in np.ndindex(stepped[place].shape):
            moved = [words.copy(), outputs.copy()]
            moved[place][index] += small
            slope = (loss(*moved) - loss(words, outputs)) / small
            step = stepped[place][index] - (words, outputs)[place][index]
            assert step == pytest.approx(-lr * slope, abs=1e-7)


def test_rare_words_are_left_out_by_min_count():
    text = LabelledText([["a", "b"], ["a", "<pad>"], ["c"]], ["x", "y", "x"])
    _, words = train_classifier(text, text, parse_classifier({**BAG, "min_count": 2}), 1)
    assert words.types == (*SPECIALS, "a")


# ---- the verb -------------------------------------------------------------------------------


def write(folder: Path, split: str, text: LabelledText) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    lines = "".join(" ".join(tokens) + "\n" for tokens in text.tokens)
    (folder / f"{split}.txt").write_text(lines)
    (folder / f"{split}.labels.txt").write_text("".join(f"{label}\n" for label in text.labels))


@pytest.fixture
def tokens(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for seed, split in enumerate(("train", "valid", "test")):
        write(Path("tokens"), split, marked(300 if split == "train" else 50, seed))
    return Path("tokens")


def run(values=BAG, out="classifier", seed=1) -> int:
    words = ["train-classifier", "--tokens", "tokens", "--settings", json.dumps(values)]
    return main([*words, "--seed", str(seed), "--out", out])


@KINDS
def test_saved_and_loaded(tokens, values):
    assert run(values) == 0
    classifier = load_classifier(Path("classifier"))
    record = json.loads(Path("classifier/classifier.json").read_text())
    assert record["held_out"]["test"]["accuracy"] == 1.0
    assert accuracy(classifier, marked(100, 7))["accuracy"] == 1.0
    check = verify_chain(["classifier/model.safetensors"])
    assert [fault for fault in check.faults if "no provenance" not in fault] == []
    assert run(values, out="again") == 0
    for name in ("model.safetensors", "vocabulary.txt", "classifier.json"):
        assert Path("again", name).read_bytes() == Path("classifier", name).read_bytes()


@pytest.mark.parametrize("name", ["model.safetensors", "classifier.json", "vocabulary.txt"])
@pytest.mark.parametrize("sidecar", [True, False])
def test_a_flipped_bit_is_refused(tokens, name, sidecar):
    assert run() == 0
    path = Path("classifier", name)
    content = bytearray(path.read_bytes())
    place = content.index(b"bag_of_words") if name == "classifier.json" else -2
    content[place] ^= 1
    path.write_bytes(bytes(content))
    if not sidecar:
        Path("classifier/provenance.json").unlink()
    with pytest.raises(IntegrityError, match="classifier"):
        load_classifier(Path("classifier"))


def test_a_missing_file_is_named(tokens):
    assert run() == 0
    Path("classifier/vocabulary.txt").unlink()
    with pytest.raises(IntegrityError, match=r"vocabulary\.txt: missing"):
        load_classifier(Path("classifier"))


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (
            lambda f: (f / "valid.labels.txt").unlink(),
            "valid.labels.txt: not found; give the corpus",
        ),
        (lambda f: (f / "train.labels.txt").write_text(""), "train.labels.txt: the file is empty"),
        (lambda f: (f / "test.labels.txt").write_text("hot\n"), "test.labels.txt: has not as many"),
        (
            lambda f: (f / "test.labels.txt").write_text("hot\n \n" * 25),
            "line 2: ' ' is not a label",
        ),
        (
            lambda f: (f / "train.labels.txt").write_text("hot\n" * 300),
            "every sentence has the label 'hot'",
        ),
        (
            lambda f: (f / "test.labels.txt").write_text("hot\n" * 49 + "warm\n"),
            "line 50: the label 'warm' does not occur in the training text (it has cold, hot, mild)",
        ),
    ],
)
def test_wrong_labels_are_one_clear_line(tokens, capsys, damage, message):
    damage(tokens)
    assert run() == 3
    printed = capsys.readouterr().err
    assert message in printed and printed.count("\n") == 1
    assert not Path("classifier").exists()


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"kind": "bag"}, "classifier.kind: no classifier 'bag'"),
        ({}, "classifier.kind: no classifier None"),
        ({"kind": "bag_of_words", "epoch": 3}, "unknown key; did you mean 'epochs'"),
        ({"kind": "text_cnn", "widths": []}, "widths: give at least one"),
    ],
)
def test_wrong_settings_are_named(tokens, capsys, values, message):
    assert run(values) == 2
    assert message in capsys.readouterr().err


# ---- the package fastText -------------------------------------------------------------------


def test_without_fasttext_the_remedy_is_named(tokens, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "fasttext", None)
    assert run({"kind": "fasttext"}) == 2
    assert "pip install fasttext" in capsys.readouterr().err
    assert not Path("classifier").exists()


class FakeFastText:
    """Stands in for the package: knows which label a word came with last."""

    def __init__(self, table):
        self.table = table

    def predict(self, texts):
        found = [
            [self.table[word] for word in text.split() if word in self.table] for text in texts
        ]
        return [labels[-1:] for labels in found], [np.ones(len(labels[-1:])) for labels in found]

    def save_model(self, path):
        Path(path).write_text(json.dumps(self.table))


def fake_train(path, **options):
    assert options == {
        "lr": 0.1, "dim": 100, "epoch": 5, "minCount": 1, "thread": 1, "seed": 1, "verbose": 0,
    }  # fmt: skip
    lines = [line.split() for line in Path(path).read_text().splitlines()]
    return FakeFastText({w: line[0] for line in lines for w in line[1:] if w.startswith("very")})


def test_the_package_is_given_its_defaults_and_its_own_file(tokens, monkeypatch):
    package = types.ModuleType("fasttext")
    package.train_supervised = fake_train
    package.load_model = lambda path: FakeFastText(json.loads(Path(path).read_text()))
    monkeypatch.setitem(sys.modules, "fasttext", package)
    assert run({"kind": "fasttext"}) == 0
    classifier = load_classifier(Path("classifier"))
    assert accuracy(classifier, marked(50, 5))["accuracy"] == 1.0
    assert classifier.predict([[]]) == ["cold"]


def test_the_package_itself_agrees_with_our_code(tokens):
    pytest.importorskip("fasttext", reason="the package fasttext is not among the requirements")
    assert run({"kind": "fasttext"}) == 0
    classifier = load_classifier(Path("classifier"))
    text = marked(200, 5)
    assert accuracy(classifier, text)["accuracy"] > 0.95
    assert classifier.predict([]) == [] and classifier.predict([[]])[0] in ("cold", "hot")
    ours, _ = train_classifier(marked(400, 1), text, parse_classifier(BAG), 1)
    same = np.mean(
        [
            a == b
            for a, b in zip(ours.predict(text.tokens), classifier.predict(text.tokens), strict=True)
        ]
    )
    assert same > 0.95


def test_vocabulary_of_special_words_stays_loadable(tmp_path):
    text = LabelledText([["<unk>", "a"], ["<eos>", "b"]], ["x", "y"])
    _, words = train_classifier(text, text, parse_classifier(BAG), 1)
    words.save(tmp_path / "vocabulary.txt")
    assert Vocabulary.load(tmp_path / "vocabulary.txt").types == (*SPECIALS, "a", "b")


# ---- what the classifier's verdict on transfer is worth (K3) ----------------------------------


@pytest.fixture(scope="module")
def noisy():
    """A classifier of reviews with 15 % wrong training labels, so that it errs, and held-out text."""
    styled, draw = reviews_grammar(), random.Random(4)

    def text(count: int, seed: int, wrong: float) -> LabelledText:
        tokens = [line.split() for line in styled.grammar.sample(count, [seed])]
        labels = [styled.label_of(sentence) for sentence in tokens]
        other = {"negative": "positive", "positive": "negative"}
        return LabelledText(
            tokens, [other[label] if draw.random() < wrong else label for label in labels]
        )

    train, test = text(1500, 1, 0.15), text(1500, 2, 0.0)
    settings = parse_classifier({**BAG, "epochs": 2, "lr": 0.3})
    return train_classifier(train, test, settings, 1)[0], test


def test_copies_are_transferred_as_often_as_the_classifier_errs(noisy):
    classifier, test = noisy
    targets = [{"negative": "positive", "positive": "negative"}[label] for label in test.labels]
    found = classifier.predict(test.tokens)
    reached = sum(map(str.__eq__, found, targets)) / len(test)
    assert reached == pytest.approx(1 - accuracy(classifier, test)["accuracy"])
    assert 0 < reached < 0.3


def test_random_sentences_of_the_target_are_transferred_as_often_as_it_is_right(noisy):
    classifier, test = noisy
    draw = random.Random(5)
    by_class = {
        c: [t for t, y in zip(test.tokens, test.labels, strict=True) if y == c]
        for c in classifier.classes
    }
    targets = [draw.choice(classifier.classes) for _ in range(2000)]
    outputs = [draw.choice(by_class[target]) for target in targets]
    reached = sum(map(str.__eq__, classifier.predict(outputs), targets)) / len(targets)
    held_out = accuracy(classifier, test)["accuracy"]
    assert abs(reached - held_out) < 4 * math.sqrt(held_out * (1 - held_out) / 2000)
