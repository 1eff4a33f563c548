"""What encoder-decoder systems share: parts, the reconstruction loss, code noise.

What is encoded is a matter of the corpus's domain, whose settings build the encoder and the decoder; a
system's losses are the same for text and for images.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from torch import Tensor

from arae.foundation.settings import bounded, nested
from arae.nn.corruption import CorruptionSettings, Intact
from arae.nn.decoder import DecoderSettings, TextDecoder
from arae.nn.encoder import Encoder, EncoderSettings, TextEncoder
from arae.nn.initialisation import uniform_
from arae.nn.label_decoders import LabelDecoders
from arae.nn.lstm import PackedLSTM
from arae.nn.optimisers import OptimiserSettings
from arae.nn.posteriors import Posterior, PosteriorSettings
from arae.nn.randomness import Draws
from arae.nn.store import Observed
from arae.systems.system import Moment, RecipeSettings, System, TextTraining


@dataclass(frozen=True, kw_only=True)
class CodeSettings(RecipeSettings):
    """What every encoder-decoder system has, whatever it encodes.

    `reduction`: `token_mean` divides the batch's nll by its tokens (ARAE's code), `sentence_sum`
    by its sentences (VAE literature); it rescales every weight beside it.
    """

    latent: int
    reduction: Literal["token_mean", "sentence_sum"] = "token_mean"
    autoencoder: OptimiserSettings = nested(OptimiserSettings, lr=1.0, clip_norm=1.0)

    def build_parts(self, size: int, seed: int, posterior: PosteriorSettings, labels: int) -> Any:
        """A new encoder and decoder of things of `size` word types or pixels: a domain's settings know."""
        raise TypeError(f"{type(self).__name__} builds no parts")


@dataclass(frozen=True, kw_only=True)
class TextSettings(TextTraining):
    """What makes an autoencoder one of text: LSTM encoder and decoder, −log p(x | z) of each word.

    To be laid over a system's settings, as the first base class. `latent` is the size of a code.
    `corruption`: what the encoder is shown while reconstruction is trained. `forget_bias`: initial bias
    of the LSTMs' forget gates (0 in the paper's code; 1 learns long-range content sooner).
    """

    latent: int = bounded(300, low=1)
    encoder: EncoderSettings = nested(EncoderSettings)
    decoder: DecoderSettings = nested(DecoderSettings)
    corruption: CorruptionSettings = nested(Intact)
    init_bound: float = bounded(0.1, low=0.0)
    forget_bias: float = 0.0

    def build_parts(
        self, size: int, seed: int, posterior: PosteriorSettings, labels: int
    ) -> tuple[Encoder, TextDecoder | LabelDecoders]:
        """LSTM encoder that ends in the posterior, and LSTM decoder; with `labels`, one for each label."""
        text = TextEncoder(size, self.encoder)
        head = posterior.build(text.feature_size, self.latent)
        encoder = Encoder(text, head, self.corruption)
        decoder: TextDecoder | LabelDecoders
        if labels:
            decoder = LabelDecoders(size, labels, self.latent, self.decoder)
        else:
            decoder = TextDecoder(size, self.latent, self.decoder)
        uniform_([encoder, decoder], self.init_bound, Draws(seed, "init"))
        for part in (*encoder.modules(), *decoder.modules()):
            if isinstance(part, PackedLSTM):
                part.open_forget_gates_(self.forget_bias)
        return encoder, decoder


@dataclass(frozen=True, kw_only=True)
class AutoencoderSettings(TextSettings, CodeSettings):
    """Settings of every encoder-decoder system that is of text alone."""


@dataclass(frozen=True, kw_only=True)
class NoiseSettings:
    """N(0, std²) added to codes while reconstructing; std falls by `decay` every `every` iterations."""

    std: float = bounded(0.0, low=0.0)
    decay: float = bounded(1.0, low=0.0, high=1.0)
    every: int = bounded(100, low=1)

    def at(self, iteration: int) -> float:
        """Standard deviation at an iteration."""
        return self.std * self.decay ** (iteration // self.every)

    def add(self, code: Tensor, moment: Moment) -> Tensor:
        """code [B, d] + N(0, std²)."""
        if self.std == 0:
            return code
        return code + moment.number(lambda now: self.at(now.iteration)) * moment.draws.normal(
            *code.shape
        )


class Autoencoder(System):
    """Encoder, decoder, prior and the reconstruction term; subclasses add what makes them different.

    With `labels`, each label has a decoder of its own.
    """

    settings: CodeSettings
    encoder: Any
    decoder: Any  # of text or of images: what the settings build
    likelihood = "log p(x | z(x))"
    has_codes = True

    def __init__(
        self,
        settings: CodeSettings,
        size: int,
        seed: int,
        posterior: PosteriorSettings,
        labels: int = 0,
    ) -> None:
        super().__init__()
        self.settings, self.labels = settings, labels
        self.encoder, self.decoder = settings.build_parts(size, seed, posterior, labels)

    def reconstruction(self, batch: Observed, code: Tensor, draws: Draws | None) -> Tensor:
        """Mean −log p(x | z), reduced as the recipe says: scalar, nats."""
        total = self.decoder.nll(batch, code, draws).sum()
        return total / self.divisor(batch)

    def divisor(self, batch: Observed) -> int | Tensor:
        """What the recipe's `reduction` divides sums over a minibatch by."""
        per_token = self.settings.reduction == "token_mean"
        return batch.whole_tokens if per_token else batch.whole_size

    def posterior(self, batch: Observed, draws: Draws | None = None) -> Posterior:
        """q(z | x), in row order; with `draws` of what the recipe's corruption makes of x."""
        posterior: Posterior = self.encoder(batch, draws)
        return posterior

    def loss_per_sentence(self, batch: Observed) -> Tensor:
        """−log p(x | E[z | x]) [B]."""
        return batch.sum_per_row(self.decoder.nll(batch, self.encode(batch)))
