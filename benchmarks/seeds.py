"""Would several seeds pay as one batched model? The parts of a step, one product a seed or one of all.

A step of the LSTM, the critic's layers and the projection to the vocabulary, of 4 and 8 seeds: how many
times as fast the batched one is. Example:

  python -m benchmarks.seeds --threads 1
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as functional
from torch import Tensor

from arae.systems.arae import LEAK
from arae.systems.registry import parse_recipe
from benchmarks.command import parser_of, write
from benchmarks.sizes import SIZES
from benchmarks.stages import timed

SEEDS = (4, 8)
TOKENS = 9.47  # of a sentence, `<eos>` included
REPEATS = 9
Way = Callable[[], Any]


def lstm_step(states: Tensor, weights: Tensor, gates: Tensor) -> Tensor:
    """A step without its gates' products' sums over time: [S, B, H] or [B, H] alike."""
    product = torch.baddbmm if states.dim() == 3 else torch.addmm
    gates = product(gates, states, weights.transpose(-1, -2))
    size = states.shape[-1]
    gates[..., : 3 * size].sigmoid_()
    new = gates[..., 3 * size :].tanh_()
    return gates[..., 2 * size : 3 * size] * torch.tanh(gates[..., :size] * new)


def critic(codes: Tensor, weights: Tensor) -> Tensor:
    """Two hidden layers of like width."""
    for _ in range(2):
        codes = functional.leaky_relu(codes @ weights, LEAK)
    return codes


def parts(size: str, seeds: int) -> dict[str, tuple[Way, Way]]:
    """Of each part: every seed by itself, and all at once."""
    settings: Any = parse_recipe(SIZES[size].recipe)
    hidden, batch = settings.encoder.hidden, settings.batch_size
    states = torch.randn(seeds, batch, hidden)
    recurrent, gates = torch.randn(seeds, 4 * hidden, hidden), torch.randn(seeds, batch, 4 * hidden)
    layers = torch.randn(seeds, hidden, hidden)
    rows = torch.randn(seeds, round(batch * TOKENS), hidden)
    words = torch.randn(seeds, SIZES[size].vocabulary, hidden)

    def both(work: Callable[..., Tensor], *inputs: Tensor) -> tuple[Way, Way]:
        each = [[tensor[seed] for tensor in inputs] for seed in range(seeds)]
        return lambda: [work(*mine) for mine in each], lambda: work(*inputs)

    return {
        "LSTM step": both(lstm_step, states, recurrent, gates),
        "critic": both(critic, states, layers),
        "projection": both(lambda a, b: a @ b.transpose(-1, -2), rows, words),
    }


def main() -> None:
    """Command line."""
    parser = parser_of("seeds", __doc__, threads=1)
    parser.add_argument("--sizes", choices=SIZES, nargs="+", default=["scenes", "paper"])
    a = parser.parse_args()
    torch.set_num_threads(a.threads)
    found: dict[str, dict[str, dict[str, float]]] = {}
    for size in a.sizes:
        for seeds in SEEDS:
            ratios = {}
            for name, ways in parts(size, seeds).items():
                alone, together = timed(*ways, repeats=REPEATS)
                ratios[name] = alone / together
            found.setdefault(size, {})[str(seeds)] = ratios
            shown = ", ".join(f"{name} {ratio:.2f}" for name, ratio in ratios.items())
            print(f"{size}, {seeds} seeds batched: {shown} times as fast", flush=True)
    write({"threads": a.threads, "ratios": found}, a.out, "seeds")


if __name__ == "__main__":
    main()
