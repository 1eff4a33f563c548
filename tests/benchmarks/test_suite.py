"""The suite finds its records, and sees when something has become slow."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks import __main__ as suite

PARTS = {part.record: part for part in suite.PARTS}


HERE = "a processor; its paths"


@pytest.fixture
def of_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The records, as if made on one known processor."""
    folder = tmp_path / "record"
    folder.mkdir()
    for part in suite.PARTS:
        record = {**suite.on_record(part), "machine": HERE}
        (folder / f"{part.record}.json").write_text(json.dumps(record))
    monkeypatch.setattr(suite, "RECORD", folder)


@pytest.mark.parametrize("name", PARTS)
def test_a_record_is_as_fast_as_itself(name: str) -> None:
    rows = list(suite.compared(PARTS[name], suite.on_record(PARTS[name])))
    assert rows
    for label, now, before, fell in rows:
        assert now == before and not fell, label


@pytest.mark.usefixtures("of_here")
@pytest.mark.parametrize(
    ("share", "machine", "code"),
    [(0.7, HERE, 0), (0.5, HERE, 1), (0.5, "another", 0), (0.5, "", 0)],
)
def test_a_ratio_that_fell_ends_it_with_one_on_the_processor_of_the_record(
    share: float,
    machine: str,
    code: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def slower(part: suite.Part, folder: Path, quick: bool) -> Any:
        record = suite.on_record(part)
        return {**record, "ratio": share * record["ratio"], "machine": machine}

    monkeypatch.setattr(suite, "run", slower)
    monkeypatch.setattr(sys, "argv", ["benchmarks", "training", "--out", str(tmp_path)])
    assert suite.main() == code
    printed = capsys.readouterr().out
    assert printed.count("FELL") == 3 * code
    assert printed.count("against textbook: ratio") == 2
    assert printed.count("not judged: the record is of a processor; its paths") == (machine != HERE)


@pytest.mark.slow
def test_a_part_runs_as_a_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    words = ["benchmarks", "autoencoders", "--quick", "--out", str(tmp_path)]
    monkeypatch.setattr(sys, "argv", words)
    assert suite.main() == 0
    assert json.loads((tmp_path / "autoencoders-paper.json").read_text())["size"] == "tiny"


def test_unknown_parts_are_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["benchmarks", "nothing"])
    with pytest.raises(SystemExit):
        suite.main()
    assert "no part nothing; there are training, autoencoders" in capsys.readouterr().err
