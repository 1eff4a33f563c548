"""ARAE: adversarially regularised autoencoder (Zhao et al. 2018, Algorithm 1; M3).

Prior: s ~ N(0, I), z̃ = g_θ(s). Codes z = enc_φ(x) lie on the unit sphere; the critic f_w is high on
them. Each loss is minimised by the parts in brackets only:

(1)  L_rec(φ, ψ) = mean −log p_ψ(x | z + η)                                 [encoder, decoder]
(2)  L_cri(w)    = −mean f_w(z) + mean f_w(z̃) (+ Lipschitz constraint)      [critic]
(3a) L_enc(φ)    = λ · mean f_w(z)                                          [encoder]
(3b) L_gen(θ)    = −mean f_w(z̃)                                             [generator]
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from arae.foundation.settings import bounded, nested
from arae.nn.batch import Batch
from arae.nn.constraints import ConstraintSettings, build_constraint, is_plain
from arae.nn.initialisation import normal_, scale_batch_norm_
from arae.nn.mlp import Normalised, mlp
from arae.nn.optimisers import Borrowed, Grouped, Optimiser, OptimiserSettings, build_optimiser
from arae.nn.posteriors import SphereSettings
from arae.nn.priors import GeneratorNetwork, Prior
from arae.nn.randomness import Draws
from arae.systems.autoencoder import (
    Autoencoder,
    CodeSettings,
    NoiseSettings,
)
from arae.systems.system import Loss, Moment, Phase

LEAK = 0.2
TOGETHER_ON = "cuda"  # elsewhere fewer operations gain little, and would round otherwise


@dataclass(frozen=True, kw_only=True)
class GeneratorSettings(GeneratorNetwork):
    """The prior's network, and how it is trained."""

    optimiser: OptimiserSettings = nested(OptimiserSettings, kind="adam", lr=1e-4, beta1=0.5)


@dataclass(frozen=True, kw_only=True)
class CriticSettings:
    """f_w: code → one score per sentence; `steps` updates of it per generator update."""

    hidden: tuple[int, ...] = (300, 300)
    batch_norm: Normalised = "none"
    constraint: ConstraintSettings = nested(ConstraintSettings)
    steps: int = bounded(5, low=1)
    optimiser: OptimiserSettings = nested(OptimiserSettings, kind="adam", lr=1e-4, beta1=0.5)


@dataclass(frozen=True, kw_only=True)
class EncoderGradient:
    """How the critic's gradient reaches the encoder in (3a).

    `every_critic_step`: (3a) follows each critic step, on the same sentences (the 2017 code), instead of
    once per round. `shares_autoencoder`: (3a) is a step of the encoder's part of the autoencoder's
    optimiser, moments and all, and `optimiser` is not used (the authors' MNIST code).
    """

    weight: float = bounded(0.1, low=0.0)
    every_critic_step: bool = False
    shares_autoencoder: bool = False
    optimiser: OptimiserSettings = nested(OptimiserSettings, lr=1.0, clip_norm=1.0)

    def watch(self, code: Tensor, slope: Tensor, moment: Moment) -> None:
        """Called in (1) with codes that reconstruction's gradient will reach."""

    def scale(self, score: Tensor, code: Tensor, slope: Tensor, moment: Moment) -> Tensor | float:
        """λ(1) of the mean score of some codes [B, d]."""
        return self.weight


@dataclass(frozen=True, kw_only=True)
class Raw(EncoderGradient):
    """λ = `weight`."""

    kind: Literal["raw"] = "raw"


@dataclass(frozen=True, kw_only=True)
class NormMatched(EncoderGradient):
    """λ makes the gradient at the codes `weight` times as long as the last one of reconstruction there.

    The weight means something under `sgd` only: an Adam of its own would undo it.
    """

    kind: Literal["norm_matched"] = "norm_matched"

    def watch(self, code: Tensor, slope: Tensor, moment: Moment) -> None:
        """Write the mean length of reconstruction's gradient at the codes into `slope`."""

        def remember(gradient: Tensor) -> None:
            slope.copy_(moment.mean(gradient.norm(dim=1).mean()))

        if code.requires_grad:
            code.register_hook(remember)

    def scale(self, score: Tensor, code: Tensor, slope: Tensor, moment: Moment) -> Tensor | float:
        """`weight` times that length over the one of the score's gradient."""
        (gradient,) = torch.autograd.grad(score, code, retain_graph=True)
        length = moment.mean(gradient.norm(dim=1).mean())
        return self.weight * slope / (length + 1e-12)


@dataclass(frozen=True, kw_only=True)
class Settings(CodeSettings):
    """`gan_schedule`: epochs (1-based) from which one more adversarial round per iteration is made."""

    system: str = "arae"
    noise: NoiseSettings = nested(NoiseSettings, std=0.05, decay=0.9995)
    generator: GeneratorSettings = nested(GeneratorSettings)
    critic: CriticSettings = nested(CriticSettings)
    encoder_gradient: Raw | NormMatched = nested(Raw)
    gan_schedule: tuple[int, ...] = ()
    adversarial_std: float = bounded(0.02, low=0.0)
    batch_norm_gain: Literal["one", "small"] = "one"


# Of images the authors' code for binarised MNIST (Appendix F): (1) once, then ten times (2) and (3a) on the
# same images, then (3b); weights of the critic clipped to ±0.05, noise 0.4 on the codes, × 0.99 every 100
# iterations, λ(1) = 0.2, (3a) by the autoencoder's Adam.
DEFAULTS = {
    "images": {
        "noise": nested(NoiseSettings, std=0.4, decay=0.99),
        "generator": nested(
            GeneratorSettings,
            noise=32,
            hidden=(64, 100, 150),
            optimiser=OptimiserSettings(kind="adam", lr=5e-4),
        ),
        "critic": nested(
            CriticSettings,
            hidden=(100, 60, 20),
            batch_norm="after_first",
            constraint=ConstraintSettings(kind="weight_clip", bound=0.05),
            steps=10,
            optimiser=OptimiserSettings(kind="adam", lr=5e-5),
        ),
        "encoder_gradient": nested(
            Raw, weight=0.2, every_critic_step=True, shares_autoencoder=True
        ),
    }
}


class AdversariallyRegularized(Autoencoder):
    """Autoencoder with a learned prior."""

    settings: Settings
    prior: Prior
    reconstruction_slope: Tensor

    def __init__(self, settings: Settings, size: int, seed: int, labels: int = 0) -> None:
        super().__init__(settings, size, seed, SphereSettings(), labels)
        critic = settings.critic
        self.constraint = build_constraint(critic.constraint)
        self.generator = settings.generator.build(settings.latent)
        self.__dict__["prior"] = self.generator  # not registered again: saved once
        self.critic = mlp(
            [settings.latent, *critic.hidden, 1],
            nn.LeakyReLU,
            normalised=critic.batch_norm,
            slope=LEAK,
            linear=self.constraint.linear,
        )
        self.register_buffer("reconstruction_slope", torch.zeros(()))
        adversaries = (self.generator, self.critic)
        normal_(adversaries, settings.adversarial_std, Draws(seed, "init", "adversaries"))
        if settings.batch_norm_gain == "small":
            scale_batch_norm_(adversaries, settings.adversarial_std, Draws(seed, "init", "gains"))
        self._round, self._reconstruct = self._build_phases()

    def phases(self, epoch: int) -> Sequence[Phase]:
        """(1) once, then one or more adversarial rounds."""
        rounds = 1 + sum(epoch + 1 >= start for start in self.settings.gan_schedule)
        return [self._reconstruct, *self._round * rounds]

    def _build_phases(self) -> tuple[tuple[Phase, ...], Phase]:
        settings = self.settings
        parts = (self.encoder, self.decoder)
        often = settings.encoder_gradient.every_critic_step
        autoencoder, encoders = self._encoder_optimisers()
        reconstruct = Phase(
            "reconstruction",
            parts,
            self._loss_1,
            autoencoder,
            by_rows=not self.labels,  # decoders of labels draw for their own sentences
        )
        critic = Phase(
            "critic",
            (self.critic,),
            self._loss_2,
            build_optimiser([self.critic], settings.critic.optimiser),
            stream="random",
            after_step=lambda: self.constraint.after_step(self.critic),
            given=self._codes,
        )
        encoder = Phase(
            "encoder",
            (self.encoder,),
            self._loss_3a,
            encoders,
            stream="same" if often else "random",
            by_rows=True,
        )
        generator = Phase(
            "generator",
            (self.generator,),
            self._loss_3b,
            build_optimiser([self.generator], settings.generator.optimiser),
            stream="same",
        )
        if often:
            return (*[critic, encoder] * settings.critic.steps, generator), reconstruct
        return (*[critic] * settings.critic.steps, encoder, generator), reconstruct

    def _encoder_optimisers(self) -> tuple[Optimiser, Optimiser]:
        """Of (1), and of (3a)."""
        settings, own = self.settings.autoencoder, self.settings.encoder_gradient
        if own.shares_autoencoder:
            shared = build_optimiser([self.encoder], settings)
            return Grouped([shared, build_optimiser([self.decoder], settings)]), Borrowed(shared)
        both = build_optimiser((self.encoder, self.decoder), settings)
        return both, build_optimiser([self.encoder], own.optimiser)

    def _loss_1(self, batch: Batch, moment: Moment) -> Loss:
        code = self.posterior(batch, moment.draws).sample(moment.draws)
        self.settings.encoder_gradient.watch(code, self.reconstruction_slope, moment)
        noisy = self.settings.noise.add(code, moment)
        loss = self.reconstruction(batch, noisy, moment.draws)
        return loss, {"reconstruction": loss}

    def _loss_2(self, batch: Batch, moment: Moment) -> Loss:
        real = self._codes(batch) if moment.given is None else moment.given
        with torch.no_grad():  # the generator is not owned: no graph needed
            fake = self.prior.sample(batch.size, moment.draws)
        high, low = self._scores(real, fake)
        gap = high.mean() - low.mean()
        penalty = self.constraint.penalty(self.critic, real, fake, moment.draws)
        norms = {
            "code_variance": real.var(dim=0).sum(),
            "generated_variance": fake.var(dim=0).sum(),
        }
        return penalty - gap, {"critic_gap": gap, "critic_penalty": penalty, **norms}

    def _scores(self, *codes: Tensor) -> Sequence[Tensor]:
        """The critic's scores of several sets of codes; on a GPU at once if no row depends on others."""
        if codes[0].device.type != TOGETHER_ON or not is_plain(self.critic):
            return [self.critic(each) for each in codes]
        together: Tensor = self.critic(torch.cat(codes))
        return together.split([len(each) for each in codes])

    @torch.no_grad()
    def _codes(self, batch: Batch) -> Tensor:
        return self.encode(batch)

    def _loss_3a(self, batch: Batch, moment: Moment) -> Loss:
        code = self.encode(batch)
        score = self.critic(code).sum() / batch.whole_size
        gradient = self.settings.encoder_gradient
        weight = gradient.scale(score, code, self.reconstruction_slope, moment)
        return weight * score, {"code_score": score}

    def _loss_3b(self, batch: Batch, moment: Moment) -> Loss:
        score = self.critic(self.prior.sample(batch.size, moment.draws)).mean()
        return -score, {"generated_score": score}


def build(settings: Settings, size: int, seed: int) -> AdversariallyRegularized:
    """A new ARAE."""
    return AdversariallyRegularized(settings, size, seed)
