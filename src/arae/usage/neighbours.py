"""The sentences of a collection whose codes point most nearly the way of a sentence's code."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch.nn.functional as functional
from torch import Tensor

from arae.engine.modeldir import LoadedModel
from arae.usage.sentences import Tokens
from arae.usage.tasks import codes


@dataclass(frozen=True)
class Neighbour:
    """A sentence of the collection and the cosine between its code and the asked one's."""

    tokens: Tokens
    cosine: float


class Collection:
    """Distinct sentences with their codes, ready to be searched."""

    def __init__(
        self, model: LoadedModel, sentences: Sequence[Tokens], label: str | None = None
    ) -> None:
        """`label`: the sentences' own, for systems that encode each label's differently."""
        self._model, self._label = model, label
        self._sentences = [list(one) for one in dict.fromkeys(map(tuple, sentences))]
        self._directions = self._directions_of(self._sentences)

    def __len__(self) -> int:
        return len(self._sentences)

    def nearest(self, sentences: Sequence[Tokens], count: int) -> list[list[Neighbour]]:
        """For each sentence its `count` nearest (all, if there are fewer), the nearest first."""
        cosines = self._directions_of(sentences) @ self._directions.t()
        best = cosines.topk(min(count, len(self)), dim=1)
        return [
            [Neighbour(self._sentences[i], value) for value, i in zip(row, places, strict=True)]
            for row, places in zip(best.values.tolist(), best.indices.tolist(), strict=True)
        ]

    def _directions_of(self, sentences: Sequence[Tokens]) -> Tensor:
        return functional.normalize(codes(self._model, sentences, self._label), dim=1)
