"""Time AE and VAE training at the paper's size: ours against the textbook's and the authors' ways.

The loops must agree first (losses and gradients, 1e-5), then take turns, an iteration each. Examples:

  python -m benchmarks.autoencoders                                  2 threads, wall time
  python -m benchmarks.autoencoders --threads 1 --iterations 8
"""

from __future__ import annotations

import statistics
import time
from typing import Any

import torch
from torch import Tensor, nn

from arae.engine.phases import run_phase
from arae.nn.batch import TextStore
from arae.nn.randomness import Draws
from arae.systems.registry import build_system, parse_recipe
from arae.systems.system import Moment
from benchmarks.command import in_fresh_process, parser_of, peak_memory, write
from benchmarks.pair import textbook_layout
from benchmarks.sizes import SIZES, Size, zipf_text
from benchmarks.textbook import YARDSTICKS, Batch, TextbookARAE, collate

KINDS = ("ae", "vae")
TOLERANCE = 1e-5
RATE, CLIP = 0.1, 1.0


class Plain(nn.Module):
    """An autoencoder of the textbook: codes on the unit sphere, or with `head` a Gaussian posterior."""

    def __init__(self, parts: TextbookARAE, head: nn.Linear | None) -> None:
        super().__init__()
        self.parts, self.head = parts, head

    def forward(self, batch: Batch, draws: Draws) -> Tensor:
        """Mean negative log-likelihood of a token, with the KL of a token if there is a posterior."""
        if self.head is None:
            return self.parts.decoded(batch, self.parts.encode(batch))
        mean, log_variance = self.head(self.parts.features(batch)).chunk(2, dim=1)
        code = mean + torch.exp(0.5 * log_variance) * draws.normal(*mean.shape)
        kl = 0.5 * (mean.square() + log_variance.exp() - log_variance - 1).sum()
        return self.parts.decoded(batch, code) + kl / batch[2].sum()


class Race:
    """One kind of autoencoder as ours and as a yardstick, from the same weights."""

    def __init__(self, kind: str, yardstick: str, size: Size, sentences: int = 4096) -> None:
        text = zipf_text(size, sentences)
        keys = ("batch_size", "encoder", "decoder", "latent")
        recipe: dict[str, Any] = {key: size.recipe[key] for key in keys}
        recipe |= {"autoencoder": {"kind": "sgd", "lr": RATE, "clip_norm": CLIP}}
        recipe |= {"reduction": "token_mean"} | (
            {"weight": {"kind": "linear", "start": 1.0}} if kind == "vae" else {}
        )
        self.system = build_system(
            parse_recipe({"system": kind, **recipe}), size.vocabulary, 1
        ).train()
        (self._phase,) = self.system.phases(0)
        self._store = TextStore(text)
        self._sentences = torch.from_numpy(text.ids.astype("int64")).split(text.lengths.tolist())
        arae = parse_recipe(size.recipe)
        assert hasattr(arae, "critic")
        latent = recipe["latent"]
        head = nn.Linear(recipe["encoder"]["hidden"], 2 * latent) if kind == "vae" else None
        self.plain = Plain(YARDSTICKS[yardstick](arae, size.vocabulary), head)
        self._rows = Draws(1, "order").permutation(sentences).split(recipe["batch_size"])
        values = dict(self.system.named_parameters())
        with torch.no_grad():
            for theirs, ours in self._layout(values):
                theirs.copy_(ours)
        self._trained = [theirs for theirs, _ in self._layout(values)]
        self._optimiser = torch.optim.SGD(self._trained, lr=RATE)

    def ours(self, iteration: int) -> None:
        """An iteration of ours."""
        run_phase(self._phase, self._store.batch(self._rows[iteration]), self._moment(iteration))

    def theirs(self, iteration: int) -> None:
        """An iteration of the yardstick."""
        self._optimiser.zero_grad()
        self._plain_loss(iteration).backward()
        nn.utils.clip_grad_norm_(self._trained, CLIP)
        self._optimiser.step()

    def difference(self) -> float:
        """The larger of the relative differences of loss and gradient, before any step."""
        loss, _ = self._phase.loss(self._store.batch(self._rows[0]), self._moment(0))
        names = {id(p): name for name, p in self.system.named_parameters()}
        gradients = torch.autograd.grad(loss, self._phase.parameters)
        values = {
            names[id(p)]: gradient.to_dense()
            for p, gradient in zip(self._phase.parameters, gradients, strict=True)
        }
        other = self._plain_loss(0)
        wanted = torch.autograd.grad(other, self._trained)
        ours = torch.cat([value.flatten() for _, value in self._layout(values)])
        theirs = torch.cat([gradient.flatten() for gradient in wanted])
        apart = (ours - theirs).norm() / theirs.norm()
        return max(float(apart), abs(loss.item() - other.item()) / abs(other.item()))

    def _layout(self, values: dict[str, Any]) -> list[tuple[nn.Parameter, Tensor]]:
        head = [] if self.plain.head is None else list(self.plain.head.named_parameters())
        own = [(parameter, values[f"encoder.head.linear.{key}"]) for key, parameter in head]
        return [*textbook_layout(values, self.plain.parts), *own]

    def _plain_loss(self, iteration: int) -> Tensor:
        chosen = [self._sentences[row] for row in self._rows[iteration].tolist()]
        loss: Tensor = self.plain(collate(chosen), self._moment(iteration).draws)
        return loss

    def _moment(self, iteration: int) -> Moment:
        return Moment(iteration, 0.0, 0.0, Draws(1, "phase", iteration))


def memory_of(kind: str, yardstick: str, size: str, threads: int, ours: bool) -> int:
    """Most resident bytes of this process after some iterations of one loop alone."""
    torch.set_num_threads(threads)
    race = Race(kind, yardstick, SIZES[size])
    for iteration in range(5):
        (race.ours if ours else race.theirs)(iteration)
    return peak_memory()


def measure(kind: str, yardstick: str, size: str, iterations: int, warm_up: int) -> dict[str, Any]:
    """Medians of interleaved iterations, their ratio, and each loop's memory."""
    race = Race(kind, yardstick, SIZES[size])
    difference = race.difference()
    if difference >= TOLERANCE:
        raise SystemExit(f"{kind}: the loops disagree by {difference:.1e}; nothing was timed")
    laps: dict[str, list[float]] = {"ours": [], "theirs": []}
    for iteration in range(warm_up + iterations):
        for name, step in (("ours", race.ours), ("theirs", race.theirs)):
            began = time.perf_counter()
            step(iteration)
            laps[name].append(time.perf_counter() - began)
    ours, theirs = (lap[warm_up:] for lap in laps.values())
    batch = race.system.settings.batch_size
    memory = [
        in_fresh_process(memory_of, kind, yardstick, size, torch.get_num_threads(), mine)
        for mine in (True, False)
    ]
    return {
        "kind": kind,
        "yardstick": yardstick,
        "difference": difference,
        "seconds": statistics.median(ours),
        "yardstick_seconds": statistics.median(theirs),
        "sentences_per_second": batch / statistics.median(ours),
        "ratio": statistics.median(b / a for a, b in zip(ours, theirs, strict=True)),
        "peak_memory": memory[0],
        "yardstick_peak_memory": memory[1],
    }


def main() -> None:
    """Command line."""
    parser = parser_of("autoencoders", __doc__)
    parser.add_argument("--size", choices=SIZES, default="paper", help="default: paper")
    parser.add_argument("--iterations", type=int, default=12, help="timed; default: 12")
    parser.add_argument("--warm-up", type=int, default=3, help="iterations not timed; default: 3")
    a = parser.parse_args()
    torch.set_num_threads(a.threads)
    found = []
    for kind in KINDS:
        for yardstick in YARDSTICKS:
            one = measure(kind, yardstick, a.size, a.iterations, a.warm_up)
            found.append(one)
            print(
                "{kind:4} {sentences_per_second:6.0f} sentences/s, {ratio:.2f} times {yardstick}, "
                "{peak_memory:,} bytes at most, {yardstick} {yardstick_peak_memory:,} "
                "(difference {difference:.0e})".format(**one),
                flush=True,
            )
    record = {"size": a.size, "threads": a.threads, "measures": found}
    write(record, a.out, f"autoencoders-{a.size}")


if __name__ == "__main__":
    main()
