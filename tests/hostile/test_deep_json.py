"""JSON nested ten thousand levels deep, wherever JSON is read: refused in one line with its name."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from arae.corpora.snli import snli_sentences
from arae.corpora.snli_pairs import PairReader
from arae.engine.checkpoint import load_checkpoint
from arae.engine.modeldir import load_image_model, load_model
from arae.evaluation import classifiers, image_classifier, sheets
from arae.evaluation.ratings import Key
from arae.foundation.errors import AraeError, DataError
from arae.foundation.files import DEEPEST, parse_json, read_json
from arae.foundation.params import load_params, load_yaml
from arae.foundation.provenance import require_unchanged, verify_chain
from arae.foundation.settings import read_settings
from arae.reporting.curves import read_curves
from arae.reporting.scores import read_score
from arae.stages import probe, report, score_transfer
from arae.tracking.cursor import Cursor, read_events
from arae.tracking.invocation import is_over
from arae.workflow.plan import Plan

# The parser's own limit is near 1000; below it the value must not harm whoever walks it.
DEPTHS = (DEEPEST + 1, 900, 10_000)


def _lists(depth: int) -> str:
    return "[" * depth + "]" * depth


def _mappings(depth: int) -> str:
    return '{"settings":' * depth + "1" + "}" * depth


SHAPES = {"lists": _lists, "mappings": _mappings}


@pytest.fixture(params=[(s, d) for s in SHAPES for d in DEPTHS], ids=lambda p: f"{p[0]} {p[1]}")
def deep(request: pytest.FixtureRequest) -> str:
    """A deep JSON text."""
    shape, depth = request.param
    return SHAPES[shape](depth)


def refused(message: str, path: Path) -> None:
    """The message is one for a person."""
    assert str(path) in message
    assert "\n" not in message
    assert len(message) < 500


def test_the_limit_itself_is_read() -> None:
    for shape in SHAPES.values():
        text = shape(DEEPEST)
        assert parse_json(text) == json.loads(text)
        with pytest.raises(ValueError, match="nested more than 100 levels deep"):
            parse_json(shape(DEEPEST + 1))


def test_wide_json_is_not_deep() -> None:
    assert len(parse_json("[" + ",".join(["[{}]"] * 10_000) + "]")) == 10_000


def _model_folder(load: Callable[[Path], Any]) -> Callable[[Path], Any]:
    """Reads a folder of which only the record is of interest; the other files are there."""

    def read(path: Path) -> Any:
        for name in ("model.safetensors", "vocabulary.txt"):
            (path.parent / name).write_bytes(b"")
        return load(path.parent)

    return read


# file name -> what reads it.
FILES: dict[str, Callable[[Path], Any]] = {
    "any.json": read_json,
    "recipe.json": _model_folder(load_model),
    "a/recipe.json": _model_folder(load_image_model),
    "b/recipe.json": _model_folder(image_classifier.load_classifier),
    "classifier.json": _model_folder(classifiers.load_classifier),
    "provenance.json": lambda path: require_unchanged(path.parent),
    "seed-1.json": read_score,
    "table.json": report._read_table,
    "key.json": Key.read,
    "schema.json": lambda path: Plan.load(TINY, path),
    "invocation.json": lambda path: is_over(path.parent),
    "settings.json": lambda path: read_settings(f"{path}#settings"),
    "params.json": load_params,
}
TINY = Path(__file__).parents[1] / "workflow/tiny_params.yaml"


@pytest.mark.parametrize("name", list(FILES))
def test_files(tmp_path: Path, deep: str, name: str) -> None:
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(deep)
    with pytest.raises(AraeError) as caught:
        FILES[name](path)
    refused(str(caught.value), path)


def _texts(path: Path) -> Path:
    path.with_name("sources.txt").write_text("a b\nc d\n")
    return path.with_name("sources.txt")


PAIR = {"sentence1": "a b", "sentence2": "c", "gold_label": "neutral"}
TREES = {"sentence1_binary_parse": "( a b )", "sentence2_binary_parse": "( c d )"}
TRANSFER = {"sentence": 0, "source": "cold", "target": "warm", "output": "a c"}
# A good line, and what reads the lines.
LINES: dict[str, tuple[dict[str, Any], Callable[[Path], Any]]] = {
    "arae/seed-1/history.jsonl": ({"step": 1, "loss": 2.0}, lambda path: read_curves([path])),
    "probed.jsonl": ({"step": 1, "loss": 2.0}, probe._history),
    "snli.jsonl": (TREES, lambda path: list(snli_sentences(path))),
    "pairs.jsonl": (PAIR, lambda path: list(PairReader(path))),
    "rated.jsonl": (TRANSFER, lambda path: sheets.read_transfers("ae", path, _texts(path))),
    "scored.jsonl": (TRANSFER, lambda path: score_transfer.read_transfers(path, _texts(path))),
}


@pytest.mark.parametrize("name", list(LINES))
def test_lines(tmp_path: Path, deep: str, name: str) -> None:
    good, read = LINES[name]
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(good) + "\n")
    read(path)
    key = next(iter(good))
    path.write_text(json.dumps(good) + f'\n{{"{key}": {deep}}}\n')
    with pytest.raises(DataError) as caught:
        read(path)
    refused(str(caught.value), path)


def test_an_argument_of_the_command_line(deep: str) -> None:
    with pytest.raises(AraeError) as caught:
        read_settings(f'{{"source": {deep}}}')
    refused(str(caught.value), Path("--settings"))


def test_a_sidecar_in_a_chain_is_a_fault_among_others(tmp_path: Path, deep: str) -> None:
    (tmp_path / "table.json").write_text("{}")
    (tmp_path / "provenance.json").write_text(deep)
    (fault,) = verify_chain([tmp_path / "table.json"]).faults
    refused(fault, tmp_path / "provenance.json")


def test_a_checkpoint_is_passed_over(
    tmp_path: Path, deep: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "step-1.json").write_text(deep)
    (tmp_path / "step-1.safetensors").write_bytes(b"")
    assert load_checkpoint(tmp_path) is None
    refused(capsys.readouterr().err.strip(), tmp_path / "step-1.safetensors")


def test_a_journal_loses_that_line_alone(tmp_path: Path, deep: str) -> None:
    """The writer must not stop because of it: its other lines, and other journals, go on."""
    good = '{"time": 1, "event": "end", "status": "FINISHED"}\n'
    journal = tmp_path / "j.jsonl"
    journal.write_text(f'{good}{{"time": 1, "event": "metrics", "values": {deep}}}\n{good}')
    assert [event["event"] for event, _ in read_events(journal, 0)] == ["end", "end"]


def test_a_cursor_starts_anew(tmp_path: Path, deep: str) -> None:
    (tmp_path / "j.jsonl.cursor.json").write_text(deep)
    assert Cursor.of(tmp_path / "j.jsonl").offset == 0


@pytest.fixture
def params(tmp_path: Path) -> Iterator[Path]:
    """Where params.yaml is written."""
    yield tmp_path / "params.yaml"


@pytest.mark.parametrize("depth", [DEEPEST, 900, 10_000])
def test_yaml(params: Path, depth: int) -> None:
    params.write_text(f"recipes:\n  a: {_lists(depth)}\n")
    for read in (load_yaml, load_params, Plan.load):
        with pytest.raises(AraeError) as caught:
            read(params)
        refused(str(caught.value), params)


def test_yaml_that_holds_itself(params: Path) -> None:
    params.write_text(TINY.read_text().replace("lm-own: {", "lm-own: &a {decoder: *a, "))
    schema = Path(__file__).parents[2] / "workflow/schemas/params.schema.json"
    with pytest.raises(AraeError) as caught:
        Plan.load(params, schema)
    refused(str(caught.value), params)


def test_a_chain_of_ten_thousand_bases(params: Path) -> None:
    chain = "".join(f"  r{number}: {{base: r{number + 1}}}\n" for number in range(10_000))
    params.write_text(f"recipes:\n{chain}  r10000: {{system: lm}}\n")
    with pytest.raises(AraeError, match=r"recipes\.r0: a chain of more than 100 bases"):
        load_params(params)
