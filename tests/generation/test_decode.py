"""Generation shares its single step with teacher forcing, drops finished sentences, obeys its seed."""

import numpy as np
import pytest
import torch

from arae.generation.decode import DecodingSettings, decode, likeliest
from arae.generation.sampling import generate_text
from arae.nn.batch import TextStore
from arae.nn.randomness import Draws
from arae.text.encoded import EncodedText
from toy import RECIPES, toy_store, toy_system


def _excited(name: str, scale: float = 12.0):
    """A system with weights large enough to prefer different words at different places."""
    system = toy_system(name, init_bound=0.8).eval()
    with torch.no_grad():
        system.decoder.output.weight.mul_(scale)
    return system


def test_greedy_words_are_teacher_forcings_arg_max() -> None:
    system = _excited("ae-adam")
    latents = Draws(1).normal(40, 8)
    words, lengths = decode(system.decoder, latents, 40, 8, DecodingSettings(), Draws(1))
    assert len(set(lengths.tolist())) > 1, "the test needs sentences of different lengths"
    for row in (lengths > 0).nonzero().squeeze(1).tolist():
        sentence = words[row, : lengths[row]].numpy().astype(np.int32)
        store = TextStore(EncodedText(sentence, np.array([0, len(sentence)])))
        batch = store.batch([0])
        decoder = system.decoder
        with torch.no_grad():
            states = decoder.lstm(decoder.embedding(batch.inputs), batch, latents[row : row + 1])
            logits = decoder.output(states)
        logits[:, :2] = -torch.inf
        best = logits.argmax(dim=1).tolist()
        expected = batch.targets.tolist()
        if lengths[row] == 8:  # cut at the limit: what would have come next is unknown
            best, expected = best[:-1], expected[:-1]
        assert best == expected


def test_decoding_alone_or_together_is_the_same() -> None:
    system, latents = _excited("ae-adam"), Draws(2).normal(20, 8)
    words, lengths = decode(system.decoder, latents, 20, 8, DecodingSettings(), Draws(1))
    for row in range(20):
        one, size = decode(
            system.decoder, latents[row : row + 1], 1, 8, DecodingSettings(), Draws(1)
        )
        assert one[0].tolist() == words[row].tolist() and size.item() == lengths[row].item()


def test_top_1_and_cold_sampling_are_greedy() -> None:
    system, latents = _excited("ae-adam"), Draws(2).normal(20, 8)
    greedy = decode(system.decoder, latents, 20, 8, DecodingSettings(), Draws(1))[0]

    def first_words(**settings: float) -> torch.Tensor:
        chosen = DecodingSettings(decoding="sample", **settings)
        return decode(system.decoder, latents, 20, 8, chosen, Draws(5))[0][:, 0]

    assert torch.equal(first_words(top_k=1), greedy[:, 0])
    assert (first_words(temperature=1e-3) == greedy[:, 0]).float().mean() > 0.9  # near-ties aside
    assert not torch.equal(first_words(temperature=50.0), greedy[:, 0])


def test_sampling_follows_the_models_probabilities() -> None:
    system = toy_system("lm").eval()
    words, lengths = decode(
        system.decoder, None, 40_000, 1, DecodingSettings(decoding="sample"), Draws(3)
    )
    with torch.no_grad():
        logits, _ = system.decoder.advance(torch.tensor([1]), system.decoder.begin(None, 1))
    logits[:, :2] = -torch.inf
    expected = logits.softmax(dim=1)[0]
    counts = torch.bincount(torch.where(lengths > 0, words[:, 0], 2), minlength=24) / 40_000
    torch.testing.assert_close(counts, expected, atol=0.01, rtol=0)


# The cross-aligned autoencoder has no prior to sample from.
@pytest.mark.parametrize("name", sorted(RECIPES.keys() - {"cross-aligned"}))
def test_every_system_generates_the_same_text_from_the_same_seed(name: str) -> None:
    system = toy_system(name)
    system.fit_prior(toy_store())
    sampling = DecodingSettings(decoding="sample")
    first, second = (generate_text(system, 60, sampling, seed=4) for _ in range(2))
    other = generate_text(system, 60, sampling, seed=5)
    assert np.array_equal(first.ids, second.ids) and not np.array_equal(first.ids, other.ids)
    assert first.lengths.min() >= 1 and first.lengths.max() <= 8
    assert first.ids.min() >= 2


@pytest.mark.parametrize("vocabulary", [3, 128, 129, 300, 512, 1000])
def test_the_likeliest_word_is_the_first_maximum(vocabulary: int) -> None:
    logits = Draws(1, "logits").normal(400, vocabulary)
    assert torch.equal(likeliest(logits), logits.argmax(dim=1))
    tied = logits.mul(2).round()  # many words share the maximum
    first = (tied == tied.amax(dim=1, keepdim=True)).int().argmax(dim=1)
    assert torch.equal(likeliest(tied), first)
    tied[:, vocabulary // 2] = torch.nan
    assert (likeliest(tied) == vocabulary // 2).all()


def test_ready_decoders_write_what_others_write() -> None:
    decoder = toy_system("ae").eval().decoder
    codes, words = Draws(1, "z").normal(5, 8), torch.tensor([1, 5, 6, 7, 8])
    with torch.no_grad():
        ready = decoder.ready()
        slow, fast = (made.begin(codes, 5) for made in (decoder, ready))
        for kept in (torch.arange(5), torch.tensor([0, 3]), torch.tensor([0, 1, 1, 0, 1, 0, 0])):
            slow, fast, words = slow.keep(kept), fast.keep(kept), words[kept]
            (expected, slow), (found, fast) = (
                made.advance(words, state) for made, state in ((decoder, slow), (ready, fast))
            )
            assert torch.equal(expected, found)
