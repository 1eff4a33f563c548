"""A trained system seen from outside: points of its prior's space in, sentences out."""

from __future__ import annotations

import torch
from torch import Tensor

from arae.foundation.errors import SettingsError
from arae.generation.decode import DecodingSettings
from arae.generation.sampling import decode_latents, evaluating
from arae.nn.randomness import Draws, InverseDraws
from arae.systems.system import System
from arae.text.vocabulary import Vocabulary

Tokens = list[str]
GREEDY, SAMPLED = DecodingSettings(), DecodingSettings(decoding="sample")


def require_prior(system: System) -> None:
    """Raise a `SettingsError` for a system without a prior over codes."""
    _drawn(system, 1, Draws(0, device=system.device))


def _drawn(system: System, count: int, draws: Draws) -> Tensor:
    with evaluating(system), torch.no_grad():
        drawn = system.prior_noise(count, draws)
    if drawn is None:
        raise SettingsError(
            f"system {system.settings.system}: has no codes to move among; leave it out of this study"
        )
    return drawn


class Speaker:
    """Random numbers depend on `seed` and the purpose given alone. Sentences may be empty."""

    def __init__(self, system: System, vocabulary: Vocabulary, seed: int) -> None:
        self._system, self._vocabulary, self._seed = system, vocabulary, seed

    def noise(self, count: int, *purpose: int | str) -> Tensor:
        """Points drawn from the space of the prior [count, n] (see `System.prior_noise`)."""
        return _drawn(self._system, count, self._draws("noise", *purpose))

    def say(self, noise: Tensor) -> list[Tokens]:
        """The greedy sentence of each point [N, n]."""
        return self._decoded(self._codes(noise), GREEDY, self._draws("greedy"))

    def sample(self, noise: Tensor, *purpose: int | str) -> list[Tokens]:
        """One sentence drawn at temperature 1 for each point [N, n]."""
        return self._decoded(self._codes(noise), SAMPLED, self._draws("sample", *purpose))

    def say_codes(self, codes: Tensor) -> list[Tokens]:
        """The greedy sentence of each code [N, d]."""
        return self._decoded(codes, GREEDY, self._draws("greedy"))

    def _codes(self, noise: Tensor) -> Tensor:
        with evaluating(self._system), torch.no_grad():
            return self._system.from_noise(noise)

    def _decoded(self, codes: Tensor, settings: DecodingSettings, draws: Draws) -> list[Tokens]:
        words, lengths = decode_latents(self._system, codes, settings, draws)
        return [
            self._vocabulary.decode(row[:length])
            for row, length in zip(words.tolist(), lengths.tolist(), strict=True)
        ]

    def _draws(self, *purpose: int | str) -> Draws:
        return InverseDraws(self._seed, *purpose, device=self._system.device)
