"""What depends on the machine and the checkout, and on no result: paths of programs, GPUs."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from pathlib import Path

from arae.foundation.errors import AraeError

NVIDIA = Path("/proc/driver/nvidia/gpus")


def use_checkout(root: str | Path, environ: MutableMapping[str, str] = os.environ) -> None:
    """Let jobs run the code of the checkout `root` with this interpreter's `arae`.

    Code versions are taken from that code, whatever is installed or activated; so is what runs.
    """
    first = {"PYTHONPATH": str(Path(root, "src")), "PATH": str(Path(sys.executable).parent)}
    for name, folder in first.items():
        others = [part for part in environ.get(name, "").split(os.pathsep) if part != folder]
        environ[name] = os.pathsep.join([folder, *filter(None, others)])


@contextmanager
def one_line_errors() -> Iterator[None]:
    """End the process with the message of an expected error alone.

    What a Snakefile raises, Snakemake prints with a traceback.
    """
    try:
        yield
    except AraeError as error:
        print(f"arae: error: {error}", file=sys.stderr)
        sys.exit(error.exit_code)


def gpus(environ: Mapping[str, str] = os.environ, devices: Path = NVIDIA) -> int:
    """1 if training jobs claim a GPU, else 0: as ARAE_GPU says, or whether there is one."""
    wanted = environ.get("ARAE_GPU", "")
    if wanted:
        return int(wanted != "0")
    return int(devices.is_dir() and any(devices.iterdir()))
