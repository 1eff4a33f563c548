"""Atomic files, provenance chains, code versions, stage runs."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from arae.cli import main
from arae.foundation import code
from arae.foundation.errors import DataError, IntegrityError
from arae.foundation.files import atomic_write, read_json, read_sealed, write_json, write_sealed
from arae.foundation.provenance import verify_chain
from arae.foundation.stage import stage_run


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ARAE_JOURNAL", raising=False)
    return tmp_path


def make(source: Path, target: Path, text: str) -> None:
    sidecar = target.with_name(target.name + ".provenance.json")
    with (
        stage_run(
            "sample", sidecar=sidecar, inputs=[source], outputs=[target], settings={}, seed=1
        ),
        atomic_write(target) as handle,
    ):
        handle.write(text)


@pytest.fixture
def chain() -> list[Path]:
    raw, middle, last = Path("raw.txt"), Path("a b;'c.txt"), Path("deep/last.txt")
    raw.write_text("raw")
    make(raw, middle, "middle")
    make(middle, last, "last")
    return [raw, middle, last]


def test_a_whole_chain_checks_out(chain: list[Path]) -> None:
    check = verify_chain([chain[-1]])
    assert not check.faults and set(check.files) == {str(path) for path in chain}


@pytest.mark.parametrize("broken", [0, 1, 2])
def test_any_change_along_the_chain_is_named(chain: list[Path], broken: int) -> None:
    chain[broken].write_text("edited")
    with pytest.raises(IntegrityError, match=chain[broken].name):
        verify_chain([chain[-1]]).require()


@pytest.mark.parametrize("broken", [0, 1, 2])
def test_any_missing_file_is_named(chain: list[Path], broken: int) -> None:
    chain[broken].unlink()
    assert any(chain[broken].name in fault for fault in verify_chain([chain[-1]]).faults)


def test_an_artefact_without_sidecar_or_with_a_torn_one_is_refused(chain: list[Path]) -> None:
    stray = Path("stray.txt")
    stray.write_text("x")
    assert "no provenance sidecar" in verify_chain([stray]).faults[0]
    sidecar = Path("deep/last.txt.provenance.json")
    sidecar.write_text(sidecar.read_text()[:50])
    assert str(sidecar) in verify_chain([chain[-1]]).faults[0]


@pytest.mark.parametrize("old", ['"seed": 1', '"stage": "sample"', '"seal": "'])
def test_a_sidecar_that_was_changed_is_refused(chain: list[Path], old: str) -> None:
    sidecar = Path("deep/last.txt.provenance.json")
    text = sidecar.read_text()
    assert text.count(old) == 1
    sidecar.write_text(text.replace(old, old[:-1] + chr(ord(old[-1]) ^ 1)))
    assert str(sidecar) in verify_chain([chain[-1]]).faults[0]


def test_a_sealed_record_is_read_as_it_was_written() -> None:
    record = {"numbers": {2: 0.1, 10: [1, None]}, "text": "Kneser–Ney"}
    write_sealed("x.json", record)
    assert read_sealed("x.json") == json.loads(json.dumps(record))


def test_a_remade_input_makes_its_old_products_stale(chain: list[Path]) -> None:
    raw, middle, last = chain
    make(raw, middle, "another middle")
    assert any("a b;'c.txt: changed since" in fault for fault in verify_chain([last]).faults)


def test_a_failed_stage_leaves_the_old_file_and_no_new_sidecar(chain: list[Path]) -> None:
    raw, middle, _ = chain
    before = Path(f"{middle}.provenance.json").read_text()
    with pytest.raises(RuntimeError), atomic_write(middle) as handle:
        handle.write("half")
        raise RuntimeError
    assert middle.read_text() == "middle" and not list(Path().glob(".*.partial"))
    with pytest.raises(RuntimeError):
        sidecar = Path(f"{middle}.provenance.json")
        with stage_run("sample", sidecar=sidecar, inputs=[raw], outputs=[middle], settings={}):
            raise RuntimeError
    assert Path(f"{middle}.provenance.json").read_text() == before


def test_what_killed_writers_left_is_removed_and_nothing_else(chain: list[Path]) -> None:
    raw, middle, _ = chain
    left = [Path(f".{name}.4711.partial") for name in (middle.name, f"{middle}.provenance.json")]
    others = [Path(f".{middle.name}.x.partial"), Path(f".another {middle.name}.4711.partial")]
    for path in [*left, *others]:
        path.write_text("half")
    make(raw, middle, "middle")
    assert not any(path.exists() for path in left)
    assert all(path.exists() for path in others)


def test_partials_of_outputs_that_a_stage_names_late_are_removed(chain: list[Path]) -> None:
    left, late = Path(".late.svg.4711.partial"), Path("late.svg")
    left.write_text("half")
    outputs: list[Path] = []
    with stage_run("tabulate", sidecar="s.json", inputs=[], outputs=outputs, settings={}):
        late.write_text("whole")
        outputs.append(late)
    assert not left.exists()


def test_a_file_that_no_stage_made_is_not_overwritten(chain: list[Path]) -> None:
    mine = Path("mine.txt")
    mine.write_text("a user's")
    with pytest.raises(DataError, match=r"mine\.txt.*no stage has made it; move it"):
        make(chain[0], mine, "ours")
    assert mine.read_text() == "a user's"
    mine.unlink()
    make(chain[0], mine, "ours")
    make(chain[0], mine, "ours again")
    assert mine.read_text() == "ours again"


def test_nor_is_one_in_the_place_of_a_sidecar(chain: list[Path]) -> None:
    sidecar = Path("mine.txt.provenance.json")
    sidecar.write_text("[]")
    with pytest.raises(DataError, match=r"mine\.txt\.provenance\.json"):
        make(chain[0], Path("mine.txt"), "ours")
    assert sidecar.read_text() == "[]"


def test_a_stage_that_was_stopped_goes_on_over_what_it_left(chain: list[Path]) -> None:
    target = Path("t.txt")
    arguments = {"sidecar": "t.json", "inputs": [], "outputs": [target], "settings": {}}
    with pytest.raises(RuntimeError), stage_run("sample", **arguments):
        target.write_text("half")
        raise RuntimeError
    with stage_run("sample", **arguments):
        target.write_text("whole")
    Path("t.json").unlink()  # as Snakemake does before a job; the bytes are still known
    with stage_run("sample", **arguments):
        target.write_text("whole again")
    Path("t.json").unlink()
    target.write_text("put there by a user")
    with pytest.raises(DataError), stage_run("sample", **arguments):
        pass


def test_outputs_that_a_stage_names_late_must_be_its_own_too(chain: list[Path]) -> None:
    mine = Path("figure.svg")
    mine.write_text("a user's")
    with (
        pytest.raises(DataError, match=r"figure\.svg"),
        stage_run("tabulate", sidecar="s.json", inputs=[], outputs=[], settings={}) as stage,
    ):
        stage.claim(mine)


def test_journal_tells_start_metrics_and_end(chain: list[Path], monkeypatch) -> None:
    monkeypatch.setenv("ARAE_JOURNAL", "journals")
    with stage_run(
        "sample", sidecar="s.json", inputs=[chain[0]], outputs=["s.txt"], settings={"a": 1}
    ) as run:
        Path("s.txt").write_text("s")
        run.metrics(3, {"loss": 0.5, "bad": float("nan")})
    (journal,) = Path("journals").glob("*.jsonl")
    events = [json.loads(line) for line in journal.read_text().splitlines()]
    assert [event["event"] for event in events] == ["start", "metrics", "end"]
    assert events[0]["settings"] == {"a": 1} and events[1]["values"] == {"loss": 0.5}
    assert events[2]["status"] == "FINISHED"


def test_an_unwritable_journal_does_not_stop_the_stage(
    chain: list[Path], monkeypatch, capsys
) -> None:
    Path("blocked").write_text("a file, not a folder")
    monkeypatch.setenv("ARAE_JOURNAL", "blocked/journals")
    with stage_run("sample", sidecar="s.json", inputs=[chain[0]], outputs=["s.txt"], settings={}):
        Path("s.txt").write_text("s")
    assert Path("s.json").is_file() and "tracking is off" in capsys.readouterr().err


def test_two_writers_of_one_output_exclude_each_other(chain: list[Path], monkeypatch) -> None:
    from arae.foundation import stage
    from arae.foundation.errors import AraeError

    monkeypatch.setattr(stage, "LOCK_PATIENCE_SECONDS", 0.3)
    arguments = {"sidecar": "s.json", "inputs": [], "outputs": ["s.txt"], "settings": {}}
    with stage_run("sample", **arguments):
        Path("s.txt").write_text("s")
        with (
            pytest.raises(AraeError, match="another process"),
            stage_run("sample", **arguments),
        ):
            pass


def test_json_refuses_nan_and_deep_nesting() -> None:
    with pytest.raises(ValueError):
        write_json("x.json", {"a": float("nan")})
    assert not Path("x.json").exists()
    Path("deep.json").write_text("[" * 100_000)
    with pytest.raises(DataError, match=r"deep\.json"):
        read_json("deep.json")


def test_code_version_sees_meaning_only(tmp_path: Path, monkeypatch) -> None:
    package = tmp_path / "arae"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "a.py").write_text(
        '"""Doc."""\nfrom arae.b import f\n\ndef g():\n    return f()  # why\n'
    )
    (package / "b.py").write_text("def f():\n    return 1\n")
    (package / "c.py").write_text("x = 1\n")
    monkeypatch.setattr(code, "PACKAGE_ROOT", package)

    def version() -> str:
        code.import_closure.cache_clear()
        code._module.cache_clear()
        return code.code_version(["arae.a"])

    first = version()
    (package / "a.py").write_text(
        "from arae.b import f\ndef g():\n\n    '''Other.'''\n    return f()\n"
    )
    (package / "c.py").write_text("x = 2\n")
    assert version() == first, "comments, docstrings, layout and unrelated modules do not count"
    (package / "b.py").write_text("def f():\n    return 2\n")
    assert version() != first
    code.import_closure.cache_clear()
    code._module.cache_clear()


def test_help_is_instant_and_lists_every_verb() -> None:
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "arae", "--help"], capture_output=True, text=True, check=True
    )
    assert time.monotonic() - started < 1.5  # 0.3 s on a quiet machine
    for verb in (
        "fetch",
        "tokenize",
        "vocabulary",
        "encode",
        "train",
        "sample",
        "train-lm",
        "evaluate",
        "report",
    ):
        assert verb in done.stdout
    imported = "import sys, arae.cli; print([m for m in ('torch', 'spacy', 'mlflow', 'numpy') if m in sys.modules])"
    loaded = subprocess.run(
        [sys.executable, "-c", imported], capture_output=True, text=True, check=True
    )
    assert loaded.stdout.strip() == "[]"


@pytest.mark.parametrize(
    "verb", ["fetch", "tokenize", "vocabulary", "encode", "tabulate", "report", "track"]
)
def test_stages_that_compute_with_no_network_load_no_heavy_package(verb: str) -> None:
    imported = f"import sys, arae.stages.{verb} as verb; import argparse; verb.add_arguments(argparse.ArgumentParser()); print([m for m in ('torch', 'spacy', 'mlflow') if m in sys.modules])"
    loaded = subprocess.run(
        [sys.executable, "-c", imported], capture_output=True, text=True, check=True
    )
    assert loaded.stdout.strip() == "[]"


def test_errors_are_one_line_with_their_code(capsys) -> None:
    status = main(["sample", "--model", "nowhere", "--out", "x.txt", "--settings", '{"cuont": 3}'])
    message = capsys.readouterr().err
    assert status == 2 and message.count("\n") == 1 and "did you mean 'count'" in message
