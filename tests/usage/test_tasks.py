"""What a model does with sentences, against one-by-one computations with nothing but its parts."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from arae.engine.modeldir import LoadedModel
from arae.foundation.errors import SettingsError
from arae.generation.decode import DecodingSettings, decode
from arae.nn.batch import TextStore
from arae.nn.randomness import Draws
from arae.text.encoded import EncodedText
from arae.text.vocabulary import BOS, EOS
from arae.usage.neighbours import Collection
from arae.usage.tasks import codes, generate, interpolate, reconstruct, score, transfer

AUTOENCODERS = ["ae", "vae", "aae-gaussian", "arae-code2018"]


def sentences(count: int, seed: int = 0) -> list[list[str]]:
    rng = np.random.default_rng(seed)
    return [[f"w{word}" for word in rng.integers(0, 20, rng.integers(1, 7))] for _ in range(count)]


def alone(model: LoadedModel, tokens: list[str]) -> TextStore:
    ids = model.vocabulary.encode(tokens).astype(np.int32)
    return TextStore(EncodedText(ids, np.array([0, len(ids)])))


def greedy(model: LoadedModel, code: torch.Tensor, label: int | None = None) -> list[str]:
    words, lengths = decode(
        model.system.decoder_for(label), code, 1, model.system.settings.max_length,
        DecodingSettings(), Draws(0, "none"),
    )  # fmt: skip
    return model.vocabulary.decode(words[0, : lengths[0]].tolist())


@torch.no_grad()
def code_of(model: LoadedModel, tokens: list[str]) -> torch.Tensor:
    return model.system.encode(alone(model, tokens).batch(np.arange(1)))


@pytest.mark.parametrize("name", AUTOENCODERS)
def test_sentences_in_bulk_are_sentences_one_by_one(model_of, monkeypatch, name):
    monkeypatch.setattr("arae.usage.batches.BATCH", 7)
    monkeypatch.setattr("arae.generation.sampling.BATCH", 5)
    model, given = model_of(name), sentences(30)
    expected = [code_of(model, tokens) for tokens in given]
    assert torch.allclose(codes(model, given), torch.cat(expected), atol=1e-6)
    written = reconstruct(model, given)
    assert written == [greedy(model, code) for code in expected]
    assert len({tuple(one) for one in written}) > 10  # a mix-up would show


@pytest.mark.parametrize("name", AUTOENCODERS)
def test_a_way_begins_and_ends_with_the_reconstructions(model_of, name):
    model, first, second = model_of(name), sentences(6, 1), sentences(6, 2)
    ways = interpolate(model, first, second, steps=5)
    assert [way[0] for way in ways] == reconstruct(model, first)
    assert [way[-1] for way in ways] == reconstruct(model, second)
    middle = (code_of(model, first[0]) + code_of(model, second[0])) / 2
    assert len(ways[0]) == 5 and ways[0][2] == greedy(model, middle)


def test_a_language_models_score_is_the_chain_rule(model_of):
    model = model_of("lm")
    given = sentences(9)
    for tokens, found in zip(given, score(model, given), strict=True):
        total, state = 0.0, model.system.decoder.begin(None, 1)
        word = torch.tensor([BOS])
        with torch.no_grad():
            for index in [*model.vocabulary.encode(tokens).tolist(), EOS]:
                logits, state = model.system.decoder.advance(word, state)
                total += logits.log_softmax(dim=1)[0, index].item()
                word = torch.tensor([index])
        assert found.quantity == "log p(x)"
        assert found.log_value == pytest.approx(total, rel=1e-5)
        assert found.perplexity == pytest.approx(math.exp(-total / (len(tokens) + 1)), rel=1e-5)


@pytest.mark.parametrize(
    ("name", "quantity"),
    [
        ("arae-code2018", "log p(x | z(x))"),
        ("vae", "log p(x | E[z | x]) − KL, which is no bound of log p(x)"),
    ],
)
def test_scores_of_systems_with_codes_are_named(model_of, name, quantity):
    model = model_of(name)
    given = sentences(5)
    with torch.no_grad():
        expected = [
            -model.system.loss_per_sentence(alone(model, tokens).batch(np.arange(1))).item()
            for tokens in given
        ]
    found = score(model, given)
    assert {one.quantity for one in found} == {quantity}
    assert [one.log_value for one in found] == pytest.approx(expected, rel=1e-5)


def test_generation_is_a_function_of_its_seed(model_of):
    model = model_of("arae-code2018")
    assert len(list(generate(model, 12, seed=3))) == 12
    assert list(generate(model, 12, seed=3)) == list(generate(model, 12, seed=3))
    assert list(generate(model, 12, seed=3)) != list(generate(model, 12, seed=4))


def test_a_language_model_draws_its_words_unless_told_otherwise(model_of):
    model = model_of("lm")
    assert len({tuple(one) for one in generate(model, 20)}) > 10
    assert len({tuple(one) for one in generate(model, 20, decoding=DecodingSettings())}) == 1


def test_neighbours_are_those_of_a_full_search(model_of):
    model = model_of("arae-code2018")
    among, asked = sentences(40, 1), sentences(5, 2)
    kinds = [list(one) for one in dict.fromkeys(map(tuple, [*among, *asked]))]
    collection = Collection(model, [*among, *asked, *asked])
    assert len(collection) == len(kinds)
    vectors = np.array([code_of(model, tokens)[0].double().numpy() for tokens in kinds])
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    for tokens, found in zip(asked, collection.nearest(asked, 4), strict=True):
        cosines = vectors @ vectors[kinds.index(tokens)]
        assert found[0].tokens == tokens and found[0].cosine == pytest.approx(1, abs=1e-6)
        assert [one.cosine for one in found] == pytest.approx(np.sort(cosines)[::-1][:4], abs=1e-6)
    assert len(collection.nearest(asked, 10_000)[0]) == len(kinds)


@pytest.mark.parametrize("name", ["arae-transfer", "cross-aligned"])
def test_transfer_is_the_other_labels_decoder_on_the_same_code(model_of, name):
    model, given = model_of(name), sentences(12)
    for target, source in enumerate((1, 0)):
        label = model.labels[target]
        written = transfer(model, given, label)
        for tokens, found in zip(given, written, strict=True):
            store = alone(model, tokens)
            store.labels = np.array([source])
            with torch.no_grad():
                code = model.system.encode(store.batch(np.arange(1)))
            assert found == greedy(model, code, target)
    assert transfer(model, given, "cold") != transfer(model, given, "warm")
    with pytest.raises(SettingsError, match="no label 'wram'; did you mean 'warm'"):
        transfer(model, given, "wram")


def test_a_system_that_writes_each_label_in_its_own_way_is_told_which(model_of):
    model, given = model_of("arae-transfer"), sentences(4)
    assert reconstruct(model, given, "warm") == transfer(model, given, "warm")
    assert interpolate(model, given, given, 2, label="warm")[0][0] == transfer(
        model, given, "warm"
    )[0]  # fmt: skip
    assert score(model, given, "warm") != score(model, given, "cold")
    assert list(generate(model, 4, label="warm")) != list(generate(model, 4, label="cold"))
    for task in (reconstruct, score):
        with pytest.raises(SettingsError, match="cold, warm; name one"):
            task(model, given)
    with pytest.raises(SettingsError, match="cold, warm; name one"):
        codes(model_of("cross-aligned"), given)


def test_what_a_system_cannot_do_names_those_that_can(model_of):
    with pytest.raises(SettingsError, match=r"lm, has no encoder.* can: aae, ae, .*arae"):
        interpolate(model_of("lm"), sentences(1), sentences(1))
    with pytest.raises(SettingsError, match=r"'ae' has one decoder for all labels.*arae_transfer"):
        transfer(model_of("ae"), sentences(1), "positive")
    with pytest.raises(SettingsError, match="has no prior to sample from"):
        next(generate(model_of("cross-aligned"), 1))
