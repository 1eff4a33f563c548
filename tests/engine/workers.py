"""What each process of a test with several does: train every toy recipe; the leader keeps the result.

Run by `torchrun` as `workers.py FOLDER RECIPE…`.
"""

import json
import sys
from pathlib import Path

import torch
from safetensors.torch import save_file

from arae.engine.signals import StopRequest
from arae.engine.trainer import Trainer
from arae.engine.world import World, joined_world
from toy import store_for, toy_system, validation_for


def train(name: str, folder: Path, world: World) -> Trainer:
    """A trained toy system, in float64; batches of two processes are of four sentences each."""
    usual = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        system, store = toy_system(name, epochs=2), store_for(name, 40)
        validate = validation_for(name, store, seed=9)
        trainer = Trainer(system, store, 1, validate, folder, StopRequest(), world=world)
        trainer.fit()
    finally:
        torch.set_default_dtype(usual)
    return trainer


def main(folder: Path, names: list[str]) -> None:
    """Train all, together."""
    torch.set_num_threads(1)
    with joined_world(torch.device("cpu")) as world:
        for name in names:
            trainer = train(name, folder / "work" / name, world)
            state = {key: value.contiguous() for key, value in trainer.system.state_dict().items()}
            save_file(state, folder / f"{name}-{world.place}.safetensors")
            (folder / f"{name}-{world.place}.json").write_text(json.dumps(trainer.history))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
