"""Padded minibatches give the packed ones' losses; replayed phases give what they give step by step."""

import dataclasses
from pathlib import Path
from typing import Any

import pytest
import torch

import arae.nn.embedding
import arae.systems.arae
from arae.engine.graphs import Graphs, Recorder, buckets_for
from arae.engine.phases import run_phase
from arae.engine.signals import StopRequest
from arae.engine.trainer import Trainer
from arae.engine.world import World
from arae.foundation.errors import Preempted, SettingsError, TrainingError
from arae.nn.padded import PaddedText
from arae.nn.randomness import Draws
from arae.systems.autoencoder import NoiseSettings
from arae.systems.system import Moment, Phase, distinct_phases
from engine.imitation import Imitation, Unable
from toy import (
    IMAGE_RECIPES,
    RECIPES,
    store_for,
    toy_store,
    toy_system,
    toy_text,
    validation_for,
)

LABELLED = ["arae-transfer", "arae-transfer-uniform", "cross-aligned"]
TEXT = [name for name in RECIPES if name not in LABELLED]
NAMES = [*TEXT, *IMAGE_RECIPES]
FALLING = {"kind": "adam", "lr": 0.01, "final_share": 0.1}


@pytest.fixture(autouse=True)
def gradients_as_on_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """Dense, for the shape of a sparse one is the number of its words; a critic's scores at once."""
    monkeypatch.setattr(arae.nn.embedding, "SPARSE_ON", "nowhere")
    monkeypatch.setattr(arae.systems.arae, "TOGETHER_ON", "cpu")


def _trainer(
    name: str,
    folder: Path,
    recorder: Recorder | None = None,
    stop: StopRequest | None = None,
    **changes: Any,
) -> Trainer:
    changes = {"buckets": 3, **changes}
    system, store = toy_system(name, **changes), store_for(name, 40)
    validate = validation_for(name, store, seed=9)
    if name in RECIPES and changes["buckets"]:
        store = PaddedText(toy_text(40), "cpu", changes["buckets"])
    return Trainer(
        system,
        store,
        1,
        validate,
        folder,
        StopRequest() if stop is None else stop,
        recorder=recorder,
    )


def _trained(run: Trainer) -> tuple[dict[str, torch.Tensor], list[Any]]:
    run.fit()
    return run.system.state_dict(), run.history


def test_a_padded_batch_holds_what_the_packed_one_holds() -> None:
    text = toy_text()
    chosen = torch.tensor([5, 3, 60, 3, 11])
    packed, padded = toy_store().batch(chosen), PaddedText(text, "cpu", 4).batch(chosen)
    count = packed.tokens
    real = padded.predicted[:count]
    assert padded.width % 4 == 0 and len(padded.inputs) == 5 * padded.width
    assert count <= len(padded.targets) < count + 5
    for field in ("inputs", "rows"):
        assert torch.equal(getattr(padded, field)[real], getattr(packed, field)), field
    assert torch.equal(padded.targets[:count], packed.targets)
    assert int(padded.tokens) == count == int(padded.real.sum())
    assert torch.equal(padded.order, packed.order)
    assert torch.equal(padded.labels, packed.labels)
    assert (
        packed.targets[(padded.predicted[:, None] == padded.last).int().argmax(dim=0)] == 2
    ).all()
    assert torch.equal(
        padded.sum_per_row(padded.real), packed.sum_per_row(torch.ones(packed.tokens))
    )
    beside = torch.ones(len(padded.inputs), dtype=torch.bool).index_fill(0, real, False)
    assert not padded.inputs[beside].any()


@pytest.mark.parametrize("name", TEXT)
def test_padding_changes_no_loss_and_no_gradient(name: str) -> None:
    # Words and positions are dropped by other random numbers: none here.
    system = toy_system(name, decoder={"embedding": 6, "hidden": 8, "dropout": 0.0}).train()
    rows = torch.arange(8)
    batches = PaddedText(toy_text(), "cpu", 4).batch(rows), toy_store().batch(rows)
    for place, phase in enumerate(system.phases(2)):
        run_phase(phase, batches[1], Moment(0, 0.0, 0.0, Draws(1, "warm", place)))
    for phase in distinct_phases(system).values():
        (ours, mine), (theirs, wanted) = (_differentiated(phase, batch) for batch in batches)
        assert ours == pytest.approx(theirs, rel=1e-5, abs=1e-6)
        for one, other in zip(mine, wanted, strict=True):
            assert (one - other).norm() <= 1e-5 * other.norm() + 1e-7


@pytest.mark.parametrize("whole", [True, False])
def test_an_iteration_is_replayed_as_one_or_phase_by_phase(whole: bool, tmp_path: Path) -> None:
    weights, history = _trained(_trainer("arae-code2018", tmp_path / "plain"))
    run = _trainer("arae-code2018", tmp_path / "replayed", Imitation())
    run.whole = whole
    assert run._graphs
    done, real = list[str](), run._graphs.run_all

    def watched(name: str, *words: Any) -> Any:
        results = real(name, *words)
        if results is not None:
            done.append(name)
        return results

    run._graphs.run_all = watched  # type: ignore[method-assign]
    again, replayed = _trained(run)
    assert replayed == history
    assert all(torch.equal(again[key], tensor) for key, tensor in weights.items())
    one = "iteration of reconstruction, critic, encoder, generator"
    assert (one in done) == whole and ("critic" in done or whole)


@pytest.mark.parametrize("name", [name for name in NAMES if "arae" in name])
def test_scores_at_once_are_the_scores(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    system, batch = toy_system(name).train(), store_for(name).batch(torch.arange(8))
    critic = distinct_phases(system)["critic"]
    ours, mine = _differentiated(critic, batch)
    monkeypatch.setattr(arae.systems.arae, "TOGETHER_ON", "nowhere")
    theirs, wanted = _differentiated(critic, batch)
    assert ours == pytest.approx(theirs, rel=1e-5, abs=1e-6)
    for one, other in zip(mine, wanted, strict=True):
        assert (one - other).norm() <= 1e-5 * other.norm() + 1e-7


def _differentiated(phase: Phase, batch: Any) -> tuple[float, list[torch.Tensor]]:
    loss, _ = phase.loss(batch, Moment(1, 0.2, 0.1, Draws(1, "phase")))
    return loss.item(), list(torch.autograd.grad(loss, phase.parameters))


@pytest.mark.parametrize("name", NAMES)
def test_replaying_changes_nothing(name: str, tmp_path: Path) -> None:
    imitation = Imitation()
    weights, history = _trained(_trainer(name, tmp_path / "plain"))
    again, replayed = _trained(_trainer(name, tmp_path / "replayed", imitation))
    assert imitation.replayed > imitation.recorded > 0
    assert replayed == history
    assert all(torch.equal(again[key], tensor) for key, tensor in weights.items())


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("lm", {"optimiser": FALLING}),
        ("lm", {"optimiser": {**FALLING, "kind": "sgd", "lr": 5.0}}),
        ("vae", {"autoencoder": FALLING, "weight": {"kind": "linear", "epochs": 2.0}}),
        ("ae", {"noise": {"std": 20.0, "decay": 0.5, "every": 1}}),
    ],
)
def test_schedules_go_on_in_replays(name: str, changes: dict[str, Any], tmp_path: Path) -> None:
    _, history = _trained(_trainer(name, tmp_path / "plain", **changes))
    _, replayed = _trained(_trainer(name, tmp_path / "replayed", Imitation(), **changes))
    for ours, theirs in zip(replayed, history, strict=True):
        assert ours == pytest.approx(theirs, rel=1e-4)
    frozen = (
        {**changes, "noise": {"std": 20.0}} if "noise" in changes else _without_schedule(changes)
    )
    _, other = _trained(_trainer(name, tmp_path / "frozen", **frozen))
    same = [a == pytest.approx(b, rel=1e-3) for a, b in zip(other, history, strict=True)]
    assert not all(same), "the schedule matters here"


def _without_schedule(changes: dict[str, Any]) -> dict[str, Any]:
    return {
        key: {**value, "final_share": 1.0} if "final_share" in value else {"kind": "constant"}
        for key, value in changes.items()
    }


@pytest.mark.parametrize("name", ["arae-code2018", "vae", "image-arae"])
def test_a_replayed_training_is_resumed_bit_for_bit(name: str, tmp_path: Path) -> None:
    weights, history = _trained(_trainer(name, tmp_path / "whole", Imitation()))
    stop = StopRequest()
    first = _trainer(name, tmp_path / "parts", Imitation(), stop)
    observe = first._after_iteration

    def then_stop(bar: Any) -> None:
        stop.received = 15 if first.iteration == 7 else None
        observe(bar)

    first._after_iteration = then_stop  # type: ignore[method-assign]
    with pytest.raises(Preempted):
        first.fit()
    second = _trainer(name, tmp_path / "parts", Imitation())
    again, resumed = _trained(second)
    assert second.resumed_from == 7
    assert resumed == history
    assert all(torch.equal(again[key], tensor) for key, tensor in weights.items())


def test_what_cannot_be_recorded_goes_on_step_by_step(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    weights, history = _trained(_trainer("arae-code2018", tmp_path / "plain"))
    capsys.readouterr()
    again, unable = _trained(_trainer("arae-code2018", tmp_path / "unable", Unable()))
    said = "\n" + capsys.readouterr().err
    assert unable == history
    assert all(torch.equal(again[key], tensor) for key, tensor in weights.items())
    phases = ["reconstruction", "critic", "encoder", "generator", "given to critic"]
    for phase in phases:
        assert said.count(f"\n{phase}: cannot be replayed as a graph") == 1
    assert "operation not permitted when stream is capturing)" in said


def test_a_fault_of_the_work_is_not_taken_for_a_refusal() -> None:
    def faulty(batch: Any, moment: Any) -> dict[str, torch.Tensor]:
        raise TypeError("a fault")

    graphs = Graphs(Imitation())
    store = PaddedText(toy_text(), "cpu", 4)
    batch, moment = store.batch(torch.arange(4)), Moment(0, 0.0, 0.0, Draws(1))
    graphs.run("phase", lambda b, m: {"sum": b.real.sum()}, batch, moment)
    with pytest.raises(TypeError, match="a fault"):
        graphs.run("phase", faulty, batch, moment)


def test_a_loss_that_keeps_a_number_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def add(self: NoiseSettings, code: torch.Tensor, moment: Any) -> torch.Tensor:
        return code + self.std * self.decay**moment.iteration * moment.draws.normal(*code.shape)

    monkeypatch.setattr(NoiseSettings, "add", add)
    _trained(_trainer("ae", tmp_path / "plain"))
    with pytest.raises(TrainingError, match="reconstruction = nan"):
        _trained(_trainer("ae", tmp_path / "replayed", Imitation()))


@pytest.mark.parametrize("name", LABELLED)
def test_sentences_set_apart_by_label_are_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"buckets: .*sets each label's sentences apart"):
        _trainer(name, tmp_path)


def test_the_device_decides_where_the_recipe_does_not(capsys: pytest.CaptureFixture[str]) -> None:
    gpu, cpu = torch.device("cuda", 0), torch.device("cpu")
    several = dataclasses.replace(World(), place=0, count=2)
    for name in NAMES:
        assert buckets_for(toy_system(name), gpu, World()) == 4
        assert buckets_for(toy_system(name), cpu, World()) == 0
        assert buckets_for(toy_system(name, buckets=3), cpu, World()) == 3
        assert buckets_for(toy_system(name, buckets=0), gpu, World()) == 0
    assert not capsys.readouterr().err
    for name in LABELLED:
        assert buckets_for(toy_system(name), gpu, World()) == 0
        assert "sets each label's sentences apart" in capsys.readouterr().err
    assert buckets_for(toy_system("lm"), gpu, several) == 0
    assert "--processes 1" in capsys.readouterr().err


def test_several_processes_are_refused(tmp_path: Path) -> None:
    several = dataclasses.replace(World(), place=0, count=2)
    with pytest.raises(SettingsError, match=r"buckets: .*--processes 1"):
        system = toy_system("lm", buckets=3)
        store = PaddedText(toy_text(), "cpu", 3)
        Trainer(system, store, 1, lambda _: {}, tmp_path, StopRequest(), world=several)
