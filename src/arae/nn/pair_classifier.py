"""Classifier of pairs of codes, for natural-language inference (Table 5; M27)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from arae.nn.initialisation import he_
from arae.nn.randomness import Draws

FEATURES = 4  # u, v, |u − v|, u ⊙ v


class PairClassifier(nn.Module):
    """[u; v; |u − v|; u ⊙ v] → ReLU layers with dropout → one logit per class."""

    def __init__(
        self, code_size: int, hidden: Sequence[int], classes: int, dropout: float, draws: Draws
    ) -> None:
        super().__init__()
        sizes = [FEATURES * code_size, *hidden]
        self.hidden = nn.ModuleList(nn.Linear(*pair) for pair in pairwise(sizes))
        self.output = nn.Linear(sizes[-1], classes)
        self.dropout = dropout
        # Codes of unit norm have entries of about 1/√d: entries of about 1 train faster.
        self.scale = math.sqrt(code_size)
        he_([self], draws)

    def forward(self, premise: Tensor, hypothesis: Tensor, draws: Draws | None = None) -> Tensor:
        """Logits [B, K] of codes [B, d]; `draws` is given while training, for dropout."""
        first, second = self.scale * premise, self.scale * hypothesis
        values = torch.cat([first, second, (first - second).abs(), first * second], dim=1)
        for layer in self.hidden:
            values = layer(values).relu()
            if draws is not None:
                values = draws.dropout(values, self.dropout)
        logits: Tensor = self.output(values)
        return logits
