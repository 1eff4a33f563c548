"""Every number of every verb has bounds; every verb of lines answers what it can and then tells."""

from __future__ import annotations

import argparse
import gzip
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from test_verbs import ARAE, _standard_input

from arae.cli import STAGES, USES, _parser, main
from arae.foundation.settings import plain
from arae.stages.arguments import Number
from arae.usage.requests import Options

VERBS = [*STAGES, *USES]
NOT_NUMBERS = ("inf", "-inf", "nan", "1e999", "", "one", "9" * 40, "0x10", "--1")
# Verbs that read lines, each with what it needs beside the model.
LINES = {
    "reconstruct": [],
    "score": [],
    "interpolate": ["--steps", "3"],
    "nearest": ["--among", "among.txt", "--count", "1"],
    "transfer": ["--to", "warm"],
}


def options_of(verb: str) -> list[argparse.Action]:
    (verbs,) = (a for a in _parser(verb)._actions if isinstance(a, argparse._SubParsersAction))
    return [a for a in verbs.choices[verb]._actions if a.option_strings]


@pytest.mark.parametrize("verb", VERBS)
def test_every_number_of_every_verb_has_bounds(capsys, verb) -> None:
    for action in options_of(verb):
        if not isinstance(action.type, Number):
            assert action.type in (None, Path), f"{verb} {action.option_strings}"
            assert not isinstance(action.default, int | float) or action.nargs == 0
            continue
        number, option = action.type, action.option_strings[0]
        assert number.option == option
        edges = [str(int(number.high) + 1)] + (
            [str(int(number.low) - 1)] if number.low >= 0 else []
        )
        for text in (*NOT_NUMBERS, *edges):
            assert main([verb, f"{option}={text}"]) == 2, (verb, option, text)
            (told,) = capsys.readouterr().err.splitlines()
            assert told.startswith(f"arae: error: {option} {text}: expected a"), told
        assert number(f"{number.low:.10g}") == number.low
        if action.default is not None:
            assert number.low <= action.default <= number.high


def test_numbers_of_a_served_model_have_the_bounds_of_the_verbs() -> None:
    verbs = {
        action.dest: action.type
        for verb in USES
        for action in options_of(verb)
        if isinstance(action.type, Number) and (verb, action.dest) != ("nearest", "count")
    }
    fields = Options.__dataclass_fields__
    for name, default in plain(Options()).items():
        if isinstance(default, int | float):
            limits = fields[name].metadata
            assert limits["high"] is not None and limits["low"] is not None, name
            assert limits["high"] <= verbs[name].high and limits["low"] <= verbs[name].low


@pytest.fixture
def lines(folder_of, tmp_path, monkeypatch):
    """The command of a verb of lines, in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    Path("among.txt").write_text("w1 w2\nw3\n")

    def command(verb: str, *more: str) -> list[str]:
        model = folder_of("arae-transfer" if verb == "transfer" else ARAE)
        return [verb, "--model", str(model), "--json", *LINES[verb], *more]

    return command


def text_for(verb: str, *sentences: str) -> str:
    ends = "\tw4\n" if verb == "interpolate" else "\n"
    return "".join((sentence and sentence + ends) or "\n" for sentence in sentences)


@pytest.mark.parametrize("verb", LINES)
@pytest.mark.parametrize("bad", ["", " ", "w1 " * 9], ids=["empty", "blank", "long"])
def test_a_line_that_cannot_be_read_costs_no_other_its_answer(capsys, lines, verb, bad) -> None:
    Path("text.txt").write_text(text_for(verb, "w1", "w2 w3", bad, "w5"))
    for skip, status, answered in ((["--skip"], 0, [1, 2, 4]), ([], 3, [1, 2])):
        assert main(lines(verb, "--input", "text.txt", *skip)) == status
        told = capsys.readouterr()
        assert [json.loads(line)["line"] for line in told.out.splitlines()] == answered
        assert "text.txt: line 3" in told.err


@pytest.mark.parametrize("verb", LINES)
def test_a_file_and_standard_input_are_read_alike(capsys, lines, monkeypatch, verb) -> None:
    text = "\ufeff" + text_for(verb, "w1", "w2 w3").replace("\n", "\r\n")
    for data in (text.encode(), gzip.compress(text.encode())):
        Path("text").write_bytes(data)
        assert main(lines(verb, "--input", "text")) == 0
        expected = capsys.readouterr()
        assert "<unk>" not in expected.err
        with _standard_input(monkeypatch, data):
            assert main(lines(verb)) == 0
        assert capsys.readouterr().out == expected.out


def shell(command: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        ["bash", "-c", command],
        capture_output=True,
        check=False,
        stdin=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2] / "src"), **environment},
    )


@pytest.mark.slow
def test_terminals_arguments_and_descriptors_of_any_kind_give_no_traceback(folder_of) -> None:
    verb = f"{sys.executable} -m arae score --model {folder_of('lm')}"
    ascii_only = shell(f"{verb} café", PYTHONIOENCODING="ascii")
    assert ascii_only.returncode == 0 and b"\tcaf\\xe9\n" in ascii_only.stdout
    record = shell(f"{verb} --json café", PYTHONIOENCODING="ascii")
    assert json.loads(record.stdout)["input"] == "café"
    faults = {
        f"{verb} $'caf\\xe9'": (3, b"argument 4, 'caf\\udce9': not UTF-8"),
        f"{verb} <&-": (3, b"standard input is closed; give sentences"),
        f"{verb} w1 >&-": (3, b"standard output is closed"),
        f"{verb} w1 > /dev/full": (1, b"no space left on the disk"),
        f"{verb} --input {folder_of('lm')}": (3, b"is a folder; name a file"),
    }
    for command, (code, message) in faults.items():
        found = shell(command)
        last = found.stderr.splitlines()[-1]
        assert (found.returncode, b"Traceback" in found.stderr) == (code, False), found.stderr
        assert last.startswith(b"arae: error: ") and message in last
    assert shell(f"{verb} w1 2>&-").returncode == 0


def test_a_mistyped_verb_is_answered_with_the_nearest(capsys) -> None:
    assert main(["genrate", "--model", "x"]) == 2
    assert capsys.readouterr().err == "arae: error: no verb 'genrate'; did you mean 'generate'?\n"


@pytest.mark.parametrize("name", ["bash", "zsh", "fish"])
def test_completion_knows_every_verb_and_option(capsys, name) -> None:
    with pytest.raises(SystemExit):
        main(["--print-completion", name])
    script = capsys.readouterr().out
    for verb in VERBS:
        assert verb in script
        options = (a.option_strings[-1] for a in options_of(verb))
        assert all(option.removeprefix("--") in script for option in options)


def test_bash_completes(capsys, tmp_path) -> None:
    with pytest.raises(SystemExit):
        main(["--print-completion", "bash"])
    (tmp_path / "arae.bash").write_text(capsys.readouterr().out)
    found = shell(
        f"source {tmp_path}/arae.bash; COMP_WORDS=(arae gen); COMP_CWORD=1; _shtab_arae; "
        'echo "${COMPREPLY[@]}"; COMP_WORDS=(arae generate --te); COMP_CWORD=2; COMPREPLY=(); '
        '_shtab_arae; echo "${COMPREPLY[@]}"'
    )
    assert found.stdout.split() == [b"generate", b"--temperature"], found.stderr
