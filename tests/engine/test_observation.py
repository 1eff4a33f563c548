"""Statistics recorded while training change nothing of it, and survive a kill."""

from pathlib import Path

import pytest
import torch

from arae.engine.signals import StopRequest
from arae.engine.trainer import Trainer
from arae.evaluation.latent import DEFINITIONS, observer
from arae.evaluation.selection import Validation
from arae.foundation.errors import Preempted
from arae.generation.decode import DecodingSettings
from arae.nn.batch import TextStore
from toy import toy_system, toy_text

OBSERVE = {"sentences": 9, "anchors": 3, "neighbours": 2, "distance": 5}


class StopAfter(StopRequest):
    """Asks to stop once a number of iterations was made in this process."""

    def __init__(self, iterations: int) -> None:
        self._left = iterations

    def __bool__(self) -> bool:
        self._left -= 1
        self.received = 15 if self._left < 0 else None
        return self.received is not None


def _trainer(name: str, folder: Path, every: int, stop: StopRequest | None = None) -> Trainer:
    system, text = toy_system(name, observe={**OBSERVE, "every": every}), toy_text(40)
    store = TextStore(text)
    return Trainer(
        system,
        store,
        1,
        Validation(store, toy_text(20, seed=9), DecodingSettings(), seed=1),
        folder,
        StopRequest() if stop is None else stop,
        observe=observer(system, text, store, 1),
        observe_every=every,
    )


def _seen(run: Trainer) -> list[int]:
    return [record["step"] for record in run.history if "code_trace" in record]


@pytest.mark.parametrize("name", ["ae", "vae", "aae-dirac", "arae-paper", "arae-code2018"])
def test_training_is_the_same_with_and_without_observation(name: str, tmp_path: Path) -> None:
    plain, observed = (_trainer(name, tmp_path / str(every), every) for every in (0, 2))
    plain.fit()
    observed.fit()
    weights, same = plain.system.state_dict(), observed.system.state_dict()
    assert all(torch.equal(weights[key], same[key]) for key in weights)
    assert _seen(plain) == [] and _seen(observed) == [2, 4, 6, 8, 10, 12, 14]
    assert [r for r in observed.history if "code_trace" not in r] == plain.history
    known = {"step", "epoch", *DEFINITIONS}
    assert all(set(r) <= known for r in observed.history if "code_trace" in r)


@pytest.mark.parametrize("iterations", [1, 2, 5])
def test_observations_survive_being_stopped_anywhere(iterations: int, tmp_path: Path) -> None:
    whole = _trainer("arae-paper", tmp_path / "whole", 3)
    whole.fit()
    for _ in range(100):
        part = _trainer("arae-paper", tmp_path / "parts", 3, StopAfter(iterations))
        try:
            part.fit()
            break
        except Preempted:
            continue
    assert part.resumed_from > 0
    assert part.history == whole.history and _seen(part) == [3, 6, 9, 12, 15]
    weights, same = whole.system.state_dict(), part.system.state_dict()
    assert all(torch.equal(weights[key], same[key]) for key in weights)
