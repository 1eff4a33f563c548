"""The workflow run for real: what is made, what a change makes again, what a kill leaves."""

from __future__ import annotations

import json
import os
import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from arae.foundation.code import import_closure
from arae.foundation.provenance import verify_chain
from arae.workflow.plan import Plan

from .conftest import Project, stages_of

pytestmark = [pytest.mark.slow, pytest.mark.workflow]


def test_everything_is_made_and_its_chain_checks_out(
    finished: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(finished.path)
    check = verify_chain(["results/report.html"])
    assert check.faults == []
    assert "data/raw/scenes/train.txt" in check.files
    assert "results/models/arae-tiny/seed-1/model.safetensors" in check.files


def test_a_second_run_has_nothing_to_do(project: Project) -> None:
    before = project.git("status", "--porcelain")
    assert "Nothing to be done" in project.run("snakemake")
    assert "Nothing to be done" in project.run("snakemake", "coverage-tiny")
    assert project.git("status", "--porcelain") == before


def test_touched_files_are_nothing_to_do(project: Project) -> None:
    now = time.time()
    files = [
        path for path in project.path.rglob("*") if path.is_file() and ".git" not in path.parts
    ]
    for age, path in enumerate(sorted(files)):  # newest first in the order of the way
        os.utime(path, (now - age, now - age))
    assert project.planned() == {}


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            "language_model: {epochs: 1,",
            "language_model: {epochs: 2,",
            {"train_lm": 4, "evaluate": 3, "tabulate_coverage": 1, "report": 1},
        ),
        (
            "ngram: {order: 2}",
            "ngram: {order: 3}",
            {"evaluate": 3, "tabulate_coverage": 1, "report": 1},
        ),
        (
            "sampling: {decoding: sample}",
            "sampling: {decoding: sample, top_k: 5}",
            {"sample": 1, "train_lm": 1, "evaluate": 1, "tabulate_coverage": 1, "report": 1},
        ),
        (
            "system: arae, latent: 16",
            "system: arae, latent: 17",
            {
                "train": 1,
                "sample": 1,
                "train_lm": 1,
                "evaluate": 1,
                "tabulate_coverage": 1,
                "report": 1,
            },
        ),
        ("{LM: lm-tiny, ARAE:", "{Lm: lm-tiny, ARAE:", {"tabulate_coverage": 1, "report": 1}),
        (
            "samples: 80",
            "samples: 81",
            {"sample": 2, "train_lm": 3, "evaluate": 3, "tabulate_coverage": 1, "report": 1},
        ),
        (
            "    seeds: [1]",
            "    seeds: [1, 3]",
            {
                "train": 2,
                "sample": 2,
                "train_lm": 3,
                "evaluate": 3,
                "tabulate_coverage": 1,
                "report": 1,
            },
        ),
    ],
)
def test_an_edit_makes_again_what_depends_on_it(
    finished: Project, old: str, new: str, expected: dict[str, int]
) -> None:
    text = (finished.path / "params.yaml").read_text(encoding="utf-8")
    finished.edit("params.yaml", old, new)
    try:
        assert finished.planned() == expected
    finally:
        (finished.path / "params.yaml").write_text(text, encoding="utf-8")


def test_a_comment_in_the_code_makes_nothing_again(project: Project) -> None:
    source = project.path / "src/arae/generation/sampling.py"
    source.write_text("# A comment.\n\n" + source.read_text(encoding="utf-8"), encoding="utf-8")
    assert project.planned() == {}


@pytest.mark.parametrize(
    ("module", "old", "new"),
    [
        ("arae.generation.sampling", "BATCH = 1000", "BATCH = 999"),
        ("arae.text.tokenize", "import", "_EDITED = 1\nimport"),
        ("arae.evaluation.oracle", "import", "_EDITED = 1\nimport"),
        ("arae.reporting.markup", "import", "_EDITED = 1\nimport"),
    ],
)
def test_a_change_of_code_makes_again_the_stages_that_import_it(
    finished: Project, module: str, old: str, new: str
) -> None:
    source = finished.path / "src" / Path(*module.split(".")).with_suffix(".py")
    text = source.read_text(encoding="utf-8")
    head, _, tail = text.partition("from __future__ import annotations")
    source.write_text(head + _ + tail.replace(old, new, 1), encoding="utf-8")
    os.utime(source, (1, 1))  # it is not a matter of times
    try:
        direct = _rules_importing(module)
        assert direct
        assert set(finished.planned()) == direct.union(*(BEHIND[rule] for rule in direct))
    finally:
        source.write_text(text, encoding="utf-8")


def _behind(*rules: str) -> set[str]:
    return set(rules).union(*(BEHIND[rule] for rule in rules))


# What is made from a rule's outputs.
BEHIND: dict[str, set[str]] = {"report": set()}
BEHIND["tabulate_coverage"] = _behind("report")
BEHIND["evaluate"] = _behind("tabulate_coverage")
BEHIND["train_lm"] = _behind("evaluate")
BEHIND["sample"] = _behind("train_lm")
BEHIND["train"] = _behind("sample")
BEHIND["encode"] = _behind("train")
BEHIND["vocabulary"] = _behind("encode")
BEHIND["tokenize"] = _behind("vocabulary")
BEHIND["fetch"] = _behind("tokenize")


def _verb_of(rule: str) -> str:
    """Kinds of study are tabulated by rules of their own, and all by one verb."""
    return "tabulate" if rule.startswith("tabulate_") else rule.replace("_", "-")


def _rules_importing(module: str) -> set[str]:
    plan = Plan.load(Path(__file__).with_name("tiny_params.yaml"))
    return {
        rule
        for rule in BEHIND
        for recipe in ("lm-tiny", "arae-tiny")
        if module in import_closure(tuple(plan.modules(_verb_of(rule), recipe)))
    }


def test_a_mistake_in_params_is_one_line(project: Project) -> None:
    project.edit("params.yaml", "{LM: lm-tiny, ARAE:", "{LM: lm-tny, ARAE:")
    told = project.run("snakemake", code=2).strip().splitlines()
    assert told[-1] == (
        "arae: error: params.yaml: studies.coverage-tiny.systems.LM: no recipe 'lm-tny'; "
        "did you mean 'lm-tiny'?"
    )
    assert len(told) <= 2  # Snakemake itself names the profile


def test_own_files_with_awkward_names(project: Project) -> None:
    own = project.path / "it's; own"
    own.mkdir()
    for split in ("train", "valid", "test"):
        shutil.copy(project.path / f"data/raw/scenes/{split}.txt", own)
    vocabulary = "data/processed/own/vocabulary.txt"
    project.run("snakemake", vocabulary)
    assert _text(project, vocabulary) == _text(project, "data/processed/scenes/vocabulary.txt")
    planned = project.planned("coverage-own")
    assert planned["study_report"] == 1
    assert planned["train"] == 1
    assert "report" not in planned

    with (own / "train.txt").open("a", encoding="utf-8") as handle:
        handle.write("one more sentence\n")
    assert "fetch" in project.planned(vocabulary)


def _text(project: Project, file: str) -> str:
    return (project.path / file).read_text(encoding="utf-8")


def test_a_shell_line_can_be_pasted(project: Project) -> None:
    output = "data/processed/scenes/vocabulary.txt"
    before = _text(project, output)
    told = project.run("snakemake", "-n", "-p", "-f", output)
    line = told.partition("Shell command: ")[2].partition("\n")[0]
    (project.path / output).unlink()
    project.run("bash", "-c", line)
    assert _text(project, output) == before


def test_a_failed_stage_is_made_again(project: Project) -> None:
    before = project.hashes()
    source = "src/arae/stages/evaluate.py"
    whole = _text(project, source)
    project.edit(
        source,
        "    oracle = read_settings(",
        '    raise RuntimeError("on purpose")\n    oracle = read_settings(',
    )
    told = project.run("snakemake", "--keep-going", code=1)
    assert "RuntimeError: on purpose" in told  # the log is shown
    assert "dvc: not recorded, because not up to date: evaluate report tabulate" in told

    (project.path / source).write_text(whole, encoding="utf-8")
    assert project.planned() == {"evaluate": 3, "tabulate_coverage": 1, "report": 1}
    project.run("snakemake")
    assert project.hashes() == before


@pytest.mark.parametrize("whom", ["main", "all"])
def test_a_kill_at_work_is_made_good_by_the_same_command(project: Project, whom: str) -> None:
    before = project.hashes()
    shutil.rmtree(project.path / "results")
    project.environ["ARAE_TRACKING"] = "on"
    running = project.start("snakemake")
    _wait_for(lambda: list(project.path.glob("work/journals/*/train-*")), "training to start")
    if whom == "main":
        told = project.run("snakemake", code=1)
        assert f"another snakemake (pid {running.pid}) is at work in this folder" in told
        os.kill(running.pid, signal.SIGKILL)
    else:
        os.killpg(running.pid, signal.SIGKILL)
    running.communicate()
    assert list((project.path / ".snakemake/incomplete").iterdir())
    _wait_for(lambda: not stages_of(project), "the orphans to end")

    project.run("snakemake")
    assert project.hashes() == before
    assert "Nothing to be done" in project.run("snakemake")
    killed, second = project.journals()
    _wait_for(lambda: (killed / "shipped.json").exists(), "the writers to end", seconds=60)
    _wait_for(lambda: (second / "shipped.json").exists(), "the writers to end", seconds=60)
    assert _statuses(project, killed.name)[0] == "KILLED"
    if whom == "all":  # an orphan may end its work before it sees that it is one
        assert "KILLED" in _statuses(project, killed.name)[1:]
    assert set(_statuses(project, second.name)) == {"FINISHED"}


def _statuses(project: Project, invocation: str) -> list[str]:
    """Status of the parent run of an invocation, then of its children."""
    script = (
        "import json, sys; from mlflow import MlflowClient as C; c = C('sqlite:///mlflow.db')\n"
        "e = [c.get_experiment_by_name('arae').experiment_id]\n"
        "find = lambda key, value: c.search_runs(e, f\"tags.`{key}` = '{value}'\")\n"
        "parent, = find('arae.invocation', sys.argv[1])\n"
        "runs = [parent, *find('mlflow.parentRunId', parent.info.run_id)]\n"
        "print(json.dumps([run.info.status for run in runs]))"
    )
    return list(json.loads(project.run("python", "-c", script, invocation).splitlines()[-1]))


def _wait_for(condition: Callable[[], object], what: str, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"waited {seconds} s for {what}"
        time.sleep(0.05)


def test_nothing_done_leaves_no_record(project: Project) -> None:
    project.environ["ARAE_TRACKING"] = "on"
    project.run("snakemake")
    assert project.journals() == []
    assert not (project.path / "mlflow.db").exists()


def test_lint_and_format_are_clean(finished: Project) -> None:
    assert "Congratulations" in finished.run("snakemake", "--lint")
    finished.run("snakefmt", "--check", "-l", "100", "Snakefile", "workflow")


def test_a_recipe_starts_from_another_one_s_model(project: Project) -> None:
    started = "  lm-started: {base: lm-tiny, epochs: 1, start: {recipe: lm-tiny, parts: [decoder]}}\n  lm-own:"
    project.edit("params.yaml", "  lm-own:", started)
    folder = "results/models/lm-started/seed-1"
    weights = f"{folder}/model.safetensors"
    assert project.planned(weights) == {"train": 1}
    project.run("snakemake", weights)
    sidecar = json.loads((project.path / folder / "provenance.json").read_text(encoding="utf-8"))
    parent = "results/models/lm-tiny/seed-1/model.safetensors"
    assert parent in sidecar["inputs"]
    assert sidecar["start"]["weights"] in json.dumps(sidecar["inputs"][parent])
    assert sidecar["start"]["parts"] == ["decoder"]
    assert "Nothing to be done" in project.run("snakemake", weights)
    project.edit(
        "params.yaml", "sampling: {decoding: sample}}", "sampling: {decoding: sample}, epochs: 2}"
    )
    assert project.planned(weights) == {"train": 2}, "its start is trained again first"
