"""Python imports this at its start, because its folder is on PYTHONPATH: see `faults`."""

import importlib.util
from pathlib import Path

_spec = importlib.util.spec_from_file_location(
    "arae_faults", Path(__file__).resolve().parent.parent / "faults.py"
)
assert _spec is not None and _spec.loader is not None
_faults = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_faults)
_faults.from_environment()
