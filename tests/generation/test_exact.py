"""The exact mode and the exact probabilities of a decoder, against all sentences of a small space."""

from __future__ import annotations

import itertools
import math

import pytest
import torch

from arae.generation.exact import log_probabilities, modes, own_log_probabilities
from arae.nn.decoder import DecoderSettings, TextDecoder
from arae.nn.randomness import Draws

WORDS = (3, 4, 5, 6)
LONGEST = 4
SPACE = [
    sentence
    for length in range(LONGEST + 1)
    for sentence in itertools.product(WORDS, repeat=length)
]


def decoder_of(seed: int, spread: float) -> TextDecoder:
    decoder = TextDecoder(7, 3, DecoderSettings(embedding=4, hidden=6))
    draws = Draws(seed)
    with torch.no_grad():
        for parameter in decoder.parameters():
            parameter.copy_(spread * draws.normal(*parameter.shape))
    return decoder


@pytest.mark.parametrize(("seed", "spread"), [(1, 0.5), (2, 1.0), (3, 2.0), (4, 2.0)])
def test_mode_is_the_maximum_over_all_sentences(seed, spread):
    decoder, codes = decoder_of(seed, spread), Draws(seed, "codes").normal(25, 3)
    table = log_probabilities(decoder, codes, SPACE)
    found = modes(decoder, codes, LONGEST)
    assert all(found.proven)
    own = own_log_probabilities(decoder, codes, found.best)
    torch.testing.assert_close(own, table.max(dim=1).values, atol=1e-5, rtol=0)


def test_greedy_is_not_always_the_mode():
    decoder, codes = decoder_of(1, 0.5), Draws(1, "codes").normal(25, 3)
    found = modes(decoder, codes, LONGEST)
    greedy = own_log_probabilities(decoder, codes, found.greedy)
    best = own_log_probabilities(decoder, codes, found.best)
    assert (best >= greedy - 1e-6).all() and (best > greedy + 1e-3).any()


def test_a_search_that_gives_up_says_so():
    decoder, codes = decoder_of(2, 1.0), Draws(2, "codes").normal(25, 3)
    short, whole = modes(decoder, codes, LONGEST, frontier=1), modes(decoder, codes, LONGEST)
    assert not all(short.proven)
    for brief, full, proven in zip(short.best, whole.best, short.proven, strict=True):
        assert brief == full or not proven


def test_probabilities_of_all_endings_sum_to_one():
    """With words 0–2 made impossible, whole sentences and unfinished ones share all probability."""
    decoder, codes = decoder_of(5, 1.0), Draws(5, "codes").normal(3, 3)
    with torch.no_grad():
        decoder.output.bias[:2] = -1e9
    whole = log_probabilities(decoder, codes, SPACE).double().exp().sum(dim=1)
    longer = [s for s in SPACE if len(s) == LONGEST]
    state = decoder.begin(codes.repeat_interleave(len(longer), 0), 3 * len(longer))
    words = torch.ones(3 * len(longer), dtype=torch.long)
    total = torch.zeros(3 * len(longer))
    with torch.no_grad():
        for place in range(LONGEST):
            logits, state = decoder.advance(words, state)
            words = torch.tensor([s[place] for s in longer]).repeat(3)
            total += logits.log_softmax(dim=1).gather(1, words[:, None]).squeeze(1)
        logits, _ = decoder.advance(words, state)
    going_on = torch.log1p(-logits.log_softmax(dim=1)[:, 2].exp()) + total
    rest = going_on.double().exp().view(3, -1).sum(dim=1)
    torch.testing.assert_close(whole + rest, torch.ones(3, dtype=torch.double), atol=1e-5, rtol=0)


def test_one_sentence_a_code_agrees_with_the_table():
    decoder, codes = decoder_of(6, 1.0), Draws(6, "codes").normal(len(SPACE), 3)
    table = log_probabilities(decoder, codes, SPACE)
    own = own_log_probabilities(decoder, codes, SPACE)
    torch.testing.assert_close(own, table.diagonal(), atol=1e-5, rtol=0)
    assert math.isfinite(own.min().item())
