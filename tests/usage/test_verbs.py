"""The verbs by their command lines: sentences in, text or JSON lines out, one line for each fault."""

from __future__ import annotations

import gzip
import io
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from arae.cli import STAGES, USES, main
from arae.engine.modeldir import load_model
from arae.usage.tasks import reconstruct

ARAE = "arae-code2018"


def run(capsys, *words: object, code: int = 0) -> list[str]:
    """Lines that a command prints."""
    status = main([str(word) for word in words])
    told = capsys.readouterr()
    assert status == code, told.err
    return told.out.splitlines()


def fault(capsys, *words: object) -> tuple[int, str]:
    """Exit code and message of a command that fails."""
    status = main([str(word) for word in words])
    told = capsys.readouterr()
    lines = told.err.splitlines()
    assert lines[-1].startswith("arae: error: ")
    return status, lines[-1].removeprefix("arae: error: ")


def test_help_has_two_groups(capsys) -> None:
    assert main([]) == 0
    told = capsys.readouterr().out
    stages, _, uses = told.partition("using a trained model:")
    assert all(f"  {verb} " in stages for verb in STAGES)
    assert all(f"  {verb} " in uses for verb in USES)


@pytest.mark.parametrize("verb", USES)
def test_each_verb_teaches_by_example(capsys, verb) -> None:
    with pytest.raises(SystemExit):
        main([verb, "--help"])
    told = capsys.readouterr().out
    assert f"Example:\n\n  arae {verb} --model" in told and USES[verb][1:] in told


def test_generate(capsys, folder_of) -> None:
    command = ["generate", "--model", folder_of(ARAE), "--count", 4]
    lines = run(capsys, *command, "--seed", 5)
    records = [json.loads(line) for line in run(capsys, *command, "--seed", 5, "--json")]
    assert [record["text"] for record in records] == lines and len(lines) == 4
    assert [record["number"] for record in records] == [1, 2, 3, 4]
    assert run(capsys, *command, "--seed", 6) != lines
    drawn = run(capsys, *command, "--temperature", 3)
    assert drawn != run(capsys, *command)
    assert "temperature" in fault(capsys, *command, "--temperature", 0)[1]


def test_sentences_from_arguments_a_file_and_standard_input_are_alike(
    capsys, folder_of, tmp_path, monkeypatch
) -> None:
    given = ["w1 w2", "w3", "W4 w5 w6"]
    command = ["reconstruct", "--model", folder_of(ARAE)]
    expected = run(capsys, *command, *given)
    model = load_model(folder_of(ARAE))
    assert expected == [
        " ".join(tokens) for tokens in reconstruct(model, [one.lower().split() for one in given])
    ]
    packed = tmp_path / "packed.gz"
    packed.write_bytes(gzip.compress("\r\n".join(given).encode()))
    assert run(capsys, *command, "--input", packed) == expected
    with _standard_input(monkeypatch, "\n".join(given)):
        assert run(capsys, *command) == expected
    with _standard_input(monkeypatch, "\n".join(given) + "\n"):
        assert run(capsys, *command, "--input", "-") == expected
    with _standard_input(monkeypatch, ""):
        assert run(capsys, *command) == []


class _standard_input:
    """Standard input from a pipe that holds a text."""

    def __init__(self, monkeypatch, text: str | bytes) -> None:
        ends = os.pipe()
        os.write(ends[1], text.encode() if isinstance(text, str) else text)
        os.close(ends[1])
        self._file = os.fdopen(ends[0])
        monkeypatch.setattr(sys, "stdin", self._file)

    def __enter__(self) -> None:
        pass

    def __exit__(self, *_: object) -> None:
        self._file.close()


def test_interpolate(capsys, folder_of, tmp_path) -> None:
    command = ["interpolate", "--model", folder_of(ARAE), "--steps", 4]
    way = run(capsys, *command, "w1 w2", "w3")
    assert len(way) == 4
    pairs = tmp_path / "pairs.txt"
    pairs.write_text("w1 w2\tw3\nw5\tw6 w7\n")
    both = run(capsys, *command, "--input", pairs)
    assert both[:5] == [*way, ""] and len(both) == 10
    records = [json.loads(line) for line in run(capsys, *command, "--input", pairs, "--json")]
    assert [record["line"] for record in records] == [1, 2] and records[0]["texts"] == way
    assert run(capsys, *command, "--along", "spherical", "w1 w2", "w3")[0] == way[0]
    pairs.write_text("w1 w2 w3\n")
    assert fault(capsys, *command, "--input", pairs) == (
        3, f"{pairs}: line 1: expected two sentences with a tab between them",
    )  # fmt: skip
    assert "expected two sentences, got 1" in fault(capsys, *command, "w1")[1]
    assert "--steps 1" in fault(capsys, *command, "--steps", 1, "w1", "w2")[1]


def test_transfer(capsys, folder_of) -> None:
    command = ["transfer", "--model", folder_of("arae-transfer"), "--to", "warm"]
    lines = run(capsys, *command, "w1 w2", "w3")
    records = [json.loads(line) for line in run(capsys, *command, "--json", "w1 w2", "w3")]
    assert [record["text"] for record in records] == lines
    assert records[0]["input"] == "w1 w2" and records[0]["to"] == "warm"
    own = ["reconstruct", "--model", folder_of("arae-transfer"), "--label", "warm"]
    assert run(capsys, *own, "w1 w2", "w3") == lines


def test_score_names_its_quantity(capsys, folder_of) -> None:
    header, line = run(capsys, "score", "--model", folder_of("lm"), "w1 w2")
    assert header == "log p(x)\tperplexity\tsentence"
    (record,) = map(json.loads, run(capsys, "score", "--model", folder_of("lm"), "--json", "w1 w2"))
    assert record["quantity"] == "log p(x)" and record["input"] == "w1 w2"
    assert line == f"{record['value']:.3f}\t{record['perplexity']:.3f}\tw1 w2"


def test_nearest(capsys, folder_of, tmp_path) -> None:
    among = tmp_path / "among.txt"
    among.write_text("w1 w2\nw3 w4\n\nw5\nw1 w2\n" + "w1 " * 9 + "\n")
    command = ["nearest", "--model", folder_of(ARAE), "--among", among, "--count", 2]
    status = main([str(word) for word in [*command, "w3 w4", "w5"]])
    told = capsys.readouterr()
    lines = told.out.splitlines()
    assert status == 0 and len(lines) == 6
    assert lines[0] == "1.0000\tw3 w4" and lines[2] == "" and lines[3] == "1.0000\tw5"
    assert told.err.startswith(f"{among}: 2 lines left out")
    (record,) = map(json.loads, run(capsys, *command, "--json", "w5"))
    assert record["neighbours"][0]["text"] == "w5" and len(record["neighbours"]) == 2
    assert "no such file" in fault(capsys, *command, "--among", "nowhere.txt", "w5")[1]


def test_unknown_words_are_named_once(capsys, folder_of, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("arae.verbs.lines.GROUP", 1)
    file = tmp_path / "text.txt"
    file.write_text("zebra w1 Zebra\nw2 quux\nzebra quux <unk> w3\n")
    assert main(["reconstruct", "--model", str(folder_of(ARAE)), "--input", str(file)]) == 0
    assert capsys.readouterr().err.splitlines() == [
        "not in the model's vocabulary, read as <unk>: zebra",
        "not in the model's vocabulary, read as <unk>: quux",
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("w1\n \nw2\n", "line 2: empty"),
        ("w1\n" + "w2 " * 7 + "\n", "line 2: 7 words; the model was"),
    ],
)
def test_a_sentence_that_cannot_be_read_is_named_by_its_line(
    capsys, folder_of, tmp_path, text, message
) -> None:
    file = tmp_path / "text.txt"
    file.write_text(text)
    command = ["reconstruct", "--model", folder_of(ARAE), "--input", file]
    code, told = fault(capsys, *command)
    assert code == 3 and told.startswith(f"{file}: {message}")
    kept = [json.loads(line)["line"] for line in run(capsys, *command, "--skip", "--json")]
    assert kept == [number for number in range(1, text.count("\n") + 1) if number != 2]


def test_bytes_that_are_no_text_are_named(capsys, folder_of, monkeypatch) -> None:
    ends = os.pipe()
    os.write(ends[1], b"w1\n\xff\n")
    os.close(ends[1])
    with os.fdopen(ends[0]) as stream:
        monkeypatch.setattr(sys, "stdin", stream)
        code, told = fault(capsys, "reconstruct", "--model", folder_of(ARAE))
    assert code == 3 and told.startswith("standard input: line 2: not UTF-8")


def test_what_a_model_cannot_do_is_told_at_once(capsys, folder_of) -> None:
    code, told = fault(capsys, "reconstruct", "--model", folder_of("lm"), "w1")
    assert code == 2 and "systems that can: aae" in told
    code, told = fault(capsys, "transfer", "--model", folder_of("ae"), "--to", "positive", "w1")
    assert code == 2 and "train arae_transfer or cross_aligned" in told


def test_a_model_that_is_not_there_is_named(capsys, tmp_path) -> None:
    code, told = fault(capsys, "generate", "--model", tmp_path / "nowhere")
    assert code == 3 and "nowhere: no such folder" in told


def test_a_tokenizer_may_be_chosen(capsys, folder_of) -> None:
    command = ["reconstruct", "--model", folder_of(ARAE), "--json", "w1 w2."]
    assert json.loads(run(capsys, *command)[0])["input"] == "w1 w2."
    split = json.loads(run(capsys, *command, "--tokenizer", "spacy")[0])["input"]
    assert split == "w1 w2 ."
    letters = json.loads(run(capsys, *command[:-1], "w1 é", "--tokenizer", "characters")[0])[
        "input"
    ]
    assert letters == "w1 é"
    assert fault(capsys, *command, "--tokenizer", "spacey") == (
        2, "--tokenizer spacey.tokenizer.kind: 'spacey' is not one of its kinds; "
        "did you mean 'spacy'? kinds: characters, spacy, whitespace",
    )  # fmt: skip


def start(*words: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "arae", *map(str, words)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2] / "src")},
    )


def pipe(stream: io.TextIOBase | None) -> io.TextIOBase:
    assert stream is not None
    return stream


@pytest.mark.slow
def test_each_line_is_answered_when_it_arrives_and_ctrl_c_is_quiet(folder_of) -> None:
    with start("reconstruct", "--model", folder_of(ARAE), "--json") as process:
        for number, sentence in enumerate(["w1 w2", "w3"], 1):
            pipe(process.stdin).write(sentence + "\n")
            pipe(process.stdin).flush()
            assert json.loads(pipe(process.stdout).readline())["line"] == number
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=60) == 130
        assert pipe(process.stderr).read() == ""


@pytest.mark.slow
def test_a_reader_that_has_had_enough_ends_it_quietly(folder_of) -> None:
    with start("generate", "--model", folder_of(ARAE), "--count", 10**9) as process:
        assert pipe(process.stdout).readline()
        pipe(process.stdout).close()
        assert process.wait(timeout=60) == 141
        assert pipe(process.stderr).read() == ""
