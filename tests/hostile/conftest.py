"""The small study of the reporting tests, and the folder of nobody else."""

from __future__ import annotations

from tests.reporting.conftest import make_project

__all__ = ["make_project"]
