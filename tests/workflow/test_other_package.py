"""A model of another package goes the whole way; a new file in this one needs no other."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from arae.foundation.code import code_version, import_closure
from arae.foundation.errors import SettingsError
from arae.systems.names import system_module
from arae.workflow.plan import Plan

from .conftest import ROOT, Project

# A language model with one setting of its own; its penalty lies in a second module.
MODEL = '''"""A language model whose scores are pulled together."""

from dataclasses import dataclass

from arae.foundation.settings import bounded
from arae.systems import lm

from .parts.pull import pull


@dataclass(frozen=True, kw_only=True)
class Settings(lm.Settings):
    system: str = "toymodels.pulled"
    strength: float = bounded(0.1, low=0.0)


class Pulled(lm.LanguageModel):
    def _loss(self, batch, moment):
        loss, numbers = super()._loss(batch, moment)
        return loss + self.settings.strength * pull(self.decoder), numbers


def build(settings, vocabulary_size, seed):
    return Pulled(settings, vocabulary_size, seed)
'''
PULL = "def pull(decoder):\n    return sum(p.square().mean() for p in decoder.parameters())\n"


def add_package(folder: Path) -> None:
    (folder / "toymodels/parts").mkdir(parents=True)
    for name, text in {
        "pulled": MODEL,
        "parts/pull": PULL,
        "__init__": "",
        "parts/__init__": "",
    }.items():
        (folder / f"toymodels/{name}.py").write_text(text, encoding="utf-8")


def add_recipe(project: Project, system: str, more: str = "strength: 0.2") -> None:
    project.edit(
        "params.yaml",
        "  lm-own:",
        f"  other-tiny: {{base: lm-tiny, system: {system}, {more}}}\n  lm-own:",
    )
    project.edit("params.yaml", "{LM: lm-tiny, ", "{LM: lm-tiny, OTHER: other-tiny, ")


@pytest.mark.slow
@pytest.mark.workflow
def test_a_model_of_another_package_from_recipe_to_report(project: Project) -> None:
    add_package(project.path)
    add_recipe(project, "toymodels.pulled")
    project.run("snakemake")
    assert "| OTHER " in (project.path / "results/studies/coverage-tiny/table.md").read_text()
    made = project.recorded("results/models/other-tiny/seed-1/provenance.json")
    assert made["code"]["modules"] == ["arae.stages.train", "toymodels.pulled"]  # type: ignore[index]
    assert made["settings"]["strength"] == 0.2  # type: ignore[index]
    told = project.run(
        "arae", "generate", "--model", "results/models/other-tiny/seed-1", "--count", "3"
    )
    assert len(told.splitlines()) >= 3
    assert project.planned() == {}
    pull = project.path / "toymodels/parts/pull.py"
    pull.write_text(f"# a comment\n{PULL}", encoding="utf-8")
    assert project.planned() == {}
    pull.write_text(PULL.replace("mean", "sum"), encoding="utf-8")
    assert project.planned()["train"] == 1


@pytest.mark.slow
@pytest.mark.workflow
def test_a_new_file_is_a_new_system(project: Project) -> None:
    """One file in `systems`; its settings are checked, though the schema file has never heard of it."""
    text = MODEL.replace("toymodels.pulled", "pulled").replace(
        "from .parts.pull import pull\n", PULL
    )
    (project.path / "src/arae/systems/pulled.py").write_text(text, encoding="utf-8")
    add_recipe(project, "pulled")
    assert project.planned()["train"] == 1
    project.edit("params.yaml", "strength: 0.2", "strenght: 0.2")
    told = project.run("snakemake", "-n", code=None)
    assert "recipes.other-tiny.strenght: unknown key; did you mean 'strength'?" in told
    project.edit("params.yaml", "strenght: 0.2", "strength: -1")
    assert "other-tiny.strength: -1 is below its least value 0" in project.run(
        "snakemake", "-n", code=None
    )
    project.edit("params.yaml", "system: pulled, strength: -1", "system: puled")
    assert "'puled' is not one of its values; did you mean 'pulled'?" in project.run(
        "snakemake", "-n", code=None
    )


@pytest.fixture
def beside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the toy package, which is the current one."""
    monkeypatch.setattr("sys.path", ["/nowhere", *__import__("sys").path])
    add_package(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_code_version_is_of_the_other_package_too(beside: Path) -> None:
    assert system_module("toymodels.pulled") == "toymodels.pulled"
    closure = import_closure(("arae.stages.train", "toymodels.pulled"))
    assert {"toymodels.pulled", "toymodels.parts.pull", "arae.systems.lm"} <= set(closure)
    assert not [name for name in closure if not name.startswith(("arae", "toymodels"))]
    assert "toymodels.pulled" not in import_closure(("arae.stages.train",))
    assert code_version(["toymodels.pulled"]) != code_version(["arae.systems.lm"])


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("toymodels.puled", "recipe.system: no module 'toymodels.puled'; install its package"),
        ("nosuchpackage.model", "recipe.system: no module 'nosuchpackage.model'"),
        ("toymodels.parts.pull", "is no system: it has no Settings and no build"),
        ("json.decoder", "is no system: it has no Settings and no build"),
    ],
)
def test_what_is_no_system_is_refused_before_it_is_imported(
    beside: Path, name: str, message: str
) -> None:
    trap = beside / "toymodels/parts/pull.py"
    trap.write_text(f"raise SystemExit('imported')\n{PULL}", encoding="utf-8")
    with pytest.raises(SettingsError, match=re.escape(message)):
        system_module(name)


def test_an_entry_point_is_a_name(
    monkeypatch: pytest.MonkeyPatch, beside: Path, tmp_path: Path
) -> None:
    described = beside / "toymodels-1.0.dist-info"
    described.mkdir()
    (described / "METADATA").write_text("Metadata-Version: 2.1\nName: toymodels\nVersion: 1.0\n")
    (described / "entry_points.txt").write_text("[arae.systems]\npulled = toymodels.pulled\n")
    monkeypatch.syspath_prepend(str(beside))
    assert system_module("pulled") == "toymodels.pulled"
    assert system_module("arae") == "arae.systems.arae"


def test_the_schema_file_need_not_know_a_system(
    beside: Path, changed_params: Callable[[str], Path]
) -> None:
    params = changed_params("toymodels.pulled")
    schema = ROOT / "workflow/schemas/params.schema.json"
    plan = Plan.load(params, schema)
    assert plan.modules("train", "other-tiny") == ["arae.stages.train", "toymodels.pulled"]
    assert json.loads(plan.train("other-tiny"))["strength"] == 0.2
    with pytest.raises(
        SettingsError, match=r"recipes\.other-tiny\.system: no module 'toymodels\.pull'"
    ):
        Plan.load(changed_params("toymodels.pull"), schema)


@pytest.fixture
def changed_params(tmp_path: Path) -> Callable[[str], Path]:
    """Writes the tiny params.yaml with one more recipe, of a system."""

    def write(system: str) -> Path:
        text = Path(__file__).with_name("tiny_params.yaml").read_text(encoding="utf-8")
        recipe = f"  other-tiny: {{base: lm-tiny, system: {system}, strength: 0.2}}\n  lm-own:"
        path = tmp_path / "params.yaml"
        path.write_text(text.replace("  lm-own:", recipe), encoding="utf-8")
        return path

    return write
