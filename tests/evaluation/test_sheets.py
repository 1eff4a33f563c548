"""Rating sheets: blind, safe, repeatable; and what comes back is read strictly."""

from __future__ import annotations

import csv
import itertools
import json
from collections import Counter
from pathlib import Path

import pytest

from arae.cli import main

SOURCES, OUT = Path("sources.txt"), Path("sheets")
SYSTEMS = ("Cross-AE", "ARAE, λ=1")
DANGEROUS = ('=HYPERLINK("x")', "+1", "-lrb- text", "@SUM(A1)", "\tx", 'quoted "text", comma', "")


@pytest.fixture
def transferred(tmp_path, monkeypatch):
    """60 sources of two labels, transferred by two systems; some outputs are nasty."""
    monkeypatch.chdir(tmp_path)
    SOURCES.write_text("".join(f"source {i}\n" for i in range(60)))
    for number, _ in enumerate(SYSTEMS):
        with Path(f"{number}.jsonl").open("w") as handle:
            for i in range(60):
                source, target = ("good", "bad") if i % 2 else ("bad", "good")
                output = DANGEROUS[i % 7] if number else f"output {i}"
                record = {"sentence": i, "source": source, "target": target, "output": output}
                handle.write(json.dumps(record) + "\n")


def export(out=OUT, seed=1, **settings) -> int:
    values = json.dumps({"per_label": 20, "duplicates": 0.1, "gold": 0.05, **settings})
    words = ["export-sheets", "--sources", str(SOURCES), "--settings", values, "--out", str(out)]
    for number, name in enumerate(SYSTEMS):
        words += ["--transfers", f"{name}={number}.jsonl"]
    return main([*words, "--seed", str(seed)])


def cells(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def key() -> dict[str, dict]:
    return {row["item_id"]: row for row in json.loads((OUT / "key.json").read_text())["rows"]}


def test_rows_of_the_sheets(transferred):
    assert export() == 0
    rows = key()
    for sheet in "ab":
        mine = [row for row in rows.values() if row["sheet"] == sheet]
        assert Counter(row["kind"] for row in mine) == {"item": 80, "duplicate": 8, "gold": 4}
        items = [row for row in mine if row["kind"] == "item"]
        assert Counter((row["system"], row["source"]) for row in items) == {
            (system, label): 20 for system in SYSTEMS for label in ("good", "bad")
        }
        sources = [{r["sentence"] for r in items if r["system"] == system} for system in SYSTEMS]
        assert sources[0] == sources[1]
        gold = {row["sentence"] for row in mine if row["kind"] == "gold"}
        assert not gold & sources[0]
        shown = cells(OUT / f"sheet_{sheet}.csv")
        assert [row["item_id"] for row in shown] == [row["item_id"] for row in mine]
        text = {row["item_id"]: list(row.values())[1:] for row in shown}
        for row in mine:
            if row["kind"] == "duplicate":
                assert rows[row["of"]]["kind"] == "item"
                assert text[row["item_id"]] == text[row["of"]]
        for row in items:
            assert (
                row["system"] == SYSTEMS[1] or f"output {row['sentence']}" in text[row["item_id"]]
            )


def test_sheets_are_blind_and_mixed(transferred):
    assert export() == 0
    for name in ("sheet_a.csv", "sheet_b.csv", "instructions.md"):
        text = (OUT / name).read_text(encoding="utf-8")
        assert not any(system in text for system in SYSTEMS)
        assert "system" not in text and "gold" not in text and "duplicate" not in text
    order = [row["system"] for row in key().values() if row["kind"] == "item"]
    changes = sum(a != b for a, b in itertools.pairwise(order))
    assert len(order) / 4 < changes < len(order) * 3 / 4
    header = (OUT / "sheet_a.csv").read_text().splitlines()[0]
    assert header == '"item_id","blinded_text","sentiment","naturalness"'


def test_order_is_a_function_of_the_seed(transferred):
    assert export() == 0 and export("again") == 0 and export("other", seed=2) == 0
    names = ("sheet_a.csv", "sheet_b.csv", "key.json")
    assert all((OUT / n).read_bytes() == Path("again", n).read_bytes() for n in names)
    assert all((OUT / n).read_bytes() != Path("other", n).read_bytes() for n in names)


def test_no_cell_is_a_formula_and_none_is_empty(transferred):
    assert export() == 0
    rows = key()
    seen = set()
    for row in cells(OUT / "sheet_b.csv"):
        text = row["blinded_transfer"]
        assert text and not text.startswith(("=", "+", "-", "@", "\t", "\r"))
        entry = rows[row["item_id"]]
        if entry["kind"] == "item" and entry["system"] == SYSTEMS[1]:
            original = DANGEROUS[entry["sentence"] % 7]
            assert text == (
                original
                if original[:1] == "q"
                else "(no words)"
                if not original
                else f"'{original}"
            )
            seen.add(original)
    assert len(seen) == 7


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"per_label": 31}, "only 30 with the label 'bad'"),
        ({"per_label": 30}, "none is left for gold checks"),
        ({"per_lable": 3}, "did you mean 'per_label'"),
    ],
)
def test_wrong_exports_are_one_clear_line(transferred, capsys, settings, message):
    assert export(**settings) in (2, 3)
    printed = capsys.readouterr().err
    assert message in printed and printed.count("\n") == 1
    assert not OUT.exists()


@pytest.mark.parametrize(
    "line",
    ["{", "[]", '{"sentence": 1}', '{"sentence": 99, "source": "a", "target": "b", "output": ""}'],
)
def test_damaged_transfers_are_named(transferred, capsys, line):
    with Path("1.jsonl").open("a") as handle:
        handle.write(line + "\n")
    assert export() == 3
    assert "1.jsonl: line 61: not a transfer record" in capsys.readouterr().err


# ---- import -----------------------------------------------------------------------------------

ANSWERS = {"Cross-AE": ("neutral", 4, 2), "ARAE, λ=1": (None, 5, 3)}  # None: the target


def fill(sheet: str, path: Path, dialect: str = ",", rater: int = 0) -> None:
    """A rater who gives every system the same answers; the second one is milder by one."""
    rows, filled = key(), []
    shown = cells(OUT / f"sheet_{sheet}.csv")
    for row in shown:
        entry = rows[row["item_id"]]
        if entry["kind"] == "gold":
            ratings = {"sentiment": entry["expected"], "naturalness": 5, "similarity": 5}
        else:
            item = rows[entry["of"]] if entry["kind"] == "duplicate" else entry
            label, natural, similar = ANSWERS[item["system"]]
            ratings = {
                "sentiment": label or item["target"],
                "naturalness": natural - rater,
                "similarity": similar - rater,
            }
        filled.append({k: str(ratings.get(k, v)) for k, v in row.items()})
    write(path, filled, dialect)


def write(path: Path, rows: list[dict[str, str]], dialect: str = ",") -> None:
    with path.open("w", encoding="utf-8-sig", newline="") as handle:
        writer = csv.DictWriter(handle, list(rows[0]), delimiter=dialect)
        writer.writeheader()
        writer.writerows(rows)


def read_back(a=("a.csv",), b=("b.csv",)) -> int:
    words = ["import-sheets", "--key", str(OUT / "key.json"), "--sheet-a", *a, "--sheet-b", *b]
    return main([*words, "--out", "ratings.json"])


@pytest.fixture
def rated(transferred):
    assert export() == 0
    fill("a", Path("a.csv"))
    fill("b", Path("b.csv"))


def test_round_trip(rated):
    assert read_back() == 0
    found = json.loads(Path("ratings.json").read_text())
    cross, arae = (found["systems"][name] for name in SYSTEMS)
    assert (cross["transfer"]["mean"], arae["transfer"]["mean"]) == (0, 1)
    assert (cross["naturalness"]["mean"], arae["naturalness"]["mean"]) == (4, 5)
    assert (cross["similarity"]["mean"], arae["similarity"]["mean"]) == (2, 3)
    assert arae["similarity"] == {"mean": 3, "interval": [3, 3], "items": 40, "ratings": 40}
    for quality in found["ratings"].values():
        assert quality["raters"] == 1 and quality["alpha"] is None
        assert quality["self_agreement"] == [1]
    assert found["ratings"]["sentiment"]["gold_right"] == [1]
    assert found["ratings"]["naturalness"]["gold_right"] == [None]


def test_two_raters_and_other_spreadsheets(rated):
    fill("a", Path("a2.csv"), dialect=";", rater=1)
    fill("b", Path("b2.csv"), dialect="\t", rater=1)
    assert read_back(("a.csv", "a2.csv"), ("b.csv", "b2.csv")) == 0
    found = json.loads(Path("ratings.json").read_text())
    assert found["systems"]["Cross-AE"]["naturalness"]["mean"] == 3.5
    assert found["systems"]["Cross-AE"]["naturalness"]["ratings"] == 80
    assert found["ratings"]["sentiment"]["alpha"] == 1
    assert found["ratings"]["similarity"]["alpha"] < 1
    assert found["ratings"]["similarity"]["self_agreement"] == [1, 1]


def test_a_mean_has_a_bootstrap_interval(rated):
    rows = cells_of("b.csv")
    for number, row in enumerate(rows):
        row["similarity"] = str(1 + number % 5)
    write(Path("b.csv"), rows)
    assert read_back() == 0
    found = json.loads(Path("ratings.json").read_text())["systems"]["Cross-AE"]["similarity"]
    low, high = found["interval"]
    assert 2 < low < found["mean"] < high < 4


def cells_of(path: str) -> list[dict[str, str]]:
    with Path(path).open(encoding="utf-8-sig", newline="") as handle:
        return list(csv.DictReader(handle))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda rows: rows.pop(3), "b.csv: the row of B00004 is missing"),
        (
            lambda rows: rows.append(dict(rows[3])),
            "line 94: B00004 is there twice (first on line 5)",
        ),
        (lambda rows: rows[3].update(similarity=""), "line 5: B00004: similarity is empty"),
        (
            lambda rows: rows[3].update(similarity="6"),
            "similarity is '6'; it must be one of 1, 2, 3",
        ),
        (lambda rows: rows[3].update(similarity="3.5"), "similarity is '3.5'; it must be one of"),
        (
            lambda rows: rows[3].update(similarity="=1+2"),
            "line 5: B00004: similarity holds '=1+2', a",
        ),
        (
            lambda rows: rows[3].update(item_id="A00001"),
            "line 5: 'A00001' is no item of this sheet",
        ),
        (lambda rows: [row.pop("original") for row in rows], "line 1: the columns must be item_id"),
    ],
)
def test_wrong_sheets_are_one_clear_line(rated, capsys, change, message):
    rows = cells_of("b.csv")
    change(rows)
    write(Path("b.csv"), rows)
    capsys.readouterr()
    assert read_back() == 3
    printed = capsys.readouterr().err
    assert message in printed and printed.count("\n") == 1
    assert not Path("ratings.json").exists()


def test_an_unknown_label_is_named(rated, capsys):
    rows = cells_of("a.csv")
    rows[0]["sentiment"] = "goood"
    write(Path("a.csv"), rows)
    assert read_back() == 3
    assert "'goood'; it must be one of bad, good, neutral" in capsys.readouterr().err


def test_labels_are_read_in_any_case(rated):
    rows = cells_of("a.csv")
    for row in rows:
        row["sentiment"] = row["sentiment"].title()
    write(Path("a.csv"), rows)
    assert read_back() == 0
