"""Which processor computes, and by which of its libraries' paths: what decides the last digits.

torch's libraries choose their loops by the processor's maker and model, so that the same program
rounds otherwise elsewhere. `ARAE_PORTABLE=1` asks all of them for paths that every x86 processor
with AVX2 has, whoever made it (docs/performance.md has what that costs, and what was compared).
"""

from __future__ import annotations

import ctypes
import functools
import os
import platform
import re
import sys
from pathlib import Path

from arae.foundation.errors import SettingsError

SWITCH = "ARAE_PORTABLE"
# MKL takes AVX2 by name on Intel's processors only: COMPATIBLE is its one path for all makers. The
# other variables keep torch, oneDNN, numpy and OpenBLAS from AVX-512.
PORTABLE = {
    "MKL_CBWR": "COMPATIBLE",
    "ATEN_CPU_CAPABILITY": "avx2",
    "ONEDNN_MAX_CPU_ISA": "AVX2",
    "NPY_DISABLE_CPU_FEATURES": "X86_V4 AVX512_ICL AVX512_SPR",
    "OPENBLAS_CORETYPE": "Haswell",
}
# What `mkl_cbwr_get` calls the branches of MKL's reproducible mode.
_BRANCHES = {1: "by processor", 2: "AUTO", 3: "COMPATIBLE", 10: "AVX2", 12: "AVX512"}
_CPU_INFO = Path("/proc/cpuinfo")


def is_portable() -> bool:
    """Whether paths of all processors are asked for."""
    said = os.environ.get(SWITCH, "")
    if said not in ("", "0", "1"):
        raise SettingsError(f"{SWITCH}={said}: expected 1 (portable) or 0")
    return said == "1"


def choose_paths() -> None:
    """Ask the libraries for portable paths if `ARAE_PORTABLE=1`; only before any of them is loaded."""
    if not is_portable():
        return
    loaded = [name for name in ("numpy", "torch") if name in sys.modules]
    if loaded and any(os.environ.get(name) != value for name, value in PORTABLE.items()):
        raise RuntimeError(f"{', '.join(loaded)} chose by the processor already")
    os.environ.update(PORTABLE)


@functools.cache
def processor() -> str:
    """Maker and model: "GenuineIntel, Intel(R) Xeon(R) Platinum 8175M, family 6, model 85"."""
    try:
        text = _CPU_INFO.read_text(encoding="utf-8", errors="replace").split("\n\n")[0]
    except OSError:
        text = ""
    facts = {
        key: re.sub(r"\s+", " ", value.strip())
        for key, value in re.findall(r"^([^:\n]*\S)\s*:(.*)$", text, re.MULTILINE)
    }
    if "vendor_id" not in facts:
        return platform.processor() or platform.machine()
    return (
        f"{facts['vendor_id']}, {facts.get('model name', 'no name')}, "
        f"family {facts.get('cpu family', '?')}, model {facts.get('model', '?')}"
    )


def paths() -> str:
    """Which loops the loaded libraries run: "ATen AVX2, MKL by processor (not Intel), …"; "" without torch."""
    torch = sys.modules.get("torch")
    if torch is None:
        return ""
    limit = os.environ.get("ONEDNN_MAX_CPU_ISA") or os.environ.get("DNNL_MAX_CPU_ISA")
    parts = [f"ATen {torch.backends.cpu.get_cpu_capability()}", _mkl(torch)]
    parts.append(f"oneDNN {f'at most {limit}' if limit else 'by processor'}")
    return ", ".join([*filter(None, parts), f"NumPy {_numpy()}"])


def kind_of_machine() -> str:
    """Processor and paths: two of one kind round alike."""
    return "; ".join(filter(None, (processor(), paths())))


def _mkl(torch: object) -> str:
    """MKL's branch and whether it finds Intel's processor: what its own log calls CNR."""
    folder = Path(str(getattr(torch, "__file__", ""))).parent / "lib"
    try:
        library = ctypes.CDLL(str(folder / "libtorch_cpu.so"))
        branch = int(library.mkl_serv_cbwr_get(1))
        maker = "Intel" if library.mkl_serv_intel_cpu_true() else "not Intel"
    except (OSError, AttributeError):  # another build of torch: without MKL, or with it hidden
        return ""
    return f"MKL {_BRANCHES.get(branch, f'branch {branch}')} ({maker})"


def _numpy() -> str:
    """The widest instructions that NumPy may use."""
    import numpy as np

    features = np._core._multiarray_umath.__cpu_features__  # type: ignore[attr-defined]
    widest = ("AVX512_SPR", "AVX512_ICL", "X86_V4", "AVX512_SKX", "X86_V3", "AVX2")
    return next((name for name in widest if features.get(name)), "baseline")
