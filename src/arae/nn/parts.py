"""A packed batch cut into parts by label, each packed again, without touching the text."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor

from arae.foundation.errors import DataError
from arae.nn.batch import Batch
from arae.nn.store import moved

Labels = TypeVar("Labels", Tensor, np.ndarray)


@dataclass(frozen=True)
class Part:
    """Some rows of a batch as a batch of their own."""

    batch: Batch
    rows: Tensor  # [B'] which rows of the whole batch these are
    positions: Tensor  # [P'] packed positions of the whole batch


def part_of(batch: Batch, rows: np.ndarray) -> Part:
    """The rows `rows` [B'], rising and at least one, of a batch; `restore` gives them in this order."""
    sizes = batch.batch_sizes.numpy()
    counts = (sizes[:, None] > rows[None, :]).sum(axis=0)  # predicted tokens of each row
    times, places = np.nonzero(np.arange(counts[0])[:, None] < counts[None, :])
    own = np.bincount(times)
    positions = _starts(sizes)[times] + rows[places]
    last = _starts(own)[counts - 1] + np.arange(len(rows))
    before = np.arange(len(times))[len(rows) :] - np.repeat(own[:-1], own[1:])
    device = batch.targets.device
    where, chosen, packed_rows, last_places, places_before, order = (
        moved(array, device)
        for array in (positions, rows, places, last, before, np.arange(len(rows)))
    )
    part = replace(
        batch,
        places=batch.places[where],
        targets=batch.targets[where],
        rows=packed_rows,
        last=last_places,
        before=places_before,
        batch_sizes=torch.from_numpy(own),
        order=order,
        sentences=batch.sentences[rows],
        labels=None if batch.labels is None else batch.labels[chosen],
        host_labels=None if batch.host_labels is None else batch.host_labels[rows],
    )
    return Part(part, chosen, where)


def _starts(sizes: np.ndarray) -> np.ndarray:
    return np.concatenate(([0], np.cumsum(sizes)[:-1]))


def parts_by_label(batch: Batch, labels: int) -> list[Part | None]:
    """The part of each label 0 … labels−1; None for a label that no sentence of the batch has."""
    of_row = host_labels_of(batch)
    chosen = [np.flatnonzero(of_row == label) for label in range(labels)]
    return [part_of(batch, rows) if len(rows) else None for rows in chosen]


def labels_of(batch: Batch) -> Tensor:
    """Labels [B] in row order; a `DataError` if the text has none."""
    return _given(batch.labels)


def host_labels_of(batch: Batch) -> np.ndarray:
    """`labels_of` on the host: what decides shapes is never read back from the device."""
    return _given(batch.host_labels)


def _given(labels: Labels | None) -> Labels:
    if labels is None:
        raise DataError("the corpus has no labels, which this system needs; name a labelled source")
    return labels
