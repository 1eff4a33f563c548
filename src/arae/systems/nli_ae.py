"""Natural-language inference with an autoencoder's encoder (Table 5; M27).

(1)  L_rec(φ, ψ)   as in `ae`, on the text of all pairs                        [encoder, decoder]
(c)  L_pairs(φ, c) as in `pair_task`, on the labelled pairs                 [encoder, classifier]

Without (1) (`pairs: {pretrain_epochs: 0, joint: false}`) it is the paper's supervised encoder.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from arae.foundation.settings import nested
from arae.nn.batch import TextStore
from arae.systems import ae
from arae.systems.autoencoder import TextSettings
from arae.systems.pair_task import PairSettings, PairTask, require_labelled_epoch
from arae.systems.system import Phase


@dataclass(frozen=True, kw_only=True)
class Settings(TextSettings, ae.Settings):
    """An autoencoder's settings, and those of its pairs."""

    system: str = "nli_ae"
    pairs: PairSettings = nested(PairSettings)

    def check(self) -> None:
        """Some epoch must be left for labels."""
        require_labelled_epoch(self.epochs, self.pairs)


class PairAutoencoder(ae.PlainAutoencoder):
    """Reconstruction and labelled pairs."""

    def __init__(self, settings: Settings, vocabulary_size: int, seed: int, labels: int) -> None:
        super().__init__(settings, vocabulary_size, seed)
        self.pairs = PairTask(self, settings.pairs, labels, seed)

    def phases(self, epoch: int) -> Sequence[Phase]:
        """(1), (c) or both, as the epoch asks."""
        return self.pairs.phases(epoch, super().phases)

    def validation_metrics(self, store: TextStore) -> dict[str, float]:
        """{"accuracy": share of pairs with the right label}."""
        return {"accuracy": self.pairs.accuracy(store)}


def build(settings: Settings, vocabulary_size: int, seed: int, labels: int) -> PairAutoencoder:
    """A new autoencoder with a classifier of `labels` classes."""
    return PairAutoencoder(settings, vocabulary_size, seed, labels)
