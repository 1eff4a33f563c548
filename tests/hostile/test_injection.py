"""Shell code in place of every string of params.yaml: refused in one line, or carried as plain text."""

from __future__ import annotations

import copy
import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator
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
# Below these keys a user chooses the names.
NAMED = ("systems", "rows", "files")
Path_ = tuple[Any, ...]
# Entries that are seen to be taken as they are.
TAKEN: set[Path_] = set()


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
    if place[:2] not in TAKEN:
        Plan.of(few, "params.yaml", SCHEMA)  # what is refused below, is refused for its change
        TAKEN.add(place[:2])
    try:
        Plan.of(poisoned(few, place, key=key), "params.yaml", SCHEMA)
    except SettingsError as error:
        message = str(error)
        assert re.match(r"(params\.yaml: )?(corpora|recipes|evaluation|studies)\b", message)
        assert "\n" not in message and len(message) < 2000
        return True
    return False


def by_sort(params: Any, places: Iterable[Path_]) -> dict[Path_, list[Path_]]:
    """Places by their sort: whether text is taken there is the same for all of one."""
    found: dict[Path_, list[Path_]] = {}
    for place in places:
        found.setdefault(_sort_of(params, place), []).append(place)
    return found


@pytest.fixture(scope="module")
def accepted(params: Any) -> list[Path_]:
    """Places of the strings that may hold any text, found by asking for one of each sort."""
    sorts = by_sort(params, strings(params)).values()
    return [place for places in sorts if not refused(params, places[0]) for place in places]


@pytest.mark.thorough
def test_places_of_one_sort_are_alike(params: Any, accepted: list[Path_]) -> None:
    assert set(accepted) == {place for place in strings(params) if not refused(params, place)}


def test_only_paths_and_texts_for_people_may_hold_anything(
    params: Any, accepted: list[Path_]
) -> None:
    assert len(list(strings(params))) > 400
    assert len(by_sort(params, strings(params))) > 100
    for place in accepted:
        last = place[-1] if isinstance(place[-1], str) else place[-2]
        assert (
            place[:1] + place[2:4] == ("corpora", "source", "files")
            or last in ("mirror", "source")
            or place[2] in ("published", "claims", "probe", "systems", "embedded")
        ), place


def _sort_of(params: Any, place: Path_) -> Path_:
    """Places of one sort differ in names that a user gave and in numbers of rows only.

    The mappings on the way count by their kinds, because a kind says which keys there are.
    """
    section, name, *rest = place
    holder = params[section][name]
    sort: list[Any] = [section, _kind(holder)]
    named = False
    for step in rest:
        sort.append("*" if named or isinstance(step, int) else step)
        named = step in NAMED and isinstance(holder, dict)
        holder = holder[step]
        sort.append(_kind(holder))
    return tuple(sort)


def _kind(holder: Any) -> Path_:
    """What a mapping says of its kind."""
    if not isinstance(holder, dict):
        return ()
    return tuple(str(holder.get(key)) for key in ("kind", "system", "base"))


def test_keys(params: Any) -> None:
    places = (place for place in keys(params) if len(place) > 2)
    sorts = by_sort(params, places)
    assert len(sorts) > 100
    taken = [places[0] for places in sorts.values() if not refused(params, places[0], key=True)]
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
    # What a probe rewrites is for its system to accept, which is asked before anything is planned.
    everywhere = poisoned(params, *(place for place in accepted if place[2] != "probe"))
    for corpus in everywhere["corpora"].values():  # verified downloads would be asked for
        corpus["source"].pop("mirror", None)
    text = yaml.safe_dump(everywhere, sort_keys=False, width=10**6)
    (project.path / "params.yaml").write_text(text, encoding="utf-8")
    (project.path / EVIL).write_text("".join(f"sentence {number}\n" for number in range(100_000)))
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
