"""Mean noise vectors of the features of sampled sentences (K17)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol

import torch
from torch import Tensor

from arae.evaluation.features import FeatureReader, Features

CHUNK = 10_000


class Speaking(Protocol):
    """What turns noise into sentences."""

    def noise(self, count: int, *purpose: int | str) -> Tensor:
        """Draws from the prior [count, n]."""

    def say(self, noise: Tensor) -> list[list[str]]:
        """Greedy sentences of [N, n]."""

    def sample(self, noise: Tensor, *purpose: int | str) -> list[list[str]]:
        """Sampled sentences of [N, n]."""


class FeatureMeans:
    """Mean noise vector of every feature met, in float64."""

    def __init__(self, size: int, device: torch.device | str = "cpu") -> None:
        self._places: dict[tuple[str, str], int] = {}
        self._sums = torch.zeros(0, size, dtype=torch.float64, device=device)
        self._counts: list[int] = []

    def add(self, noise: Tensor, features: Sequence[Features]) -> None:
        """Take in the noise vectors [B, n] of B sentences with their features."""
        rows: list[int] = []
        places: list[int] = []
        for row, found in enumerate(features):
            for feature in _flat(found):
                place = self._places.setdefault(feature, len(self._places))
                if place == len(self._counts):
                    self._counts.append(0)
                self._counts[place] += 1
                rows.append(row)
                places.append(place)
        missing = len(self._places) - len(self._sums)
        self._sums = torch.cat([self._sums, self._sums.new_zeros(missing, self._sums.shape[1])])
        self._sums.index_add_(
            0, torch.tensor(places, device=noise.device, dtype=torch.long), noise.double()[rows]
        )

    def count(self, kind: str, word: str) -> int:
        """How many sentences have the feature."""
        place = self._places.get((kind, word))
        return 0 if place is None else self._counts[place]

    def mean(self, kind: str, words: Collection[str]) -> Tensor:
        """Mean over the known features kind:word of their mean vectors [n]; 0 if none is known."""
        places = [self._places[kind, word] for word in words if (kind, word) in self._places]
        if not places:
            return torch.zeros_like(self._sums[0])
        counts = torch.tensor([self._counts[place] for place in places], device=self._sums.device)
        return (self._sums[places] / counts[:, None]).mean(dim=0)

    def means(self, kind: str, features: Sequence[Features]) -> Tensor:
        """`mean` of each sentence's own features of a kind [B, n]."""
        return torch.stack([self.mean(kind, found.get(kind, ())) for found in features])


def feature_means(speaker: Speaking, read: FeatureReader, sentences: int) -> FeatureMeans:
    """Means over `sentences` sampled (noise, sentence) pairs."""
    means: FeatureMeans | None = None
    for start in range(0, sentences, CHUNK):
        noise = speaker.noise(min(CHUNK, sentences - start), "means", start)
        if means is None:
            means = FeatureMeans(noise.shape[1], noise.device)
        means.add(noise, [read(tokens) for tokens in speaker.sample(noise, "means", start)])
    if means is None:
        raise ValueError("no sentences to take means over")
    return means


def _flat(features: Features) -> set[tuple[str, str]]:
    return {(kind, word) for kind, words in features.items() for word in words}
