"""Transfer of a whole text, and decoders by turns."""

import numpy as np
import pytest
import torch

from arae.foundation.errors import SettingsError
from arae.generation.decode import DecodingSettings, decode
from arae.generation.sampling import generate
from arae.generation.transfer import spread, transfer_all
from arae.nn.batch import TextStore
from arae.nn.randomness import Draws
from arae.text.encoded import EncodedText
from toy import toy_store, toy_system, toy_text

GREEDY = DecodingSettings()


@pytest.mark.parametrize("name", ["arae-transfer", "cross-aligned"])
def test_transfer_is_the_code_decoded_in_the_other_label(name: str) -> None:
    system, store = toy_system(name), toy_store()
    rows = np.array([3, 8, 9, 40])
    found = list(transfer_all(system, store, rows, GREEDY, 1))
    assert [one.sentence for one in found] == rows.tolist()
    with torch.no_grad():
        for one in found:
            assert (one.source, one.target) == (store.labels[one.sentence], 1 - one.source)
            code = system.encode(store.batch([one.sentence]))
            words, lengths = decode(system.decoder_for(one.target), code, 1, 8, GREEDY, Draws(1))
            assert one.words.tolist() == words[0, : lengths[0]].tolist()


def test_samples_are_written_by_the_labels_in_turn() -> None:
    system = toy_system("arae-transfer").eval()
    ((words, lengths),) = generate(system, 6, GREEDY, seed=4)
    with torch.no_grad():
        codes = system.sample_latents(6, Draws(4, "sample", 0))
        for row in range(6):
            decoder = system.decoder_for(row % 2)
            alone, length = decode(decoder, codes[[row]], 1, 8, GREEDY, Draws(1))
            assert alone[0, : length[0]].tolist() == words[row, : lengths[row]].tolist()


def test_places_are_spread_over_the_whole_text() -> None:
    assert spread(10, 10).tolist() == list(range(10))
    assert spread(10, 4).tolist() == [0, 2, 5, 7]


def test_text_without_labels_is_refused() -> None:
    text = toy_text()
    store = TextStore(EncodedText(text.ids, text.offsets))
    with pytest.raises(SettingsError, match="no labels"):
        list(transfer_all(toy_system("arae-transfer"), store, np.arange(3), GREEDY, 1))
