"""Sentence likelihoods under a trained evaluation language model (K1)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from arae.engine.modeldir import load_model
from arae.generation.sampling import evaluating
from arae.nn.batch import TextStore
from arae.systems.system import System
from arae.text.encoded import EncodedText

BATCH = 256


def sentence_nll(model: Path, text: EncodedText, device: torch.device | str = "cpu") -> np.ndarray:
    """`nll_under` the model directory's system."""
    return nll_under(load_model(model, device).system, text)


def nll_under(system: System, text: EncodedText) -> np.ndarray:
    """−log p(x) of each sentence [N], nats, `<eos>` scored, under a system, computed where it lies.

    Sentences are scored in batches of like length; the result is in the text's order, float64.
    """
    store = TextStore(text, system.device)
    result = np.empty(len(text))
    with evaluating(system), torch.no_grad():
        for rows in np.array_split(np.argsort(text.lengths, kind="stable"), len(text) // BATCH + 1):
            if len(rows):
                batch = store.batch(rows)
                losses = batch.restore(system.loss_per_sentence(batch))
                result[rows] = losses.double().cpu().numpy()
    return result
