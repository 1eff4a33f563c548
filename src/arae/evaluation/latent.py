"""What codes look like: their size and spread beside generated codes (K14), and how near the codes
of similar sentences are (K15); the paper's Figure 3.
"""

from __future__ import annotations

import functools
from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as functional
from torch import Tensor

from arae.evaluation.neighbours import find_neighbours
from arae.foundation.errors import SettingsError
from arae.generation.sampling import evaluating
from arae.nn.batch import TextStore
from arae.nn.randomness import Draws
from arae.systems.system import LatentSettings, System
from arae.text.encoded import EncodedText

ENCODE_BATCH = 512

DEFINITIONS = {
    "code_norm": "mean Euclidean norm of the codes of {sentences:,} fixed sentences",
    "generated_norm": "mean Euclidean norm of {sentences:,} codes drawn from the system's prior, "
    "always from the same noise",
    "code_trace": "trace of the covariance (divided by the number of codes) of the codes of "
    "{sentences:,} fixed sentences; 1 − ‖mean code‖² where codes have norm 1",
    "generated_trace": "the same of {sentences:,} codes drawn from the system's prior",
    "cosine_near": "mean cosine between the codes of {anchors} sentences and of {neighbours} others "
    "of the same text at word edit distance 1 to {distance} from each",
    "cosine_random": "mean cosine between the codes of the same sentences and of {sentences:,} drawn "
    "at random from the text: what the former is without similarity",
}


def mean_norm(codes: Tensor) -> float:
    """Mean Euclidean norm of codes [N, d]."""
    return float(codes.norm(dim=1).mean())


def total_variance(codes: Tensor) -> float:
    """Trace of the covariance of codes [N, d], Σ_d Var(z_d), divided by N."""
    return float(codes.var(dim=0, correction=0).sum())


class CodeStatistics:
    """Measures systems on fixed sentences of one text, with fixed noise: the same at every call."""

    def __init__(self, text: EncodedText, store: TextStore, settings: LatentSettings, seed: int):
        """`store` holds `text`; the choice of sentences depends on the text, settings and seed."""
        self._store, self._settings, self._seed = store, settings, seed
        rng = np.random.default_rng([seed, 1])
        self.sentences = rng.permutation(len(text))[: settings.sentences]
        self.neighbours = find_neighbours(
            text, settings.anchors, settings.neighbours, settings.distance, [seed, 2]
        )
        if len(self.neighbours.anchors) == 0:
            raise SettingsError(
                f"neighbours: none of {self.neighbours.skipped} sentences has "
                f"{settings.neighbours} others within edit distance {settings.distance}; "
                "ask for fewer"
            )
        used = [self.sentences, self.neighbours.anchors, self.neighbours.near.reshape(-1)]
        chosen, places = np.unique(np.concatenate(used), return_inverse=True)
        order = np.argsort(np.asarray(text.lengths)[chosen], kind="stable")
        self._encoded = chosen[order]  # of like length in a batch
        self._places = np.split(np.argsort(order)[places], np.cumsum([len(u) for u in used])[:-1])

    def __call__(self, system: System, *, prior: bool = True) -> dict[str, float]:
        """The metrics of `DEFINITIONS`, those of generated codes if `prior`; training mode is kept."""
        require_codes(system)
        with evaluating(system), torch.no_grad():
            codes = self._encode(system)
            metrics = self._of_codes(codes) | self._of_neighbours(codes)
            if prior:
                metrics |= self._of_prior(system)
        return metrics

    def _encode(self, system: System) -> Tensor:
        """Codes of all sentences used [U, d], float64."""
        parts = []
        for start in range(0, len(self._encoded), ENCODE_BATCH):
            batch = self._store.batch(self._encoded[start : start + ENCODE_BATCH])
            parts.append(batch.restore(system.encode(batch)))
        return torch.cat(parts).double()

    def _of_codes(self, codes: Tensor) -> dict[str, float]:
        fixed = codes[self._places[0]]
        return {"code_norm": mean_norm(fixed), "code_trace": total_variance(fixed)}

    def _of_neighbours(self, codes: Tensor) -> dict[str, float]:
        fixed, anchors, near = (functional.normalize(codes[p], dim=1) for p in self._places)
        near = near.view(len(anchors), -1, near.shape[1])
        others = torch.from_numpy(self.neighbours.anchors[:, None] != self.sentences).to(
            codes.device
        )
        return {
            "cosine_near": float(torch.einsum("ad,and->an", anchors, near).mean()),
            "cosine_random": float((anchors @ fixed.t())[others].mean()),
        }

    def _of_prior(self, system: System) -> dict[str, float]:
        draws = Draws(self._seed, "latent statistics", device=system.device)
        generated = system.sample_latents(self._settings.sentences, draws)
        if generated is None:
            return {}
        norm, trace = mean_norm(generated.double()), total_variance(generated.double())
        return {"generated_norm": norm, "generated_trace": trace}


def observer(
    system: System, text: EncodedText, store: TextStore, seed: int
) -> Callable[[System], dict[str, float]] | None:
    """What a recipe's `observe` records while training on `text`; None if it records nothing.

    Generated codes are left out of a system whose prior is fitted only after training.
    """
    settings = system.settings.observe
    if settings.every == 0:
        return None
    require_codes(system)
    statistics = CodeStatistics(text, store, settings, seed)
    return functools.partial(statistics, prior=not system.fits_prior)


def require_codes(system: System) -> None:
    """Raise a `SettingsError` for a system without an encoder."""
    if not system.has_codes:
        raise SettingsError(f"system '{system.settings.system}': has no codes to measure")
