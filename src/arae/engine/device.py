"""Where computation runs, and how deterministic it is."""

from __future__ import annotations

import os

import torch

from arae.engine.world import local_place
from arae.foundation.errors import SettingsError
from arae.foundation.machine import kind_of_machine


def prepare_device(name: str, threads: int) -> torch.device:
    """The device `auto`, `cpu` or `cuda[:n]`, with deterministic kernels and a thread count.

    What is float32 is float32: torch lets cuDNN round factors to TF32 unless told otherwise.
    """
    torch.set_num_threads(max(1, threads))
    torch.backends.cudnn.allow_tf32 = False
    chosen = ("cuda" if torch.cuda.is_available() else "cpu") if name == "auto" else name
    try:
        device = torch.device(chosen)
    except RuntimeError as error:
        raise SettingsError(f"--device {name}: expected auto, cpu, cuda or cuda:N") from error
    if device.type == "cuda":
        if not torch.cuda.is_available():
            raise SettingsError(
                f"--device {name}: this machine shows no CUDA device; use cpu or auto"
            )
        if device.index is None:
            device = torch.device("cuda", local_place())
        if device.index >= torch.cuda.device_count():
            raise SettingsError(
                f"--device {name}: {device} is not among this machine's {torch.cuda.device_count()} "
                "GPUs; give fewer --processes, or another device"
            )
        torch.cuda.set_device(device)
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
        torch.use_deterministic_algorithms(True)
        # All of it is written before it is read.
        torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
    return device


def describe_device(device: torch.device) -> dict[str, object]:
    """Facts for the provenance sidecar."""
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu"
    return {"device": name, "threads": torch.get_num_threads()}


def where(device: torch.device, processes: int = 1) -> str:
    """What computes, as far as it decides the last digits: "cpu, 1 threads, …, 2 processes"."""
    facts = describe_device(device)
    parts = [str(facts["device"])]
    if device.type == "cpu":
        parts += [f"{facts['threads']} threads", kind_of_machine()]
    return ", ".join([*parts, f"{processes} processes"])
