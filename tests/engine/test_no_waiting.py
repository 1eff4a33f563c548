"""Training never reads the device: run where tensors have shapes and no values, every read is an error.

So does every mixture of tensors of the host and of the device. Nothing here needs a GPU.
"""

from pathlib import Path

import numpy as np
import pytest
import torch

from arae.engine.signals import StopRequest
from arae.engine.trainer import Trainer
from arae.nn.batch import TextStore
from arae.nn.images import ImageStore
from arae.nn.padded import training_text
from arae.nn.randomness import Draws, InverseDraws
from toy import IMAGE_RECIPES, RECIPES, toy_images, toy_system, toy_text

NAMES = [*RECIPES, *IMAGE_RECIPES]
ELSEWHERE = torch.device("meta")


@pytest.fixture(autouse=True)
def draws_without_values(monkeypatch: pytest.MonkeyPatch) -> None:
    """Random numbers on a device of which torch has no generator."""
    make = Draws.__init__

    def begin(self: Draws, *path: int | str, device: torch.device | str = "cpu") -> None:
        make(self, *path)
        self.device = torch.device(device)
        if self.device == ELSEWHERE:
            self._generator = None  # type: ignore[assignment]

    monkeypatch.setattr(Draws, "__init__", begin)


def _store(name: str, buckets: int) -> TextStore | ImageStore:
    if name in IMAGE_RECIPES:
        return ImageStore(toy_images().pixels, ELSEWHERE)
    return training_text(toy_text(), ELSEWHERE, buckets)


@pytest.mark.parametrize("buckets", [0, 4])
@pytest.mark.parametrize("name", NAMES)
def test_iterations_do_not_read_the_device(name: str, buckets: int, tmp_path: Path) -> None:
    if buckets and not toy_system(name).has_fixed_shapes:
        buckets = 0
    # A window of inner updates is judged by reading its loss, once: here no window ends.
    endless = {"inner": {"window": 100, "most": 4}} if name == "aggressive" else {}
    system = toy_system(name, buckets=buckets, **endless).train()
    # Which phases an epoch has may be read from a buffer, once an epoch.
    epochs = [system.phases(epoch) for epoch in range(system.settings.epochs)]
    system.to(ELSEWHERE)
    store = _store(name, buckets)
    trainer = Trainer(system, store, 1, lambda _: {}, tmp_path, StopRequest())
    for iteration in range(3):
        for phases in epochs:
            batch = store.batch(np.arange(iteration, iteration + 8))
            trainer._iterate(phases, batch)
    for _, _, metrics in trainer._pending:
        assert all(v.device == ELSEWHERE for v in metrics.values() if isinstance(v, torch.Tensor))


def test_reading_would_have_been_seen() -> None:
    with pytest.raises((RuntimeError, NotImplementedError)):
        torch.ones(3, device=ELSEWHERE).sum().item()
    with pytest.raises(RuntimeError):
        torch.ones(3, device=ELSEWHERE) + torch.ones(3)


@pytest.mark.parametrize("kind", [Draws, InverseDraws])
def test_words_are_drawn_without_reading_the_device(kind: type[Draws]) -> None:
    drawn = kind(1, "words", device=ELSEWHERE).choice(torch.ones(5, 7, device=ELSEWHERE))
    assert drawn.shape == (5,) and drawn.device == ELSEWHERE
