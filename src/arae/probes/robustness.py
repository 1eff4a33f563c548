"""Figure 4: how well a sentence comes back when its words were exchanged before encoding (K16)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from arae.corpora.source import Source
from arae.evaluation import oracle
from arae.evaluation.latent import require_codes
from arae.evaluation.robustness import Denoised, after_swaps
from arae.foundation.settings import bounded, plain
from arae.probes.probe import Findings, Subject
from arae.systems.system import System
from arae.text.encoded import EncodedText

EXAMPLES_PER_LEVEL = 4
LEVELS_SHOWN = (1, 2)

DEFINITIONS = {
    "nll": "mean over {sentences:,} test sentences of −log p(original | {code}), nats per sentence, "
    "<eos> scored",
    "exact": "share of {sentences:,} test sentences that come back, decoded greedily from {code}",
    "grammatical": "share of grammatical sentences among those decoded greedily from {code}",
}
CLEAN = "its code"
NOISED = "its code after {swaps} random swap(s) of neighbouring words, {draws} draws"
RISE = "nats per sentence that {swaps} swaps cost: the NLL after them less that without any"


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The first `sentences` of the test text, noised by 0 … `swaps` swaps in `draws` ways."""

    sentences: int = bounded(2000, low=1)
    swaps: int = bounded(4, low=1, high=8)
    draws: int = bounded(5, low=1)


class _Judge:
    """Texts of ids, and the grammar's verdict on them."""

    def __init__(self, subject: Subject, original: EncodedText) -> None:
        self._vocabulary = subject.model.vocabulary
        self._source = oracle.source_of(plain(subject.source))
        self._original = [self.text(original[index]) for index in range(len(original))]

    def text(self, ids: np.ndarray) -> str:
        """Words joined by spaces."""
        return " ".join(self._vocabulary.decode(ids))

    def shares(self, level: Sequence[Denoised]) -> dict[str, float]:
        """Shares of greedy sentences over all draws of one level."""
        made = [self.text(ids) for denoised in level for ids in denoised.words]
        wanted = self._original * len(level)
        shares = {"exact": _share([a == b for a, b in zip(made, wanted, strict=True)])}
        if self._source is not None:
            said = self._source.log_probability
            shares["grammatical"] = _share([said(line.split()) > -math.inf for line in made])
        return shares

    def example(self, swaps: int, denoised: Denoised, index: int) -> str:
        """One sentence on its way, as the paper prints it."""
        noised, made = self.text(denoised.noised[index]), self.text(denoised.words[index])
        return f"{swaps} swapped: {self._original[index]} → {noised} → {made}"


def require(system: System, source: Source, settings: Settings) -> None:
    """The system needs codes."""
    require_codes(system)


def measure(subject: Subject, settings: Settings) -> Findings:
    """NLL of originals and shares of greedy sentences after each number of swaps."""
    text = _first(subject.test, settings.sentences)
    judge = _Judge(subject, text)
    metrics: dict[str, float] = {}
    definitions: dict[str, str] = {}
    examples: list[str] = []
    levels = after_swaps(subject.model.system, text, settings.swaps, settings.draws, subject.seed)
    for swaps, level in enumerate(levels):
        found = {"nll": float(np.mean([denoised.nll for denoised in level]))} | judge.shares(level)
        metrics |= {f"{name}_{swaps}": value for name, value in found.items()}
        code = NOISED.format(swaps=swaps, draws=len(level)) if swaps else CLEAN
        definitions |= {
            f"{name}_{swaps}": DEFINITIONS[name].format(sentences=len(text), code=code)
            for name in found
        }
        if swaps in LEVELS_SHOWN:
            shown = range(min(EXAMPLES_PER_LEVEL, len(text)))
            examples += [judge.example(swaps, level[0], index) for index in shown]
    metrics["rise"] = metrics[f"nll_{settings.swaps}"] - metrics["nll_0"]
    definitions["rise"] = RISE.format(swaps=settings.swaps)
    return Findings(metrics=metrics, definitions=definitions, examples=examples)


def _first(text: EncodedText, count: int) -> EncodedText:
    offsets = np.asarray(text.offsets[: count + 1])
    return EncodedText(np.asarray(text.ids[: offsets[-1]]), offsets)


def _share(hits: list[bool]) -> float:
    return sum(hits) / len(hits)
