"""A user's files are never in the way of the workflow: such plans, and such runs, are refused."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from arae.foundation.errors import DataError, SettingsError
from arae.workflow.graph import read_graph
from arae.workflow.places import check_outputs, check_places
from arae.workflow.plan import Plan

ROOT = Path(__file__).resolve().parents[2]
FILES = {"kind": "files", "files": {"train": "texts/a", "valid": "texts/b", "test": "texts/c"}}


@pytest.fixture(autouse=True)
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "checkout"
    for place in ("data/raw/mine", "data/raw/other", "results/models", "texts"):
        (folder / place).mkdir(parents=True)
    monkeypatch.chdir(folder)
    return folder


def refused(source: dict[str, Any], **more: Any) -> str:
    """What the check says of a plan with this source; "" if it lets it pass."""
    params = {"corpora": {"mine": {"source": source}}, "recipes": {}, "evaluation": {}, **more}
    try:
        check_places(params, "params.yaml")
    except SettingsError as error:
        assert "\n" not in str(error)
        return str(error)
    return ""


def of_files(train: str) -> dict[str, Any]:
    return {"kind": "files", "files": {**FILES["files"], "train": train}}  # type: ignore[dict-item]


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("data/raw/mine/train.txt", "data/raw/mine"),
        ("./data/../data/raw//mine/train.txt", "data/raw/mine"),
        ("data/raw/mine/deep/train.txt", "data/raw/mine"),
        ("data/processed/mine/tokens/train.txt", "data/processed/mine"),
        ("results/mine.txt", "results"),
        ("results", "results"),
        ("logs/train.txt", "logs"),
        ("work/downloads/train.txt", "work"),
        (".dvc/train.txt", ".dvc"),
    ],
)
def test_a_file_in_a_place_of_the_workflow(path: str, place: str) -> None:
    said = refused(of_files(path))
    assert f"corpora.mine.source.files.train: '{path}'" in said and f"'{place}'" in said
    absolute = f"{Path.cwd()}/{path}"
    assert f"'{absolute}' and the workflow's own '{place}'" in refused(of_files(absolute))


@pytest.mark.parametrize("path", ["texts/a", "data/external/a", "data/raw/unknown/a", "../a", "a"])
def test_a_file_elsewhere_is_welcome(path: str) -> None:
    assert refused(of_files(path)) == ""


def test_links_from_either_side() -> None:
    Path("link").symlink_to("data/raw/mine")
    Path("texts/a").symlink_to(Path("data/raw/mine/train.txt").absolute())
    assert "'link/train.txt'" in refused(of_files("link/train.txt"))
    assert "'texts/a'" in refused(of_files("texts/a"))
    Path("data/processed").mkdir()
    Path("data/processed/mine").symlink_to(Path("texts").absolute())
    assert "'texts/b' and the workflow's own 'data/processed/mine'" in refused(of_files("texts/b"))


def test_another_spelling_of_a_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where capitals make no difference, two spellings have one identity."""
    Path("data/RAW/mine").mkdir(parents=True)
    upper, lower = Path("data/RAW/mine").absolute(), Path("data/raw/mine").absolute()
    found = Path.stat

    def stat(self: Path, **options: Any) -> os.stat_result:
        return found(lower if self == upper else self, **options)

    assert refused(of_files("data/RAW/mine/train.txt")) == ""
    monkeypatch.setattr(Path, "stat", stat)
    assert "'data/raw/mine'" in refused(of_files("data/RAW/mine/train.txt"))


@pytest.mark.parametrize("folder", ["data", ".", "data/raw", "data/raw/mine", "results/models"])
def test_a_folder_that_holds_a_place_of_the_workflow_or_lies_in_one(folder: str) -> None:
    assert f"corpora.mine.source.mirror: '{folder}'" in refused({"kind": "snli", "mirror": folder})
    assert refused({"kind": "snli", "mirror": "data/external"}) == ""


def test_every_split_and_label() -> None:
    files = {split: {"good": "texts/a", "bad": "texts/b"} for split in ("train", "valid", "test")}
    assert refused({"kind": "files", "files": files}) == ""
    files["test"]["bad"] = "data/raw/mine/x"
    said = refused({"kind": "files", "files": files})
    assert "corpora.mine.source.files.test.bad: 'data/raw/mine/x'" in said


def test_paths_in_recipes_and_evaluations_too() -> None:
    recipes = {"lm": {"vectors": "results/models/vectors.txt", "decoding": "greedy"}}
    assert refused(FILES, recipes=recipes) == ""  # it is not there: no path, for all one can tell
    Path("results/models/vectors.txt").write_text("x")
    assert "recipes.lm.vectors: 'results/models/vectors.txt'" in refused(FILES, recipes=recipes)


def test_a_file_in_the_place_of_an_output_is_not_removed() -> None:
    job = SimpleNamespace(output=["data/raw/mine/train.txt", "data/raw/mine/provenance.json"])
    check_outputs([job])
    Path("data/raw/mine/train.txt").write_text("a user's")
    with pytest.raises(DataError, match=r"data/raw/mine/train\.txt.*no stage has made it; move it"):
        check_outputs([job])
    Path("data/raw/mine/provenance.json").write_text('{"outputs": {"data/raw/mine/train.txt": {}}}')
    check_outputs([job])


def test_every_job_has_a_sidecar_by_which_its_files_are_known(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(ROOT)
    jobs = read_graph(Plan.load(), ["embedded"])
    assert {job.rule for job in jobs if not _sidecars(job.outputs)} == set()


def _sidecars(outputs: tuple[str, ...]) -> list[str]:
    return [path for path in outputs if path.endswith("provenance.json")]
