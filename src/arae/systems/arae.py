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
from functools import partial
from typing import Literal

import torch
import torch.nn.functional as functional
from torch import Tensor, nn

from arae.foundation.settings import bounded, nested
from arae.nn.batch import Batch
from arae.nn.constraints import ConstraintSettings, build_constraint
from arae.nn.initialisation import normal_, scale_batch_norm_
from arae.nn.mlp import Normalised, mlp
from arae.nn.optimisers import Borrowed, Grouped, Optimiser, OptimiserSettings, build_optimiser
from arae.nn.randomness import Draws
from arae.systems.autoencoder import (
    Autoencoder,
    AutoencoderSettings,
    CodeSettings,
    NoiseSettings,
)
from arae.systems.system import Loss, Moment, Phase

LEAK = 0.2


class Sphere(nn.Module):
    """Rows scaled to unit norm."""

    def forward(self, values: Tensor) -> Tensor:
        """values / ‖values‖ [B, d]."""
        return functional.normalize(values, dim=1)


OUTPUTS: dict[str, type[nn.Module]] = {"tanh": nn.Tanh, "linear": nn.Identity, "sphere": Sphere}


@dataclass(frozen=True, kw_only=True)
class GeneratorSettings:
    """g_θ: N(0, I) of `noise` dimensions → code.

    `output`: `tanh` (the paper's text), `linear` (the authors' text code) or `sphere` (unit norm,
    where the codes are).
    """

    noise: int = bounded(100, low=1)
    hidden: tuple[int, ...] = (300, 300)
    batch_norm: Normalised = "all"
    output: Literal["tanh", "linear", "sphere"] = "tanh"
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
class EncoderGradientSettings:
    """How the critic's gradient reaches the encoder in (3a).

    `raw`: λ = `weight`. `norm_matched`: λ makes the gradient at the codes `weight` times as long
    as the last reconstruction gradient there. `every_critic_step`: (3a) follows each critic step,
    on the same sentences (the 2017 code), instead of once per round. The weight means something
    under `sgd` only: an Adam of its own would undo it. `shares_autoencoder`: (3a) is a step of the
    encoder's part of the autoencoder's optimiser, moments and all, and `optimiser` is not used (the
    authors' MNIST code).
    """

    kind: Literal["raw", "norm_matched"] = "raw"
    weight: float = bounded(0.1, low=0.0)
    every_critic_step: bool = False
    shares_autoencoder: bool = False
    optimiser: OptimiserSettings = nested(OptimiserSettings, lr=1.0, clip_norm=1.0)


@dataclass(frozen=True, kw_only=True)
class ObjectiveSettings(CodeSettings):
    """`gan_schedule`: epochs (1-based) from which one more adversarial round per iteration is made."""

    noise: NoiseSettings = nested(NoiseSettings, std=0.05, decay=0.9995)
    generator: GeneratorSettings = nested(GeneratorSettings)
    critic: CriticSettings = nested(CriticSettings)
    encoder_gradient: EncoderGradientSettings = nested(EncoderGradientSettings)
    gan_schedule: tuple[int, ...] = ()
    adversarial_std: float = bounded(0.02, low=0.0)
    batch_norm_gain: Literal["one", "small"] = "one"


@dataclass(frozen=True, kw_only=True)
class Settings(ObjectiveSettings, AutoencoderSettings):
    """The same for text."""

    system: str = "arae"


class AdversariallyRegularized(Autoencoder):
    """Autoencoder with a learned prior."""

    settings: ObjectiveSettings
    reconstruction_slope: Tensor

    def __init__(self, settings: ObjectiveSettings, size: int, seed: int, labels: int = 0) -> None:
        super().__init__(settings, size, seed, gaussian=False, sphere=True, labels=labels)
        generator, critic = settings.generator, settings.critic
        self.constraint = build_constraint(critic.constraint)
        self.generator = mlp(
            [generator.noise, *generator.hidden, settings.latent],
            nn.ReLU,
            normalised=generator.batch_norm,
            output=OUTPUTS[generator.output](),
        )
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
        code = self.encode(batch)
        if code.requires_grad and self.settings.encoder_gradient.kind == "norm_matched":
            code.register_hook(partial(self._remember_slope, moment))
        noisy = self.settings.noise.add(code, moment)
        loss = self.reconstruction(batch, noisy, moment.draws)
        return loss, {"reconstruction": loss}

    def _loss_2(self, batch: Batch, moment: Moment) -> Loss:
        real = self._codes(batch) if moment.given is None else moment.given
        with torch.no_grad():  # the generator is not owned: no graph needed
            fake = self._generate(batch.size, moment.draws)
        gap = self.critic(real).mean() - self.critic(fake).mean()
        penalty = self.constraint.penalty(self.critic, real, fake, moment.draws)
        norms = {
            "code_variance": real.var(dim=0).sum(),
            "generated_variance": fake.var(dim=0).sum(),
        }
        return penalty - gap, {"critic_gap": gap, "critic_penalty": penalty, **norms}

    @torch.no_grad()
    def _codes(self, batch: Batch) -> Tensor:
        return self.encode(batch)

    def _loss_3a(self, batch: Batch, moment: Moment) -> Loss:
        code = self.encode(batch)
        score = self.critic(code).sum() / batch.whole_size
        settings = self.settings.encoder_gradient
        weight: Tensor | float = settings.weight
        if settings.kind == "norm_matched":
            (slope,) = torch.autograd.grad(score, code, retain_graph=True)
            length = moment.mean(slope.norm(dim=1).mean())
            weight = weight * self.reconstruction_slope / (length + 1e-12)
        return weight * score, {"code_score": score}

    def _loss_3b(self, batch: Batch, moment: Moment) -> Loss:
        score = self.critic(self._generate(batch.size, moment.draws)).mean()
        return -score, {"generated_score": score}

    def _remember_slope(self, moment: Moment, gradient: Tensor) -> None:
        self.reconstruction_slope.copy_(moment.mean(gradient.norm(dim=1).mean()))

    def _generate(self, count: int, draws: Draws) -> Tensor:
        return self.from_noise(self.prior_noise(count, draws))

    def prior_noise(self, count: int, draws: Draws) -> Tensor:
        """s ~ N(0, I) [count, n]."""
        return draws.normal(count, self.settings.generator.noise)

    def from_noise(self, noise: Tensor) -> Tensor:
        """z̃ = g_θ(s) [count, d]."""
        code: Tensor = self.generator(noise)
        return code

    def sample_latents(self, count: int, draws: Draws) -> Tensor:
        """z̃ = g_θ(s), s ~ N(0, I) [count, d]."""
        return self._generate(count, draws)


def build(settings: Settings, vocabulary_size: int, seed: int) -> AdversariallyRegularized:
    """A new ARAE."""
    return AdversariallyRegularized(settings, vocabulary_size, seed)
