"""Scores of originals through noised codes, against scores made sentence by sentence."""

import numpy as np
import pytest
import torch

from arae.evaluation.robustness import after_swaps, denoise
from arae.foundation.errors import SettingsError
from arae.generation.decode import DecodingSettings, decode
from arae.nn.batch import TextStore
from arae.nn.randomness import Draws
from arae.text.corruption import adjacent_swaps
from arae.text.encoded import EncodedText
from toy import toy_system, toy_text


@pytest.mark.parametrize("name", ["ae", "arae-paper", "vae"])
def test_each_original_is_scored_through_its_own_noised_sentence(name: str) -> None:
    system, text = toy_system(name), toy_text(300)
    noised = adjacent_swaps(text, 2, np.random.default_rng(1))
    found = denoise(system, text, noised)
    assert system.training
    system.eval()
    clean, corrupt = TextStore(text), TextStore(noised)
    with torch.no_grad():
        for index in (0, 1, 17, 150, 299):
            code = system.encode(corrupt.batch([index]))
            nll = system.decoder.nll(clean.batch([index]), code).sum().item()
            assert found.nll[index] == pytest.approx(nll, rel=1e-4)
            ids, lengths = decode(system.decoder, code, 1, 8, DecodingSettings(), Draws(0))
            assert found.words[index].tolist() == ids[0, : lengths[0]].tolist()


def test_without_noise_the_score_is_the_held_out_loss() -> None:
    system, text = toy_system("arae-paper").eval(), toy_text(40)
    store = TextStore(text)
    batch = store.batch(np.arange(40))
    with torch.no_grad():
        expected = batch.restore(system.loss_per_sentence(batch)).numpy()
    ((clean,), *_) = after_swaps(system, text, 1, 3, seed=5)
    assert clean.nll == pytest.approx(expected, rel=1e-5)
    assert np.array_equal(clean.noised.ids, text.ids)


def test_levels_go_on_from_each_other_and_have_their_draws() -> None:
    system, text = toy_system("ae"), toy_text(60)
    levels = list(after_swaps(system, text, 3, 4, seed=5))
    assert [len(level) for level in levels] == [1, 4, 4, 4]
    two, three = levels[2][1].noised, levels[3][1].noised
    changed = [int(np.sum(two[i] != three[i])) for i in range(60)]
    assert set(changed) <= {0, 2} and 2 in changed
    assert not np.array_equal(levels[2][0].noised.ids, two.ids)
    again = list(after_swaps(system, text, 3, 4, seed=5))
    assert all(
        np.array_equal(one.nll, other.nll)
        for level, repeated in zip(levels, again, strict=True)
        for one, other in zip(level, repeated, strict=True)
    )


def test_what_cannot_be_scored_is_refused() -> None:
    text = toy_text(10)
    with pytest.raises(SettingsError, match="system 'lm': has no codes"):
        denoise(toy_system("lm"), text, text)
    other = EncodedText(text.ids[:-1], np.append(text.offsets[:-1], len(text.ids) - 1))
    with pytest.raises(ValueError, match="as long as"):
        denoise(toy_system("ae"), text, other)
