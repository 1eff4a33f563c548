"""DVC's view of the workflow: dvc.yaml made from the graph, dvc.lock renewed after a run.

Snakemake decides what runs; DVC only versions what is there. Every stage of dvc.yaml is one rule
whose command calls Snakemake, and `persist: true` keeps DVC from deleting outputs beforehand.
"""

from __future__ import annotations

import importlib.util
import os
import shlex
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

from arae.workflow.graph import Job

SCRIPT = Path("workflow/scripts/dvc_sync.py")
HEADER = """\
# Generated from the Snakefile by `python workflow/scripts/dvc_sync.py generate`; do not edit.
# Targets: {targets}
"""
# Small numbers live in git, where `git diff` shows them; everything else in DVC's cache.
IN_GIT = ("metrics.json", "curves.csv", "table.csv")
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # ten times faster where there is libyaml
PLOT = {"x": "step", "y": "value", "x_label": "training step"}


def document(jobs: Iterable[Job], targets: Iterable[str]) -> str:
    """Text of dvc.yaml: one stage per rule, covering all of the rule's jobs."""
    stages: dict[str, dict[str, set[str]]] = {}
    for job in jobs:
        stage = stages.setdefault(job.rule, {"deps": set(), "params": set(), "outs": set()})
        stage["deps"] |= {*job.inputs, *job.code}
        stage["params"] |= set(job.sections)
        stage["outs"] |= set(job.outputs)
    body = {"stages": {rule: _stage(rule, **parts) for rule, parts in stages.items()}}
    return HEADER.format(targets=" ".join(targets)) + yaml.safe_dump(
        body, sort_keys=False, width=100
    )


def targets_in(text: str) -> list[str]:
    """Targets that a generated dvc.yaml covers; none if its header is missing."""
    for line in text.splitlines():
        if line.startswith("# Targets:"):
            return line.partition(":")[2].split()
    return []


def current(jobs: Iterable[Job]) -> tuple[list[str], list[str]]:
    """(rules whose jobs are all up to date with all files there, the other rules)."""
    jobs = list(jobs)
    stale = {job.rule for job in jobs if job.needs_run or not job.complete}
    return sorted({job.rule for job in jobs} - stale), sorted(stale)


def commit_to_dvc(environ: Mapping[str, str] = os.environ) -> None:
    """After a run of Snakemake: let DVC take over the outputs of the stages that are up to date.

    Does nothing without DVC, outside a DVC repository, and when DVC itself started the run (it
    commits by itself). A failure is reported by DVC and changes nothing about the run.
    """
    wanted = Path(".dvc").is_dir() and Path(".git").exists() and Path("dvc.yaml").exists()
    if not wanted or "DVC_STAGE" in environ or importlib.util.find_spec("dvc") is None:
        return
    subprocess.run([sys.executable, str(SCRIPT), "commit"], check=False)


def discard_torn_lock(lock: Path = Path("dvc.lock")) -> bool:
    """Remove a dvc.lock that a stopped machine left torn, with which DVC does nothing at all."""
    from dvc.schema import COMPILED_LOCKFILE_SCHEMA
    from voluptuous import Invalid

    if not lock.exists():
        return False
    try:
        stages = COMPILED_LOCKFILE_SCHEMA(yaml.load(lock.read_bytes(), Loader=_LOADER))["stages"]
        # DVC's schema lets pass what a cut in the midst of an entry leaves, and DVC then fails.
        for stage in stages.values():
            for entry in [*stage.get("deps", []), *stage.get("outs", [])]:
                entry["md5"], entry["size"]
    except (yaml.YAMLError, Invalid, ValueError, TypeError, KeyError, AttributeError):
        lock.unlink()
        return True
    return False


def _stage(rule: str, deps: set[str], params: set[str], outs: set[str]) -> dict[str, Any]:
    paths = " ".join(shlex.quote(path) for path in sorted(outs))
    stage: dict[str, Any] = {"cmd": f"snakemake --allowed-rules {rule} -- {paths}"}
    stage["deps"] = sorted(deps)
    if params:
        stage["params"] = sorted(params)
    for path in sorted(outs):
        kind, options = _out(path)
        stage.setdefault(kind, []).append({path: options})
    return stage


def _out(path: str) -> tuple[str, dict[str, Any]]:
    name = Path(path).name
    options: dict[str, Any] = {"persist": True}
    if name in IN_GIT:
        options["cache"] = False
    if name == "metrics.json":
        return "metrics", options
    if name == "curves.csv":
        return "plots", {**PLOT, **options}
    return "outs", options
