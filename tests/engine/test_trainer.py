"""Resume is bit-exact from any step; NaN stops the run by name; selection keeps the best epoch."""

import math
from dataclasses import replace
from itertools import chain
from pathlib import Path

import pytest
import torch

from arae.engine.signals import StopRequest
from arae.engine.trainer import Trainer
from arae.foundation.errors import InterruptedByUser, Preempted, TrainingError
from arae.systems.system import Phase
from toy import IMAGE_RECIPES, RECIPES, store_for, toy_system, validation_for


class StopAfter(StopRequest):
    """Asks to stop once a number of iterations was made in this process."""

    def __init__(self, iterations: int, signal_number: int = 15) -> None:
        self._left, self._signal = iterations, signal_number

    def __bool__(self) -> bool:
        self._left -= 1
        if self._left < 0:
            self.received = self._signal
        return self.received is not None


def trainer(name: str, folder: Path, stop: StopRequest | None = None, **changes) -> Trainer:
    system, store = toy_system(name, **changes), store_for(name, 40)
    validate = validation_for(name, store, seed=9)
    return Trainer(system, store, 1, validate, folder, StopRequest() if stop is None else stop)


def outcome(run: Trainer) -> tuple[dict, list, dict]:
    return {k: t.clone() for k, t in run.system.state_dict().items()}, run.history, run.best


@pytest.mark.parametrize("iterations", [1, 3, 5, 8])
@pytest.mark.parametrize("name", [*RECIPES, *IMAGE_RECIPES])
def test_resume_is_bit_exact(name: str, iterations: int, tmp_path: Path) -> None:
    whole = trainer(name, tmp_path / "whole")
    whole.fit()
    weights, history, best = outcome(whole)
    for _ in range(100):
        part = trainer(name, tmp_path / "parts", StopAfter(iterations))
        try:
            part.fit()
            break
        except Preempted:
            continue
    resumed, resumed_history, resumed_best = outcome(part)
    assert part.resumed_from > 0
    assert all(torch.equal(weights[key], resumed[key]) for key in weights)
    assert resumed_history == history
    assert resumed_best == best


def test_ctrl_c_has_its_own_exit_code(tmp_path: Path) -> None:
    with pytest.raises(InterruptedByUser) as caught:
        trainer("lm", tmp_path, StopAfter(2, signal_number=2)).fit()
    assert caught.value.exit_code == 130
    assert list(tmp_path.glob("step-*.json"))


def test_nan_names_phase_and_step_and_keeps_the_last_checkpoint(tmp_path: Path) -> None:
    run = trainer("arae-code2018", tmp_path)
    validate = run._validate

    def poison_after_first_epoch(system):
        result = validate(system)
        run._poison = True
        return result

    run._validate = poison_after_first_epoch
    sample = run.system.prior.sample

    def sample_nan(count, draws):
        return sample(count, draws) * (float("nan") if getattr(run, "_poison", False) else 1.0)

    run.system.prior.sample = sample_nan
    with pytest.raises(TrainingError, match=r"phase 'critic' gave critic_gap = nan at iteration 6"):
        run.fit()
    assert [p.name for p in tmp_path.glob("step-*.json")] == ["step-0000000005.json"]
    fresh = trainer("arae-code2018", tmp_path)
    fresh.fit()
    assert fresh.resumed_from == 5


def test_best_epoch_is_put_back_and_patience_ends_training(tmp_path: Path) -> None:
    scores = iter([3.0, 1.0, 2.0, 2.5, 0.0])
    seen = []
    run = trainer("lm", tmp_path, epochs=5, selection={"by": "valid_loss", "patience": 2})

    def validate(system):
        seen.append({k: t.clone() for k, t in system.state_dict().items()})
        return {"valid_loss": 0.0, "score": next(scores)}

    run._validate = validate
    run.fit()
    assert len(seen) == 4, "two epochs without improvement end the training"
    assert run.best == {"epoch": 2, "score": 1.0}
    assert all(torch.equal(t, seen[1][k]) for k, t in run.system.state_dict().items())


def test_a_model_that_never_wrote_a_word_is_kept_with_no_score(tmp_path: Path) -> None:
    run = trainer("lm", tmp_path, epochs=2)
    run._validate = lambda system: {"valid_loss": 0.0, "score": math.inf}
    run.fit()
    assert run.best_record == {"epoch": 2, "score": None}
    again = trainer("lm", tmp_path, epochs=2)
    again._resume()
    assert again.best == {"epoch": 2, "score": math.inf}


def test_every_sentence_is_seen_once_an_epoch_in_a_new_order(tmp_path: Path) -> None:
    run = trainer("lm", tmp_path)
    seen: list[list[int]] = []
    batch = run.store.batch
    run.store.batch = lambda rows: (seen.append([int(i) for i in rows]), batch(rows))[1]
    run.fit()
    epochs = [list(chain.from_iterable(seen[i : i + 5])) for i in range(0, 15, 5)]
    assert all(sorted(epoch) == list(range(40)) for epoch in epochs)
    assert epochs[0] != epochs[1] != epochs[2]


def test_learning_rate_falls_over_the_training(tmp_path: Path) -> None:
    optimiser = {"kind": "sgd", "lr": 1.0, "final_share": 0.0}
    run = trainer("lm", tmp_path, optimiser=optimiser)
    (phase,) = run.system.phases(0)
    rates, step = [], phase.optimiser.step
    phase.optimiser.step = lambda g, progress, *rest: (
        rates.append(phase.optimiser.settings.rate(progress)),
        step(g, progress, *rest),
    )[1]
    run.fit()
    assert (
        rates[0] == 1.0
        and rates == sorted(rates, reverse=True)
        and rates[-1] == pytest.approx(1 / 15)
    )


def test_computing_at_once_what_repeated_phases_need_changes_nothing(tmp_path: Path) -> None:
    at_once, one_by_one = (trainer("arae-code2018", tmp_path) for _ in range(2))
    computed = []
    for run, given in ((at_once, True), (one_by_one, False)):
        phases = {
            id(p): _counted(p, computed) if given else replace(p, given=None)
            for p in run.system.phases(0)
        }
        for iteration in range(3):
            batch = run.store.batch(range(8 * iteration, 8 * iteration + 8))
            run._iterate([phases[id(p)] for p in run.system.phases(0)], batch)
    assert computed == [2 * 8] * 3, "the two critic steps of an iteration share one encoding"
    weights, others = (run.system.state_dict() for run in (at_once, one_by_one))
    torch.testing.assert_close(weights, others)


def _counted(phase: Phase, sizes: list[int]) -> Phase:
    if phase.given is None:
        return phase
    given = phase.given
    return replace(phase, given=lambda batch: (sizes.append(batch.size), given(batch))[1])


def test_going_on_elsewhere_is_recorded(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    def part(where: str, iterations: int) -> Trainer:
        system, store = toy_system("ae"), store_for("ae", 40)
        validate = validation_for("ae", store, seed=9)
        stop = StopAfter(iterations)
        return Trainer(system, store, 1, validate, tmp_path, stop, where=where)

    for _ in range(2):
        with pytest.raises(Preempted):
            part("a GPU", 4).fit()
        assert "not bit for bit" not in capsys.readouterr().err
    last = part("cpu", 1000)
    last.fit()
    assert last.ran_on == ["a GPU", "cpu"]
    assert "it ran on a GPU, now on cpu: not bit for bit" in capsys.readouterr().err
