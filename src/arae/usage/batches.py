"""Sentences through a system in batches of like length."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor

from arae.engine.modeldir import LoadedModel
from arae.evaluation.sentences import encode as to_ids
from arae.generation.sampling import evaluating
from arae.nn.batch import Batch, TextStore
from arae.usage.sentences import Tokens

BATCH = 256


def per_sentence(
    model: LoadedModel,
    sentences: Sequence[Tokens],
    measure: Callable[[Batch], Tensor],
    label: int | None = None,
) -> Tensor:
    """What `measure` gives for each row of a batch [B, …], for all sentences in their order [N, …].

    `label`: the number of the label that all the sentences have, for measures that ask for it.
    """
    text = to_ids(sentences, model.vocabulary)
    if label is not None:
        text.labels = np.full(len(text), label, dtype=np.uint8)
        text.label_names = model.labels
    store = TextStore(text, model.system.device)
    order = np.argsort(text.lengths, kind="stable")
    with evaluating(model.system), torch.no_grad():
        parts = []
        for start in range(0, len(order), BATCH):
            batch = store.batch(order[start : start + BATCH])
            parts.append(batch.restore(measure(batch)))
        found = torch.cat(parts)
    return torch.empty_like(found).index_copy_(0, torch.from_numpy(order).to(found.device), found)
