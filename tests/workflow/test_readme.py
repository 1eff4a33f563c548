"""The README's commands are run, in a small project: what a newcomer types works as printed."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from arae.cli import USES
from arae.foundation.params import load_params

from .conftest import ROOT, Project

pytestmark = [pytest.mark.slow, pytest.mark.workflow]

README = (ROOT / "README.md").read_text(encoding="utf-8")
# Names of the shipped params.yaml, and what stands for them in the small project.
NAMES = {
    "coverage-scenes": "coverage-tiny",
    "arae-scenes": "arae-tiny",
    "lm-scenes": "lm-tiny",
    "recipes.arae-tiny.critic.steps=10": "recipes.arae-tiny.latent=17",
}
# Downloads, a server that never ends, studies that are not in the small project, and a cluster, whose
# profile `tests/slurm` runs.
NOT_RUN = {
    "make paper",
    "make embedded",
    "make extras",
    "snakemake --workflow-profile profiles/slurm",
    "mlflow ui --backend-store-uri sqlite:///mlflow.db",
    "snakemake coverage-snli",
}


# A labelled corpus's model, and a server that never ends: see tests/usage.
TESTED_ELSEWHERE = {
    'arae transfer --model results/models/arae-reviews-a/seed-1 --to positive "the terrace was not comfortable at all"',
    "mlflow models serve --model-uri models:/arae-scenes/1 --env-manager local --port 5001",
}


def table_commands() -> list[str]:
    """Commands of the table under `What to type next`."""
    section = README.partition("## What to type next")[2].partition("\n## ")[0]
    cells = [row.split(" | ")[1] for row in section.splitlines() if row.startswith("| ")]
    commands = [command for cell in cells for command in re.findall(r"`([^`]+)`", cell)]
    return [
        c for c in commands if c.split()[0] in ("snakemake", "dvc", "arae", "cat", "mlflow", "make")
    ]


def model_commands() -> list[str]:
    """Commands of the section `Use a model`."""
    section = README.partition("## Use a model")[2].partition("\n## ")[0]
    return section.partition("```\n")[2].partition("```")[0].splitlines()


def small(command: str) -> str:
    """The command with the small project's names."""
    for name, stand_in in NAMES.items():
        command = command.replace(name, stand_in)
    return command


def test_the_two_commands_are_the_makefiles() -> None:
    block = README.partition("```\n")[2].partition("```")[0].splitlines()
    assert block[1:] == ["make reproduce", "make test"]
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert all(re.search(rf"(?m)^{line.split()[1]}:", makefile) for line in block[1:])


def test_make_reproduce_prints_the_table_and_names_the_report(project: Project) -> None:
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    (project.path / "Makefile").write_text(text.replace("coverage-scenes", "coverage-tiny"))
    for name in ("requirements.lock", "pyproject.toml"):
        (project.path / name).write_bytes((ROOT / name).read_bytes())
    # The environment exists already: this very one.
    (project.path / ".venv").mkdir()
    (project.path / ".venv/bin").symlink_to(Path(sys.executable).parent)
    (project.path / ".venv/.ready").touch()
    told = project.run("make", "--no-print-directory", "reproduce")
    assert (project.path / "results/studies/coverage-tiny/table.md").read_text() in told
    assert told.rstrip().endswith("results/report.html")


def test_the_tables_commands_work(project: Project) -> None:
    commands = table_commands()
    assert len(commands) >= 10 and set(commands) >= NOT_RUN
    for command in commands:
        if command not in NOT_RUN:
            project.run("bash", "-c", small(command))


def test_the_commands_for_using_a_model_work(project: Project) -> None:
    commands = model_commands()
    verbs = [command.split()[1] for command in commands if command.startswith("arae")]
    assert {*verbs} == {*USES}
    for command in commands:
        if command not in TESTED_ELSEWHERE:
            assert project.run("bash", "-c", small(command)).strip()
    recipe = project.recorded("results/models/arae-tiny/seed-1/recipe.json")
    assert recipe["tokens"]["tokenizer"] == {"kind": "whitespace"}  # type: ignore[index]
    assert "models:/arae-tiny/1" in project.run("bash", "-c", small(publishing(commands)))


def publishing(commands: list[str]) -> str:
    """The command that publishes; run again, it gives the same version."""
    return next(command for command in commands if command.startswith("arae publish"))


def test_models_that_are_named_are_made() -> None:
    named = set(re.findall(r"results/models/([\w-]+)/seed-1", README))
    assert named and named <= set(load_params(ROOT / "params.yaml")["recipes"])


def test_links_lead_somewhere() -> None:
    links = re.findall(r"\]\(([^)#]+)\)", README)
    assert links and all((ROOT / link).exists() for link in links)
