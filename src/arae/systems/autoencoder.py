"""What encoder-decoder systems share: parts, the reconstruction loss, code noise.

What a system encodes is a matter of its settings, which build the encoder and the decoder; its
losses are the same for text and for images.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, cast

from torch import Tensor, nn

from arae.foundation.settings import bounded, nested
from arae.nn.batch import Batch
from arae.nn.decoder import Decoder, DecoderSettings, StepDecoder, TextDecoder
from arae.nn.encoder import EncoderSettings, TextEncoder
from arae.nn.initialisation import uniform_
from arae.nn.label_decoders import LabelDecoders
from arae.nn.lstm import PackedLSTM
from arae.nn.optimisers import OptimiserSettings
from arae.nn.posteriors import Dirac, DiracHead, GaussianHead, Posterior
from arae.nn.randomness import Draws
from arae.nn.store import Observed
from arae.systems.system import Moment, System, TrainingSettings


@dataclass(frozen=True, kw_only=True)
class CodeSettings(TrainingSettings):
    """What every encoder-decoder system has, whatever it encodes.

    `reduction`: `token_mean` divides the batch's nll by its tokens (ARAE's code), `sentence_sum`
    by its sentences (VAE literature); it rescales every weight beside it.
    """

    latent: int = bounded(300, low=1)
    reduction: Literal["token_mean", "sentence_sum"] = "token_mean"
    autoencoder: OptimiserSettings = nested(OptimiserSettings, lr=1.0, clip_norm=1.0)

    def build_parts(
        self, size: int, seed: int, *, gaussian: bool, sphere: bool, labels: int
    ) -> Any:
        """A new encoder and decoder of things of `size` word types or pixels."""
        raise TypeError(f"{type(self).__name__} builds no parts")


@dataclass(frozen=True, kw_only=True)
class AutoencoderSettings(CodeSettings):
    """Sizes and the reconstruction optimiser of every encoder-decoder system of text.

    `forget_bias`: initial bias of the LSTMs' forget gates (0 in the paper's code; 1 learns
    long-range content sooner).
    """

    encoder: EncoderSettings = nested(EncoderSettings)
    decoder: DecoderSettings = nested(DecoderSettings)
    init_bound: float = bounded(0.1, low=0.0)
    forget_bias: float = 0.0

    def build_parts(
        self, size: int, seed: int, *, gaussian: bool, sphere: bool, labels: int
    ) -> tuple[Encoder, TextDecoder | LabelDecoders]:
        """LSTM encoder with a Gaussian head or a point (on the unit sphere), and LSTM decoder.

        With `labels`, each label has a decoder of its own.
        """
        text = TextEncoder(size, self.encoder)
        head: DiracHead | GaussianHead
        if gaussian:
            head = GaussianHead(text.feature_size, self.latent)
        else:
            head = DiracHead(text.feature_size, self.latent, normalise=sphere)
        encoder = Encoder(text, head)
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

    def _decoder(self, size: int, labels: int) -> Decoder:
        if labels:
            return LabelDecoders(size, labels, self.latent, self.decoder)
        return TextDecoder(size, self.latent, self.decoder)


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


class Encoder(nn.Module):
    """Text encoder with a posterior head: sentences → q(z | x)."""

    def __init__(self, text: TextEncoder, head: DiracHead | GaussianHead) -> None:
        super().__init__()
        self.text, self.head = text, head

    def forward(self, batch: Batch) -> Posterior:
        """Posterior over codes, in row order."""
        posterior: Posterior = self.head(self.text(batch))
        return posterior


class Autoencoder(System):
    """Encoder, decoder and the reconstruction term; subclasses add what makes them different.

    With `labels`, each label has a decoder of its own.
    """

    settings: CodeSettings
    decoder: Any  # of text or of images: what the settings build
    likelihood = "log p(x | z(x))"

    def __init__(
        self,
        settings: CodeSettings,
        size: int,
        seed: int,
        *,
        gaussian: bool,
        sphere: bool,
        labels: int = 0,
    ) -> None:
        super().__init__()
        self.settings, self.labels = settings, labels
        self.encoder, self.decoder = settings.build_parts(
            size, seed, gaussian=gaussian, sphere=sphere, labels=labels
        )

    def reconstruction(self, batch: Observed, code: Tensor, draws: Draws | None) -> Tensor:
        """Mean −log p(x | z), reduced as the recipe says: scalar, nats."""
        total = self.decoder.nll(batch, code, draws).sum()
        per_token = self.settings.reduction == "token_mean"
        return total / (batch.whole_tokens if per_token else batch.whole_size)

    def encode(self, batch: Observed) -> Tensor:
        """Mean codes [B, d], in row order."""
        return self.encoder(batch).mean()

    def decoder_for(self, label: int | None = None) -> StepDecoder:
        """The decoder of a label; without one, the decoder or all labels' decoders by turns."""
        if label is None or not isinstance(self.decoder, LabelDecoders):
            return cast(StepDecoder, self.decoder)
        return self.decoder.of(label)

    def loss_per_sentence(self, batch: Observed) -> Tensor:
        """−log p(x | E[z | x]) [B]."""
        return batch.sum_per_row(self.decoder.nll(batch, self.encode(batch)))


__all__ = ["Autoencoder", "AutoencoderSettings", "Dirac", "Encoder", "NoiseSettings"]
