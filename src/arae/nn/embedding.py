"""Word embeddings, with gradients in the form that is cheapest where they are computed."""

from __future__ import annotations

import torch.nn.functional as functional
from torch import Tensor, nn

from arae.nn.differentiation import of_any_order

SPARSE_ON = "cpu"


class Embedding(nn.Embedding):
    """Rows of a table [V, E].

    Its gradient is sparse on a CPU, where an update then touches a batch's words alone; elsewhere it
    is dense, since adding up a sparse one's rows would make the host wait to learn how many they are.
    """

    def forward(self, ids: Tensor) -> Tensor:
        """Ids [...] → rows [..., E]."""
        sparse = self.weight.device.type == SPARSE_ON and not of_any_order()
        return functional.embedding(ids, self.weight, sparse=sparse)
