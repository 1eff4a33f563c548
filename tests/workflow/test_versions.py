"""DVC beside Snakemake: both doors give the same answer, and neither trains for nothing."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from arae.foundation.files import sha256_file
from arae.workflow.graph import Job
from arae.workflow.versions import (
    commit_to_dvc,
    current,
    discard_torn_lock,
    document,
    targets_in,
)

from .conftest import Project

SYNC = "workflow/scripts/dvc_sync.py"
UP_TO_DATE = "Data and pipelines are up to date."
workflow = [pytest.mark.slow, pytest.mark.workflow]


def job(rule: str, output: str, *, needs_run: bool = False, complete: bool = True) -> Job:
    return Job(
        rule=rule,
        inputs=(f"in/{output}",),
        outputs=(output,),
        code=("src/a.py",),
        sections=(f"section.{rule}",),
        needs_run=needs_run,
        complete=complete,
    )


def test_one_stage_covers_all_jobs_of_a_rule() -> None:
    text = document([job("train", "b; c"), job("train", "a"), job("report", "metrics.json")], ["x"])
    stages = yaml.safe_load(text)["stages"]
    assert stages["train"] == {
        "cmd": "snakemake --allowed-rules train -- a 'b; c'",
        "deps": ["in/a", "in/b; c", "src/a.py"],
        "params": ["section.train"],
        "outs": [{"a": {"persist": True}}, {"b; c": {"persist": True}}],
    }
    assert stages["report"]["metrics"] == [{"metrics.json": {"persist": True, "cache": False}}]
    assert targets_in(text) == ["x"]
    assert targets_in("stages: {}") == []


def test_only_stages_that_are_wholly_up_to_date_are_current() -> None:
    jobs = [
        job("train", "a"),
        job("train", "b", needs_run=True),
        job("sample", "c", complete=False),
        job("fetch", "d"),
    ]
    assert current(jobs) == (["fetch"], ["sample", "train"])


@pytest.mark.parametrize("missing", [".dvc", ".git", "dvc.yaml", "nothing, but DVC runs us"])
def test_nothing_is_committed_where_dvc_has_no_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in {".dvc", ".git", "dvc.yaml"} - {missing}:
        Path(name).mkdir()
    calls: list[object] = []
    monkeypatch.setattr("subprocess.run", lambda *words, **_: calls.append(words))
    commit_to_dvc({"DVC_STAGE": "train"} if "," in missing else {})
    assert calls == []


def test_the_commit_is_called_where_dvc_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in (".dvc", ".git", "dvc.yaml"):
        Path(name).mkdir()
    calls: list[tuple[list[str], ...]] = []
    monkeypatch.setattr("subprocess.run", lambda *words, **_: calls.append(words))
    commit_to_dvc({})
    assert [words[0][1:] for words in calls] == [[SYNC, "commit"]]


@pytest.mark.parametrize(
    ("text", "torn"),
    [
        ("schema: '2.0'\nstages:\n  fetch:\n    cmd: snakemake\n", False),
        ("schema: '2.0'\nstages:\n  fetch:\n    cm", True),
        ("schema: '2.0'\nstages:\n  a:\n    cmd: b\n    deps:\n    - path: c\n", True),
        ("schema: '2.0'\nstages:\n  fetch:\n    cmd: 'snake", True),
        ("", True),
    ],
)
def test_a_torn_lock_is_discarded(tmp_path: Path, text: str, torn: bool) -> None:
    lock = tmp_path / "dvc.lock"
    lock.write_text(text, encoding="utf-8")
    assert discard_torn_lock(lock) == torn
    assert lock.exists() != torn
    assert not discard_torn_lock(tmp_path / "absent")


class TestRealDvc:
    """With the real dvc."""

    pytestmark = workflow

    def test_a_run_leaves_only_its_record_uncommitted(self, finished: Project) -> None:
        assert UP_TO_DATE in finished.run("dvc", "status")
        told = finished.git("status", "--porcelain", "--untracked-files=all")
        dirty = {line[3:] for line in told.splitlines()}
        record = {"dvc.lock", "results/metrics.json"}
        record |= {f"results/studies/coverage-tiny/{name}.csv" for name in ("table", "curves")}
        assert {name for name in dirty if not name.startswith(".snakemake/metadata/")} == record

    def test_a_clone_with_pulled_data_has_nothing_to_do(
        self, project: Project, tmp_path: Path
    ) -> None:
        project.run("dvc", "remote", "add", "-d", "shelf", str(tmp_path / "shelf"))
        project.commit("results")
        project.run("dvc", "push", "-q")
        project.git("clone", "-q", str(project.path), str(tmp_path / "clone"))
        clone = Project(tmp_path / "clone")
        clone.run("dvc", "pull", "-q")
        assert clone.hashes() == project.hashes()
        assert clone.planned() == {}
        assert "Nothing to be done" in clone.run("snakemake")
        assert UP_TO_DATE in clone.run("dvc", "status")
        assert clone.git("status", "--porcelain") == ""

    def test_repro_after_an_unrecorded_run_trains_nothing(self, project: Project) -> None:
        project.commit("results")
        project.edit(
            "params.yaml",
            "epochs: 1, batch_size: 32, decoder",
            "epochs: 2, batch_size: 32, decoder",
        )
        (project.path / ".dvc").rename(project.path / "hidden")
        project.run("snakemake")
        (project.path / "hidden").rename(project.path / ".dvc")
        assert "train_lm" in project.run("dvc", "status")
        made = [*project.path.glob("results/**/*.safetensors")]
        made += project.path.glob("results/**/*provenance.json")  # tell when each was made
        before = {path: sha256_file(path) for path in made}

        told = project.run("dvc", "repro")
        assert "Running stage 'train_lm'" in told
        assert "Job " not in told
        assert {path: sha256_file(path) for path in before} == before
        assert UP_TO_DATE in project.run("dvc", "status")
        assert project.planned() == {}

    def test_an_experiment_can_be_run_and_compared(self, project: Project) -> None:
        project.environ["ARAE_TRACKING"] = "on"
        project.commit("results")
        project.run("dvc", "exp", "run", "-S", "evaluation.tiny.ngram.order=3")
        told = json.loads(project.run("dvc", "params", "diff", "--json"))
        assert told["params.yaml"]["evaluation.tiny.ngram.order"] == {"old": 2, "new": 3, "diff": 1}
        told = json.loads(project.run("dvc", "metrics", "diff", "--json"))
        assert any("reverse_ppl_ngram" in name for name in told["results/metrics.json"])
        told = project.run("dvc", "plots", "show")
        assert "dvc_plots/index.html" in told
        assert project.planned() == {}
        assert UP_TO_DATE in project.run("dvc", "status")

        (journals,) = project.journals()  # one invocation for three calls of Snakemake
        record = json.loads((journals / "invocation.json").read_text(encoding="utf-8"))
        assert record["launcher"] == "dvc"
        assert record["dvc_experiment"]
        assert len(list(journals.glob("evaluate-*.jsonl"))) == 3
        assert len(list(journals.glob("report-*.jsonl"))) == 1

    def test_a_partial_run_is_not_recorded_as_whole(self, project: Project) -> None:
        project.edit("params.yaml", "ngram: {order: 2}", "ngram: {order: 3}")
        project.run("snakemake", "results/scores/coverage-tiny/lm-tiny/seed-1.json")
        assert {"evaluate", "tabulate_coverage"} <= set(
            json.loads(project.run("dvc", "status", "--json"))
        )
        assert project.planned() == {"evaluate": 2, "tabulate_coverage": 1, "report": 1}

    def test_a_changed_plan_renews_dvc_yaml(
        self, finished: Project, copy_of: Callable[[Project], Project]
    ) -> None:
        project = copy_of(finished)
        project.run(sys.executable, SYNC, "check")
        project.edit("params.yaml", "    seeds: [1]", "    seeds: [1, 3]")
        assert "run: python workflow/scripts/dvc_sync.py generate" in project.run(
            sys.executable, SYNC, "check", code=1
        )
        told = project.run(sys.executable, SYNC, "generate", "coverage-own", code=3)
        assert "it's; own/train.txt" in told
        assert len(told.splitlines()) == 1
        shutil.copytree(project.path / "data/raw/scenes", project.path / "it's; own")
        project.run(sys.executable, SYNC, "generate", "coverage-own")
        text = (project.path / "dvc.yaml").read_text(encoding="utf-8")
        assert "results/studies/coverage-own/report.html" in text
        assert "coverage-tiny" not in text
        assert "it's; own/train.txt" in yaml.safe_load(text)["stages"]["fetch"]["deps"]
        project.run(sys.executable, SYNC, "check")
        told = project.run(sys.executable, SYNC, "generate", "coverage-ow", code=2)
        assert "did you mean 'coverage-own'" in told
