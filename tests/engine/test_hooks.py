"""What a system may ask of the engine: repeats, stages, epoch hooks, plateaus, rates, clipping."""

import json
import math
from collections.abc import Sequence
from pathlib import Path

import pytest
import torch
from torch import nn

from arae.engine.phases import run_phase
from arae.engine.signals import StopRequest
from arae.engine.trainer import Trainer
from arae.foundation.errors import Preempted, SettingsError
from arae.nn.optimisers import SGD, Adam, OptimiserSettings, build_optimiser, distinct_parameters
from arae.nn.randomness import Draws
from arae.systems.aggressive import Latch as AggressiveLatch
from arae.systems.system import (
    Moment,
    Phase,
    PlateauSettings,
    Stage,
    System,
    TrainingSettings,
    UntilRise,
    distinct_phases,
)
from toy import store_for, toy_store, toy_system, validation_for

SENTENCES, BATCH = 40, 8
PER_EPOCH = SENTENCES // BATCH


class Point(nn.Module):
    """One number."""

    def __init__(self, value: float) -> None:
        super().__init__()
        self.value = nn.Parameter(torch.tensor([value]))


class Latch(nn.Module):
    """1 until a score does not fall."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("on", torch.ones(()))
        self.register_buffer("last", torch.tensor(math.inf))


class Points(System):
    """Two numbers that are drawn to the mean word id of a minibatch, the first one again and again."""

    def __init__(self, settings: TrainingSettings, kind: str = "adam") -> None:
        super().__init__()
        self.settings = settings
        self.first, self.second, self.latch = Point(0.0), Point(1.0), Latch()
        self.schedules = [self.latch]
        self.told: list[float] = []
        self.both = self._phase("both", (self.first, self.second), kind)
        self.inner = self._phase(
            "inner", (self.first,), kind, repeat=UntilRise(watch="loss", window=2, most=9)
        )

    def _phase(self, name: str, modules: tuple[nn.Module, ...], kind: str, **more) -> Phase:
        optimiser = build_optimiser(modules, OptimiserSettings(kind=kind, lr=0.5))
        return Phase(name, modules, self._loss, optimiser, **more)

    def _loss(self, batch, moment):
        noise = moment.draws.normal(batch.size)
        wanted = (batch.sum_per_row(batch.targets.float()) + noise).mean()
        loss = (self.first.value - wanted).square() + (self.second.value - wanted).square()
        return loss.sum(), {"loss": loss.detach().sum()}

    def phases(self, epoch: int) -> Sequence[Phase]:
        if self.stages:
            return super().phases(epoch)
        return [self.inner, self.both] if self.latch.on else [self.both]

    def all_phases(self) -> Sequence[Phase]:
        return [self.inner, self.both]

    def end_epoch(self, epoch, metrics):
        self.told.append(metrics["score"])
        if metrics["score"] >= self.latch.last:
            self.latch.on.zero_()
        self.latch.last.fill_(metrics["score"])


class StopAfter(StopRequest):
    """Asks to stop once a number of iterations was made in this process."""

    def __init__(self, iterations: int) -> None:
        self._left = iterations

    def __bool__(self) -> bool:
        self._left -= 1
        if self._left < 0:
            self.received = 15
        return self.received is not None


def trainer(folder: Path, stop=None, scores=(5.0, 4.0, 4.5, 3.0, 6.0, 7.0), **changes) -> Trainer:
    settings = TrainingSettings(system="points", batch_size=BATCH, epochs=6, log_every=3, **changes)
    system = Points(settings)
    run = Trainer(
        system,
        toy_store(SENTENCES),
        1,
        lambda system: {"score": scores[(run.iteration - 1) // PER_EPOCH]},
        folder,
        stop or StopRequest(),
    )
    return run


def outcome(run: Trainer) -> tuple:
    return {k: t.clone() for k, t in run.system.state_dict().items()}, run.history, run.best


def in_parts(folder: Path, iterations: int, prepare=lambda run: None, **changes) -> Trainer:
    for _ in range(100):
        part = trainer(folder, StopAfter(iterations), **changes)
        prepare(part)
        try:
            part.fit()
            return part
        except Preempted:
            continue
    raise AssertionError("never ended")


def assert_same(one: tuple, other: tuple) -> None:
    for mine, theirs in zip(one, other, strict=True):
        if isinstance(mine, dict) and all(isinstance(t, torch.Tensor) for t in mine.values()):
            assert all(torch.equal(mine[key], theirs[key]) for key in mine)
        else:
            assert mine == theirs


@pytest.mark.parametrize(
    ("sums", "words", "window", "most", "updates"),
    [
        ([100, 101, 99, 95, 94, 96, 97, 98, 99], 10, 3, 100, 9),
        ([200 - i for i in range(120)], 20, 15, 100, 99),  # it falls for ever
        ([300000.0] * 30, 10, 15, 100, 15),  # the first window is compared with 10⁴
        ([100.0] * 40, 10, 5, 12, 11),  # equal windows are no rise
    ],
)
def test_inner_updates_end_where_a_window_rises(sums, words, window, most, updates) -> None:
    class Sentences:
        whole_size, whole_tokens = 4, words

    goes_on = UntilRise(watch="loss", window=window, most=most).begin()
    made = 0
    for total in sums:
        made += 1
        if not goes_on(Sentences(), {"loss": torch.tensor(total / 4)}):
            break
    assert made == updates


@pytest.mark.parametrize("iterations", [1, 4, 7])
def test_repeats_and_a_latch_resume_bit_for_bit(iterations: int, tmp_path: Path) -> None:
    whole = trainer(tmp_path / "whole")
    whole.fit()
    assert whole.system.told == [5.0, 4.0, 4.5, 3.0, 6.0, 7.0]
    assert_same(outcome(whole), outcome(in_parts(tmp_path / "parts", iterations)))
    repeated = [r["epoch"] for r in whole.history if "inner_updates" in r]
    assert repeated and max(repeated) == 3.0, "the latch is off from the fourth epoch on"
    assert all(2 <= r["inner_updates"] <= 8 for r in whole.history if "inner_updates" in r)


def test_repeated_updates_see_fresh_sentences(tmp_path: Path) -> None:
    run, seen = trainer(tmp_path), []
    batch = run.store.batch
    run.store.batch = lambda rows: (seen.append(sorted(int(i) for i in rows)), batch(rows))[1]
    run._iterate([run.system.inner], batch(range(BATCH)))
    made = run._pending[-1][2]["inner_updates"]
    assert len(seen) == made - 1 >= 1 and len({tuple(rows) for rows in seen}) == len(seen)


def _staged(run: Trainer) -> None:
    system = run.system
    inner = system._phase("first stage", (system.first,), "adam")

    def anew(draws: Draws) -> None:
        with torch.no_grad():
            system.second.value.copy_(draws.normal(1))

    system.all_phases = lambda: [inner, system.both]
    system.stages = [
        Stage((inner,), epochs=2),
        Stage((system.both,), before=(anew, lambda draws: system.both.optimiser.reset())),
    ]
    run._phases = distinct_phases(system)


def test_a_stage_changes_what_it_says_once_before_its_first_epoch(tmp_path: Path) -> None:
    run = trainer(tmp_path)
    _staged(run)
    seconds = []
    end = run.system.end_epoch
    run.system.end_epoch = lambda epoch, metrics: (
        seconds.append(run.system.second.value.item()),
        end(epoch, metrics),
    )
    run.fit()
    drawn = Draws(1, "begin", 2).normal(1).item()
    assert seconds[:2] == [1.0, 1.0] and seconds[2] != 1.0
    fresh = Points(run.settings)
    fresh.begin_epoch(2, Draws(1, "begin", 2))
    assert fresh.second.value.item() == 1.0, "a system without stages changes nothing"
    _staged(type("R", (), {"system": fresh})())
    fresh.begin_epoch(1, Draws(1, "begin", 1))
    assert fresh.second.value.item() == 1.0
    fresh.begin_epoch(2, Draws(1, "begin", 2))
    assert fresh.second.value.item() == drawn


@pytest.mark.parametrize("iterations", [1, 5, 8])
def test_stages_resume_bit_for_bit(iterations: int, tmp_path: Path) -> None:
    whole = trainer(tmp_path / "whole")
    _staged(whole)
    whole.fit()
    assert_same(outcome(whole), outcome(in_parts(tmp_path / "parts", iterations, _staged)))


def test_epochs_after_the_last_stage_are_an_error() -> None:
    system = Points(TrainingSettings(system="points", epochs=3))
    system.stages = [Stage((system.both,), epochs=2)]
    with pytest.raises(TypeError, match="no phases for epoch 3"):
        system.phases(2)


def plateau(**changes) -> PlateauSettings:
    return PlateauSettings(**{"patience": 1, "from_epoch": 1, "most": 2, **changes})


def test_a_plateau_puts_the_best_weights_back_and_lowers_rates(tmp_path: Path) -> None:
    run = trainer(tmp_path, plateau=plateau())
    scales, weights = [], []
    run_moment = run._moment
    run._moment = lambda *a: (scales.append(run_moment(*a).rate_scale), run_moment(*a))[1]
    end = run.system.end_epoch

    def note(epoch, metrics):
        weights.append({k: t.clone() for k, t in run.system.state_dict().items()})
        end(epoch, metrics)

    run.system.end_epoch = note
    run.fit()
    # 5.0, 4.0, 4.5: cut; 3.0: best; 6.0: the second cut ends the training.
    assert len(weights) == 5 and run._cuts == 2
    assert sorted(set(scales), reverse=True) == [1.0, 0.5]
    assert torch.equal(weights[2]["first.value"], weights[1]["first.value"])
    assert torch.equal(weights[4]["first.value"], weights[3]["first.value"])
    assert run.system.both.optimiser.state()["steps"] == 0
    assert weights[4]["latch.on"] == 0, "the latch goes on where the weights go back"


@pytest.mark.parametrize("iterations", [1, 4, 6])
def test_plateaus_resume_bit_for_bit(iterations: int, tmp_path: Path) -> None:
    whole = trainer(tmp_path / "whole", plateau=plateau(most=4))
    whole.fit()
    assert whole._cuts == 3
    parts = in_parts(tmp_path / "parts", iterations, plateau=plateau(most=4))
    assert_same(outcome(whole), outcome(parts))
    record = json.loads(next((tmp_path / "whole").glob("step-*.json")).read_text())
    assert record["progress"]["plateau"]


def test_phases_of_one_name_are_refused() -> None:
    system = Points(TrainingSettings(system="points"))
    other = system._phase("both", (system.first,), "sgd")
    system.all_phases = lambda: [system.both, other]
    with pytest.raises(TypeError, match="two phases named 'both'"):
        distinct_phases(system)


def test_an_optimiser_of_other_parameters_is_refused() -> None:
    system = Points(TrainingSettings(system="points"))
    optimiser = SGD(list(system.first.parameters()), OptimiserSettings())
    with pytest.raises(TypeError, match="phase 'odd' does not step exactly"):
        Phase("odd", (system.first, system.second), system._loss, optimiser)


def test_a_shared_parameter_is_stepped_once() -> None:
    shared = Point(1.0)
    holder = nn.Sequential(shared, nn.Linear(1, 1))
    modules = (shared, holder)
    assert len(distinct_parameters(modules)) == 3
    optimiser = build_optimiser(modules, OptimiserSettings(lr=0.1))
    phase = Phase(
        "p",
        modules,
        lambda b, t: (shared.value.sum() + sum(p.sum() * 0 for p in holder.parameters()), {}),
        optimiser,
    )
    run_phase(phase, None, Moment(0, 0.0, 0.0, Draws(1)))
    assert shared.value.item() == pytest.approx(0.9)


def test_the_norm_to_clip_by_counts_modules_that_are_not_stepped() -> None:
    first, second = Point(0.0), Point(0.0)
    optimiser = build_optimiser([first], OptimiserSettings(lr=1.0, clip_norm=1.0))
    phase = Phase(
        "p",
        (first,),
        lambda b, t: (3.0 * first.value.sum() + 4.0 * second.value.sum(), {}),
        optimiser,
        clipped_with=(first, second),
    )
    run_phase(phase, None, Moment(0, 0.0, 0.0, Draws(1)))
    assert first.value.item() == pytest.approx(-3.0 / 5.0, rel=1e-5)
    assert second.value.item() == 0.0


def test_each_element_is_clipped() -> None:
    weight = nn.Parameter(torch.zeros(3))
    optimiser = SGD([weight], OptimiserSettings(lr=1.0, clip_value=5.0))
    optimiser.step([torch.tensor([-7.0, 2.0, 50.0])])
    assert weight.tolist() == [5.0, -2.0, -5.0]


@pytest.mark.parametrize("progress", [0.0, 0.1, 0.25, 0.3, 0.5, 0.77, 0.999])
def test_a_cosine_starts_anew_in_each_cycle(progress: float) -> None:
    settings = OptimiserSettings(lr=2.0, final_share=0.1, cycles=4)
    within = (progress * 4) % 1
    wanted = 0.2 + (2.0 - 0.2) * (1 + math.cos(math.pi * within)) / 2
    assert settings.rate(progress) == pytest.approx(wanted)
    assert float(settings.rate(torch.tensor(progress))) == pytest.approx(wanted, rel=1e-5)
    linear = OptimiserSettings(lr=2.0, final_share=0.1)
    assert linear.rate(progress) == pytest.approx(2.0 * (1 - 0.9 * progress))


@pytest.mark.parametrize("kind", [SGD, Adam])
def test_a_scale_multiplies_the_rate(kind) -> None:
    def moved(scale) -> float:
        weight = nn.Parameter(torch.zeros(1))
        kind([weight], OptimiserSettings(lr=0.5)).step([torch.ones(1)], 0.0, scale)
        return weight.item()

    assert moved(0.5) == pytest.approx(0.5 * moved(1.0))
    assert moved(torch.tensor(0.5)) == pytest.approx(moved(0.5))


@pytest.mark.parametrize("iterations", [2, 7])
def test_aggressive_training_resumes_bit_for_bit(iterations: int, tmp_path: Path) -> None:
    def run(folder: Path, stop: StopRequest | None = None) -> Trainer:
        system, store = toy_system("aggressive", epochs=4), store_for("aggressive", SENTENCES)
        validate = validation_for("aggressive", store, seed=9)

        def judged(system):
            epoch = round(trainer.iteration / PER_EPOCH)
            # It falls after the second epoch, whatever the toy's own does.
            return {**validate(system), "valid_information": [0.5, 0.4, 0.9, 0.9][epoch - 1]}

        trainer = Trainer(system, store, 1, judged, folder, stop or StopRequest())
        return trainer

    whole = run(tmp_path / "whole")
    whole.fit()
    for _ in range(100):
        part = run(tmp_path / "parts", StopAfter(iterations))
        try:
            part.fit()
            break
        except Preempted:
            continue
    assert_same(outcome(whole), outcome(part))
    ahead = [r["epoch"] for r in whole.history if "encoder_updates" in r]
    assert ahead and max(ahead) == 2.0, "no inner loop once the latch is off"
    assert whole.system.latch.on == 0


def test_the_latch_is_off_after_the_first_fall() -> None:
    latch, seen = AggressiveLatch(), []
    for information in (0.5, 0.9, 0.9, 0.8, 1.2):
        latch.see(information)
        seen.append(bool(latch.on))
    assert seen == [True, True, True, False, False]


def test_what_is_measured_beside_has_no_say_in_the_choice(tmp_path: Path) -> None:
    system = toy_system("vae", selection={"by": "valid_loss", "beside": ["posterior"]})
    store = store_for("vae", SENTENCES)
    found = validation_for("vae", store, seed=9)(system.train())
    assert found["score"] == found["valid_loss"]
    assert found["valid_kl"] > 0 and found["valid_information"] <= math.log(20)
    assert 0 <= found["valid_active"] <= 8
    ae = toy_system("ae", selection={"by": "valid_loss", "beside": ["posterior"]})
    with pytest.raises(SettingsError, match=r"selection\.beside: posterior"):
        validation_for("ae", store, seed=9)(ae)
