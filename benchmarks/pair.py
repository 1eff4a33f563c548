"""Our training loop and the textbook's side by side: same weights, text and seed, and a comparison."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from arae.engine.signals import StopRequest
from arae.engine.trainer import Trainer
from arae.nn.batch import TextStore
from arae.nn.randomness import Draws
from arae.systems.arae import AdversariallyRegularized, Settings
from arae.systems.registry import build_system, parse_recipe
from arae.systems.system import Phase, System, distinct_phases, owned_parameters
from benchmarks.sizes import Size, zipf_text
from benchmarks.textbook import TextbookARAE, TextbookLoop

Observer = Callable[[Phase, Sequence[Tensor]], None]


class Pair:
    """Both loops at one size; `ours` and `book` start with the same weights."""

    def __init__(
        self,
        size: Size,
        sentences: int = 8192,
        seed: int = 1,
        yardstick: type[TextbookARAE] = TextbookARAE,
    ) -> None:
        text, settings = zipf_text(size, sentences), parse_recipe(size.recipe)
        system = build_system(settings, size.vocabulary, seed).train()
        assert isinstance(settings, Settings) and isinstance(system, AdversariallyRegularized)
        self.system = system
        folder = Path(tempfile.gettempdir())  # stays unused: only `fit` writes checkpoints
        self.ours = Trainer(system, TextStore(text), seed, _unjudged, folder, StopRequest())
        self.book = TextbookLoop(yardstick(settings, size.vocabulary), text, seed)
        self._order = Draws(seed, "order", 0).permutation(sentences)
        self._copy_weights()

    def rows(self, iteration: int) -> Tensor:
        """The sentences [B] that an iteration reconstructs."""
        size = self.system.settings.batch_size
        start = iteration * size % (len(self._order) - size)
        return self._order[start : start + size]

    def iterate_ours(self) -> None:
        """One iteration of ours."""
        batch = self.ours.store.batch(self.rows(self.ours.iteration))
        self.ours._iterate(self.system.phases(0), batch)

    def observe(self, before: Observer | None = None, after: Observer | None = None) -> None:
        """Have `before` and `after` called around every update of ours, with its gradients."""
        for phase in distinct_phases(self.system).values():
            phase.optimiser.step = _observed(phase, before, after)  # type: ignore[method-assign]

    def differences(self, iterations: int) -> Iterator[tuple[str, float, float]]:
        """Train ours; of every update: its phase and the textbook's relative differences from it.

        They are |Δ loss| / |loss| and ‖Δ gradient‖ / ‖gradient‖ over all parameters of the phase.
        """
        found: list[tuple[float, float]] = []

        def compare(phase: Phase, gradients: Sequence[Tensor]) -> None:
            self._copy_weights()
            place, iteration = len(found) % len(self.book.schedule), self.ours.iteration
            loss = self.book.gradients(place, iteration, self.rows(iteration))
            found.append((loss, self._distance(phase, gradients)))

        self.observe(before=compare)
        for _ in range(iterations):
            self.iterate_ours()
        for (_, name, metrics), (loss, distance) in zip(self.ours._pending, found, strict=True):
            yield name, abs(self._loss(name, metrics) - loss) / abs(loss), distance

    def _loss(self, name: str, metrics: Mapping[str, Tensor | float]) -> float:
        value = {key: float(number) for key, number in metrics.items()}
        weight = self.system.settings.encoder_gradient.weight
        return {
            "reconstruction": lambda: value["reconstruction"],
            "critic": lambda: value["critic_penalty"] - value["critic_gap"],
            "encoder": lambda: weight * value["code_score"],
            "generator": lambda: -value["generated_score"],
        }[name]()

    def _distance(self, phase: Phase, gradients: Sequence[Tensor]) -> float:
        names = {id(p): name for name, p in self.system.named_parameters()}
        values = {name: torch.zeros_like(p) for name, p in self.system.named_parameters()}
        for parameter, gradient in zip(owned_parameters(phase), gradients, strict=True):
            values[names[id(parameter)]] = gradient.to_dense()
        owned = {id(p) for p in self.book.steps[phase.name][1]}
        both = [(p.grad, g) for p, g in textbook_layout(values, self.book.model) if id(p) in owned]
        theirs = torch.cat([grad.flatten() for grad, _ in both if grad is not None]).double()
        ours = torch.cat([grad.flatten() for _, grad in both]).double()
        return float((ours - theirs).norm() / theirs.norm())

    @torch.no_grad()
    def _copy_weights(self) -> None:
        ours = dict(self.system.named_parameters())
        for theirs, value in textbook_layout(ours, self.book.model):
            theirs.copy_(value)


def textbook_layout(
    values: Mapping[str, Tensor], book: TextbookARAE
) -> Iterator[tuple[nn.Parameter, Tensor]]:
    """The textbook's parameters, each beside the value of ours that has the same name in `values`."""
    lstms = {"encoder.text.lstm": book.encoder_lstm, "decoder.lstm": book.decoder_lstm}
    for name, lstm in lstms.items():
        inputs = [values[f"{name}.weight_input"], values.get(f"{name}.weight_context")]
        yield (
            lstm.get_parameter("weight_ih_l0"),
            in_torchs_order(torch.cat([w for w in inputs if w is not None], 1)),
        )
        yield lstm.get_parameter("weight_hh_l0"), in_torchs_order(values[f"{name}.weight_hidden"])
        yield lstm.get_parameter("bias_ih_l0"), in_torchs_order(values[f"{name}.bias"])
    plain = {
        "encoder.text.embedding": book.encoder_embedding,
        "decoder.embedding": book.decoder_embedding,
        "decoder.output": book.output,
        "generator": book.generator,
        "critic": book.critic,
    }
    for name, module in plain.items():
        for key, parameter in module.named_parameters():
            if f"{name}.{key}" in values:  # an autoencoder alone has no adversaries
                yield parameter, values[f"{name}.{key}"]


def in_torchs_order(rows: Tensor) -> Tensor:
    """Our gates i, f, o, g in torch's order i, f, g, o."""
    first, second, third, fourth = rows.chunk(4)
    return torch.cat([first, second, fourth, third])


def _observed(phase: Phase, before: Observer | None, after: Observer | None) -> Callable[..., None]:
    step = phase.optimiser.step

    def observed(gradients: Sequence[Tensor], *rest: Any) -> None:
        if before is not None:
            before(phase, gradients)
        step(gradients, *rest)
        if after is not None:
            after(phase, gradients)

    return observed


def _unjudged(system: System) -> dict[str, float]:
    raise TypeError("a benchmark validates nothing")
