"""The graph of jobs as Snakemake sees it, read without running anything."""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from arae.foundation.errors import DataError
from arae.workflow.plan import Plan


@dataclass(frozen=True, kw_only=True)
class Job:
    """One job: a rule with its wildcards filled in. Paths are relative to the checkout."""

    rule: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    code: tuple[str, ...]
    sections: tuple[str, ...]
    needs_run: bool
    complete: bool


def read_graph(plan: Plan, targets: Iterable[str]) -> list[Job]:
    """Jobs that make `targets` (rules or files), upstream ones first.

    Raises:
        DataError: Snakemake cannot build the graph, for example because a raw file is missing.
    """
    from snakemake.api import SnakemakeApi
    from snakemake.exceptions import RuleException, WorkflowError
    from snakemake.settings.types import (
        DAGSettings,
        OutputSettings,
        Quietness,
        ResourceSettings,
        StorageSettings,
    )

    settings = DAGSettings(targets=set(targets), max_checksum_file_size=10**12)
    with SnakemakeApi(OutputSettings(quiet={Quietness.ALL})) as api:
        flow = api.workflow(
            resource_settings=ResourceSettings(cores=1),
            storage_settings=StorageSettings(),
            snakefile=Path("Snakefile"),
        )
        # The public interface builds the graph only to print it; `_workflow` then holds it. A test
        # covers this, and pyproject.toml pins Snakemake.
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                flow.dag(dag_settings=settings).printd3dag()
        except (WorkflowError, RuleException) as error:
            raise DataError(f"Snakefile: {' '.join(str(error).split())}") from error
        graph = flow._workflow.dag
        waiting = {id(job) for job in graph.needrun_jobs()}
        levels = [sorted(level, key=str) for level in graph.toposorted()]
        return [
            _job(job, plan, id(job) in waiting)
            for level in levels
            for job in level
            if not job.rule.norun
        ]


def _job(job: Any, plan: Plan, needs_run: bool) -> Job:
    wildcards = dict(job.wildcards_dict)
    verb = str(job.rule.shellcmd).split()[1]  # every command is `arae VERB …`
    code = plan.code_files(verb, wildcards.get("recipe"), wildcards.get("study"))
    code.append(Path(str(job.rule.snakefile)))
    return Job(
        rule=job.rule.name,
        inputs=tuple(map(str, job.input)),
        outputs=tuple(map(str, job.output)),
        code=tuple(os.path.relpath(path) for path in code),
        sections=tuple(sorted(plan.sections(wildcards))),
        needs_run=needs_run,
        complete=all(Path(str(path)).exists() for path in job.output),
    )
