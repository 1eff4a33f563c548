"""Natural-language inference with ARAE's encoder (Table 5; M27).

(1)–(3b)           as in `arae`, on the text of all pairs
(c)  L_pairs(φ, c) as in `pair_task`, on the labelled pairs                 [encoder, classifier]
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from arae.foundation.settings import nested
from arae.nn.batch import TextStore
from arae.systems import arae
from arae.systems.autoencoder import TextSettings
from arae.systems.pair_task import PairSettings, PairTask, require_labelled_epoch
from arae.systems.system import Phase


@dataclass(frozen=True, kw_only=True)
class Settings(TextSettings, arae.Settings):
    """ARAE's settings, and those of its pairs."""

    system: str = "nli_arae"
    pairs: PairSettings = nested(PairSettings)

    def check(self) -> None:
        """Some epoch must be left for labels."""
        require_labelled_epoch(self.epochs, self.pairs)


class PairRegularized(arae.AdversariallyRegularized):
    """ARAE and labelled pairs."""

    def __init__(self, settings: Settings, vocabulary_size: int, seed: int, labels: int) -> None:
        super().__init__(settings, vocabulary_size, seed)
        self.pairs = PairTask(self, settings.pairs, labels, seed)

    def phases(self, epoch: int) -> Sequence[Phase]:
        """ARAE's, (c) or both, as the epoch asks."""
        return self.pairs.phases(epoch, super().phases)

    def validation_metrics(self, store: TextStore) -> dict[str, float]:
        """{"accuracy": share of pairs with the right label}."""
        return {"accuracy": self.pairs.accuracy(store)}


def build(settings: Settings, vocabulary_size: int, seed: int, labels: int) -> PairRegularized:
    """A new ARAE with a classifier of `labels` classes."""
    return PairRegularized(settings, vocabulary_size, seed, labels)
