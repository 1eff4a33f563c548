"""A graph of operations as a GPU would replay it, without one.

It keeps the operations that some work made and the very tensors that they read and wrote; a replay does
them again on the same memory, and runs no Python code of the work. Numbers that are not tensors stay
what they were at the recording, and so does everything the work decided by looking: as in a CUDA graph.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map_only

# What operations write without saying so.
UNDECLARED = {torch.ops.aten.native_batch_norm.default: ("running_mean", "running_var")}


class Imitation:
    """A `Recorder` on the CPU."""

    def __init__(self) -> None:
        self.recorded = self.replayed = 0

    def record(
        self, work: Callable[[], list[Tensor]], generators: Sequence[torch.Generator]
    ) -> tuple[list[Tensor], Callable[[], None]]:
        notes = _Notes()
        with notes:
            results = work()
        notes.undo()
        self.recorded += 1

        def replay() -> None:
            self.replayed += 1
            notes.replay()

        return results, replay


class Unable:
    """A recorder of work that makes the host wait."""

    def record(
        self, work: Callable[[], list[Tensor]], generators: Sequence[torch.Generator]
    ) -> tuple[list[Tensor], Callable[[], None]]:
        raise RuntimeError("operation not permitted when stream is capturing\nmore of it")


class _Notes(TorchDispatchMode):
    def __init__(self) -> None:
        super().__init__()
        self.operations: list[tuple[Any, Any, Any, list[tuple[Tensor, int]]]] = []
        self._before: dict[int, tuple[Tensor, Tensor]] = {}  # by storage
        self._made: set[int] = set()

    def __torch_dispatch__(self, operation, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        if torch.Tag.inplace_view in operation.tags:  # as below: nothing but a shape changes
            return operation(*args, **kwargs)
        inputs = {_storage(t) for t in tree_leaves((args, kwargs)) if isinstance(t, Tensor)}
        for place, argument in enumerate(operation._schema.arguments):
            if argument.name in UNDECLARED.get(operation, ()) or (
                argument.alias_info is not None and argument.alias_info.is_write
            ):
                given = args[place] if place < len(args) else kwargs.get(argument.name)
                for tensor in tree_leaves(given):
                    self._remember(tensor)
        # The same memory in the shape that it has now.
        args, kwargs = tree_map_only(Tensor, torch.Tensor.detach, (args, kwargs))
        results = operation(*args, **kwargs)
        new = [
            (tensor.detach(), place)
            for place, tensor in enumerate(tree_leaves(results))
            if isinstance(tensor, Tensor) and _storage(tensor) not in inputs
        ]
        self._made |= {_storage(tensor) for tensor, _ in new}
        self.operations.append((operation, args, kwargs, new))
        return results

    def _remember(self, tensor: Tensor | None) -> None:
        """What was there before the work wrote over it, unless the work itself made it."""
        if tensor is None or _storage(tensor) in self._made | self._before.keys():
            return
        whole = torch.empty(0, dtype=tensor.dtype).set_(tensor.untyped_storage())
        self._before[_storage(tensor)] = (whole, whole.clone())

    @torch.no_grad()
    def undo(self) -> None:
        """A recording does nothing: put everything back."""
        for whole, before in self._before.values():
            whole.copy_(before)

    @torch.enable_grad()  # without it some kernels keep nothing for a backward pass
    def replay(self) -> None:
        for operation, args, kwargs, new in self.operations:
            leaves = tree_leaves(operation(*args, **kwargs))
            for tensor, place in new:
                tensor.copy_(leaves[place])


def _storage(tensor: Tensor) -> int:
    return tensor.untyped_storage().data_ptr()
