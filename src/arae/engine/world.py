"""Training one model by several processes, as `torchrun` or `--processes` starts them (data-parallel).

Every process holds the whole model and the same data order. Of a phase that is marked `by_rows` each
computes the losses and gradients of its share of the minibatch's rows, with the random numbers that
these rows have in a run of one process, divided by counts of the whole minibatch; the sum over the
processes is the gradient of one process, up to rounding. The other phases (critics and generators,
which see codes only) every process computes alike.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from arae.engine.launch import MEETING
from arae.foundation.errors import SettingsError, TrainingError


@dataclass(frozen=True)
class World:
    """The processes that train together; by default this one is alone."""

    place: int = 0
    count: int = 1
    control: Any = None  # the group for agreements, which needs no device

    @property
    def leads(self) -> bool:
        """Whether this process is the one that writes files."""
        return self.place == 0

    def check(self, batch_size: int) -> None:
        """`SettingsError` unless minibatches can be shared out evenly."""
        if batch_size % self.count:
            raise SettingsError(
                f"batch_size: {batch_size} sentences cannot be shared by {self.count} processes; "
                f"choose a multiple of {self.count}, or another --nproc-per-node"
            )

    def sum(self, tensors: Sequence[Tensor]) -> list[Tensor]:
        """Each tensor summed over the processes, in one exchange; sparse ones become dense."""
        if self.count == 1:
            return list(tensors)
        dense = [tensor.to_dense() if tensor.is_sparse else tensor for tensor in tensors]
        flat = torch.cat([tensor.reshape(-1) for tensor in dense])
        with _partners():
            torch.distributed.all_reduce(flat)
        parts = flat.split([tensor.numel() for tensor in dense])
        return [part.view_as(tensor) for part, tensor in zip(parts, dense, strict=True)]

    def mean(self, tensor: Tensor) -> Tensor:
        """The mean over the processes."""
        return tensor if self.count == 1 else self.sum([tensor])[0] / self.count

    def rows(self, mine: Tensor) -> Tensor:
        """The rows of the whole minibatch [B, …] from this process's share of them [B / count, …]."""
        if self.count == 1:
            return mine
        parts = [torch.empty_like(mine) for _ in range(self.count)]
        with _partners():
            torch.distributed.all_gather(parts, mine.contiguous())
        return torch.stack(parts, dim=1).flatten(0, 1)

    def greatest(self, value: int) -> int:
        """The greatest of the processes' numbers."""
        if self.count == 1:
            return value
        number = torch.tensor([value])
        with _partners():
            torch.distributed.all_reduce(number, torch.distributed.ReduceOp.MAX, group=self.control)
        return int(number)

    def agree(self, value: Any = None) -> Any:
        """The leader's value (of plain data), for all."""
        if self.count == 1:
            return value
        text = json.dumps(value).encode() if self.leads else b""
        buffer = torch.zeros(self.greatest(len(text)), dtype=torch.uint8)
        if self.leads:
            buffer.copy_(torch.frombuffer(bytearray(text), dtype=torch.uint8))
        with _partners():
            torch.distributed.broadcast(buffer, 0, group=self.control)
        return json.loads(bytes(buffer.tolist()))


@contextmanager
def _partners() -> Iterator[None]:
    """An exchange fails when a partner is gone."""
    try:
        yield
    except RuntimeError as error:
        raise TrainingError(
            f"another process of this training is gone ({str(error).splitlines()[0]}); "
            "run the same command to go on from the last checkpoint"
        ) from error


def local_place() -> int:
    """Which of this machine's processes this is."""
    return int(os.environ.get("LOCAL_RANK", "0"))


@contextmanager
def joined_world(device: torch.device) -> Iterator[World]:
    """The world that `torchrun` or `--processes` tells of in the environment; alone without it."""
    count = int(os.environ.get("WORLD_SIZE", "1"))
    if count == 1:
        yield World()
        return
    meeting = os.environ.get(MEETING)
    torch.distributed.init_process_group(
        "nccl" if device.type == "cuda" else "gloo",
        init_method=f"file://{meeting}" if meeting else "env://",
        rank=int(os.environ["RANK"]),
        world_size=count,
    )
    try:
        control = torch.distributed.new_group(backend="gloo")
        yield World(torch.distributed.get_rank(), count, control)
    finally:
        torch.distributed.destroy_process_group()
