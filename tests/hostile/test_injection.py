"""Shell code in place of every string of params.yaml: refused in one line, or carried as plain text."""

from __future__ import annotations

import copy
import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from arae.foundation.errors import SettingsError
from arae.foundation.params import load_params
from arae.workflow.plan import Plan
from tests.workflow.conftest import ROOT, Project, make_project

pytestmark = pytest.mark.slow

# No "/" in it, so that it can be the name of a file, too.
EVIL = "$(touch pwned); ' \" `touch pwned` && touch pwned"
SCHEMA = ROOT / "workflow/schemas/params.schema.json"
SECTIONS = ("corpora", "recipes", "evaluation", "studies")
Path_ = tuple[Any, ...]


@pytest.fixture(scope="module")
def params() -> Any:
    """The project's own params.yaml, its short forms written out."""
    return load_params(ROOT / "params.yaml")


def strings(value: Any, path: Path_ = ()) -> Iterator[Path_]:
    """Places of all strings."""
    if isinstance(value, str):
        yield path
    elif isinstance(value, dict | list):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for key, inner in items:
            yield from strings(inner, (*path, key))


def keys(value: Any, path: Path_ = ()) -> Iterator[Path_]:
    """Places of all keys."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield (*path, key)
            yield from keys(inner, (*path, key))


def poisoned(params: Any, *places: Path_, key: bool = False) -> Any:
    """A copy with the strings (or keys) at some places replaced."""
    changed = copy.deepcopy(params)
    for place in places:
        holder = changed
        for step in place[:-1]:
            holder = holder[step]
        if key:
            holder[EVIL] = holder.pop(place[-1])
        else:
            holder[place[-1]] = EVIL
    return changed


def part(params: Any, place: Path_) -> Any:
    """What must be there for the entry of a place to be a plan by itself (checks are fast then)."""
    section, name = place[:2]
    recipes = params["recipes"]
    wanted = [name] if section == "recipes" else []
    if section == "studies":
        wanted = list(params["studies"][name]["systems"].values())
    if section == "recipes":
        for recipe in recipes:  # bases come before what is based on them
            wanted += [recipe] if recipes[recipe].get("base") in wanted else []
    for recipe in wanted:  # grows by the bases
        wanted += [recipes[recipe]["base"]] if "base" in recipes[recipe] else []
    whole = params if section in ("recipes", "studies") else {key: {} for key in SECTIONS}
    return {
        **whole,
        "recipes": {key: recipes[key] for key in wanted},
        "studies": {},
        **({section: {name: params[section][name]}} if section != "recipes" else {}),
    }


def refused(params: Any, place: Path_, key: bool = False) -> bool:
    """Whether the plan refuses, which it must do in one line that names file and key."""
    few = part(params, place)
    try:
        Plan.of(few, "params.yaml", SCHEMA)
    except SettingsError as error:
        pytest.fail(f"refused before anything was changed: {error}")
    try:
        Plan.of(poisoned(few, place, key=key), "params.yaml", SCHEMA)
    except SettingsError as error:
        message = str(error)
        assert re.match(r"(params\.yaml: )?(corpora|recipes|evaluation|studies)\b", message)
        assert "\n" not in message and len(message) < 2000
        return True
    return False


@pytest.fixture(scope="module")
def accepted(params: Any) -> list[Path_]:
    """Places of the strings that may hold any text."""
    return [place for place in strings(params) if not refused(params, place)]


def test_only_paths_and_texts_for_people_may_hold_anything(
    params: Any, accepted: list[Path_]
) -> None:
    assert len(list(strings(params))) > 400
    for place in accepted:
        last = place[-1] if isinstance(place[-1], str) else place[-2]
        assert (
            place[:1] + place[2:4] == ("corpora", "source", "files")
            or last in ("mirror", "source")
            or place[2] in ("published", "claims", "probe", "systems", "embedded")
        ), place


def _sort_of(params: Any, place: Path_) -> Path_:
    """Places of one sort differ in the name of their entry only."""
    entry = params[place[0]][place[1]]
    kind = entry.get("kind", entry.get("system", "")) if isinstance(entry, dict) else ""
    return (place[0], kind, *(place[2:] if len(place) > 2 else ("",)))


def test_keys(params: Any) -> None:
    places = (place for place in keys(params) if len(place) > 2)
    sorts = {_sort_of(params, place): place for place in places}
    assert len(sorts) > 100
    taken = [place for place in sorts.values() if not refused(params, place, key=True)]
    for place in taken:
        # Labels of rows and factors are for people. A recipe without its system is a base only.
        assert place[2:] == ("system",) or place[2] in ("systems", "published", "probe"), place
    assert any(place[2] == "systems" for place in taken)


class Recorder:
    """Stands for the `arae` command: keeps the words that a shell gave it."""

    def __init__(self, folder: Path) -> None:
        self._record, self.path = folder / "words", folder / "bin"
        self.path.mkdir(parents=True)
        program = self.path / "arae"
        program.write_text(f"#!/bin/sh\nprintf '%s\\0' \"$@\" >> '{self._record}'\n")
        program.chmod(0o755)

    def words(self) -> list[str]:
        return self._record.read_text(encoding="utf-8").split("\0")


def shell_lines(told: str) -> list[str]:
    """The shell lines that `snakemake -n -p` shows."""
    return re.findall(r"(?m)^ *Shell command: (.+)$", told)


def run_lines(project: Project, lines: list[str], recorder: Recorder) -> None:
    """Run shell lines as they are, with the recorder in place of the stages."""
    path = os.pathsep.join([str(recorder.path), os.environ["PATH"]])
    for line in lines:
        for log in re.findall(r"> (logs/\S+) 2>&1", line):
            (project.path / log).parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(
            ["bash", "-c", line], cwd=project.path, env={**os.environ, "PATH": path}, check=True
        )


@pytest.mark.workflow
def test_shell_lines_carry_what_is_accepted_as_plain_words(
    params: Any, accepted: list[Path_], tmp_path: Path
) -> None:
    project = make_project(tmp_path / "project")
    everywhere = poisoned(params, *accepted)
    for corpus in everywhere["corpora"].values():  # verified downloads would be asked for
        corpus["source"].pop("mirror", None)
    text = yaml.safe_dump(everywhere, sort_keys=False, width=10**6)
    (project.path / "params.yaml").write_text(text, encoding="utf-8")
    (project.path / EVIL).write_text("a sentence\n")
    told = project.run("snakemake", "-n", "-p", "embedded", "paper")
    lines = shell_lines(told)
    assert len(lines) > 100
    recorder = Recorder(tmp_path / "recorder")
    run_lines(project, sorted({line for line in lines if "touch" in line}), recorder)
    assert not list(tmp_path.rglob("pwned*"))
    settings = [json.loads(word) for word in recorder.words() if word.startswith("{")]
    found = {
        place[-1] for value in settings for place in strings(value) if EVIL in _at(value, place)
    }
    assert {"train", "source"} <= found


def _at(value: Any, place: Path_) -> str:
    for step in place:
        value = value[step]
    return str(value)


def test_the_check_above_can_fail(tmp_path: Path) -> None:
    project, recorder = Project(tmp_path), Recorder(tmp_path / "recorder")
    line = f"arae fetch --settings '{{}}' --out {EVIL} > logs/a.log 2>&1".replace("' \" ", "")
    run_lines(project, [line], recorder)
    assert (tmp_path / "pwned").exists()


@pytest.mark.workflow
def test_a_real_run_with_such_paths_and_labels(tmp_path: Path) -> None:
    project = make_project(tmp_path / "project")
    params = yaml.safe_load((project.path / "params.yaml").read_text(encoding="utf-8"))
    files = {split: f"{EVIL} {split}" for split in ("train", "valid", "test")}
    params["corpora"]["own"]["source"]["files"] = files
    params["studies"]["coverage-own"].update(
        systems={EVIL: "lm-own"},
        published={"source": EVIL, "rows": {EVIL: {"reverse_ppl": 1.0}}},
    )
    text = yaml.safe_dump(params, sort_keys=False)
    (project.path / "params.yaml").write_text(text, encoding="utf-8")
    project.run("snakemake", "data/raw/scenes/train.txt")
    for split, file in files.items():
        shutil.copy(project.path / f"data/raw/scenes/{split}.txt", project.path / file)
    project.environ["ARAE_TRACKING"] = "on"
    project.run("snakemake", "coverage-own")
    project.run("python", "workflow/scripts/dvc_sync.py", "generate", "coverage-own")
    project.run("dvc", "status")
    assert not list(project.path.rglob("pwned*"))
    table = json.loads((project.path / "results/studies/coverage-own/table.json").read_text())
    assert EVIL in {row["label"] for row in table["rows"]}
    sidecar = project.recorded("data/raw/own/provenance.json")
    assert set(sidecar["inputs"]) == set(files.values())  # type: ignore[call-overload]
