"""The suite finds its records, and sees when something has become slow."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks import __main__ as suite

PARTS = {part.record: part for part in suite.PARTS}


def recorded(part: suite.Part) -> Any:
    return json.loads((suite.RECORD / f"{part.record}.json").read_text())


@pytest.mark.parametrize("name", PARTS)
def test_a_record_is_as_fast_as_itself(name: str) -> None:
    rows = list(suite.compared(PARTS[name], recorded(PARTS[name])))
    assert rows
    for label, now, before, fell in rows:
        assert now == before and not fell, label


@pytest.mark.parametrize(("share", "code"), [(0.7, 0), (0.5, 1)])
def test_a_ratio_that_fell_ends_it_with_one(
    share: float,
    code: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def slower(part: suite.Part, folder: Path, quick: bool) -> Any:
        record = recorded(part)
        return {**record, "ratio": share * record["ratio"]}

    monkeypatch.setattr(suite, "run", slower)
    monkeypatch.setattr(sys, "argv", ["benchmarks", "training", "--out", str(tmp_path)])
    assert suite.main() == code
    printed = capsys.readouterr().out
    assert printed.count("FELL") == 3 * code
    assert printed.count("against textbook: ratio") == 2


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
