"""A full disk, a read-only folder: one clear line, and nothing half-written is taken as whole."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from arae.cli import main
from arae.foundation.files import atomic_write


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 256 KiB."""
    place = tmp_path / "small"
    place.mkdir()
    options = ["-t", "tmpfs", "-o", "size=256k", "tmpfs", str(place)]
    if os.geteuid() != 0 or subprocess.run(["mount", *options], check=False).returncode:
        pytest.skip("a small file system cannot be mounted here (needs root)")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_a_full_disk_is_one_line_and_keeps_the_old_file(
    small_disk: Path, tmp_path: Path, monkeypatch, capsys
) -> None:
    monkeypatch.chdir(tmp_path)
    tokens = tmp_path / "train.txt"
    target = small_disk / "vocabulary.txt"
    command = ["vocabulary", "--input", str(tokens), "--settings", '{"size": 60000}']
    command += ["--out", str(target)]
    tokens.write_text("old\n")
    assert main(command) == 0
    old = {path: path.read_bytes() for path in small_disk.iterdir()}
    tokens.write_text("".join(f"word{i}\n" for i in range(60_000)))
    status = main(command)
    message = capsys.readouterr().err.strip().splitlines()[-1]
    assert status == 1 and "no space left" in message
    assert {path: path.read_bytes() for path in small_disk.iterdir()} == old


def test_weights_on_a_full_disk_leave_nothing(small_disk: Path) -> None:
    import torch

    from arae.engine.checkpoint import save_tensors

    with pytest.raises(OSError):
        save_tensors(small_disk / "model.safetensors", {"t": torch.zeros(100_000)})
    assert list(small_disk.iterdir()) == []


def test_an_unwritable_folder_is_named(tmp_path: Path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    with pytest.raises(OSError), atomic_write(blocked / "x.txt") as handle:
        handle.write("x")
    (tmp_path / "train.txt").write_text("a b\n")
    arguments = ["vocabulary", "--input", "train.txt", "--settings", '{"size": 5}']
    assert main([*arguments, "--out", str(blocked / "v.txt")]) == 1
    assert str(blocked) in capsys.readouterr().err
