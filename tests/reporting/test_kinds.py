"""A kind of study is one module; the workflow learns all of it from there."""

from __future__ import annotations

import pkgutil
import re

import pytest

import arae.reporting.kinds as package
from arae.foundation.code import PACKAGE_ROOT
from arae.foundation.errors import SettingsError
from arae.foundation.params import load_yaml
from arae.probes.probe import probe_names
from arae.reporting.columns import HIGHER, LOWER, REAL
from arae.reporting.kinds.registry import KINDS, module_of
from arae.workflow.plan import Plan
from prepared import STUDIES

ROOT = PACKAGE_ROOT.parents[1]


def test_every_module_is_a_kind_and_has_its_place() -> None:
    modules = {module.name for module in pkgutil.iter_modules(package.__path__)} - {"registry"}
    assert set(KINDS) == modules
    assert [kind.place for kind in KINDS.values()] == sorted(
        {kind.place for kind in KINDS.values()}
    )
    probed = {name for name, kind in KINDS.items() if kind.family.name == "probe"}
    assert probed == set(probe_names())
    assert all(kind.figure_names for kind in KINDS.values())


def test_a_kind_is_named_in_no_other_room() -> None:
    """A new one is a file in `kinds`, and a probe of its name where it measures models."""
    rooms = [*(PACKAGE_ROOT / "workflow").glob("*.py"), *(ROOT / "workflow/rules").glob("*.smk")]
    rooms += [PACKAGE_ROOT / "stages" / f"{verb}.py" for verb in ("tabulate", "report")]
    only_probed = [name for name in probe_names() if name in KINDS]
    for path in rooms:
        text = path.read_text(encoding="utf-8")
        named = [name for name in only_probed if re.search(rf'"{name}"', text)]
        assert not named, (path, named)


@pytest.mark.parametrize("kind", KINDS)
def test_columns_say_what_is_better_in_words_that_exist(kind: str) -> None:
    columns = KINDS[kind].columns
    assert {column.better for column in columns} <= {None, LOWER, HIGHER, REAL}
    assert len({column.metric for column in columns}) == len(columns)
    near = [column.metric for column in columns if column.better == REAL]
    assert not near or KINDS[kind].family.with_real  # else there is nothing to be near to


@pytest.mark.parametrize("kind", KINDS)
def test_perplexities_of_samples_are_not_better_because_they_are_lower(kind: str) -> None:
    """A system that repeats a few safe sentences has the lowest forward perplexity of all."""
    for column in KINDS[kind].columns:
        if column.metric.startswith(
            ("forward_ppl", "oracle_ppl", "between_ppl", "text_between_ppl")
        ):
            assert column.better != LOWER, column.metric


def test_a_table_s_code_is_that_of_its_kind() -> None:
    plan = Plan.load(ROOT / "params.yaml")
    modules = plan.modules("tabulate", study="latent-scenes")
    assert modules == ["arae.stages.tabulate", module_of("latent")]
    names = {path.name for path in plan.code_files("tabulate", study="latent-scenes")}
    assert "latent.py" in names and "offsets.py" not in names


@pytest.mark.parametrize(
    "name", ["fetch", "tabulate_latent", "reproduce", "embedded_report", "train"]
)
def test_a_study_is_not_named_like_a_rule(name: str, tmp_path) -> None:
    raw = load_yaml(ROOT / "params.yaml")
    raw["studies"] = {name: STUDIES["latent-scenes"]}
    with pytest.raises(SettingsError, match="this is the name of a rule; rename the study"):
        Plan.of(raw, "params.yaml")
