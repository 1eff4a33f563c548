"""The source `files` and the choice of sources by kind."""

from __future__ import annotations

import gzip
import lzma

import pytest

from arae.corpora.sources import SOURCES, parse_source
from arae.foundation.errors import DataError, SettingsError
from arae.foundation.settings import read_settings


def three(folder, **given):
    """Paths of train/valid/test files with one line each, some replaced by `given`."""
    paths = {}
    for split in ("train", "valid", "test"):
        path = folder / f"{split}.txt"
        path.write_text(f"a {split} line\n")
        paths[split] = str(path)
    return {**paths, **given}


def test_any_packing_and_any_path_is_copied_as_plain_text(tmp_path):
    odd = tmp_path / 'it\'s a; "folder" $HOME'
    odd.mkdir()
    contents = {
        "train": gzip.compress(b"one\r\ntwo"),
        "valid": lzma.compress(b"three\n"),
        "test": b"4\n",
    }
    for split, content in contents.items():
        (odd / f"{split} file").write_bytes(content)
    files = {split: str(odd / f"{split} file") for split in contents}
    source = parse_source({"kind": "files", "files": files})
    facts = source.write(tmp_path / "raw")
    assert facts == {"sentences": {"train": 2, "valid": 1, "test": 1}}
    assert (tmp_path / "raw/train.txt").read_bytes() == b"one\ntwo\n"
    assert (tmp_path / "raw/valid.txt").read_bytes() == b"three\n"
    assert source.outputs() == ["train.txt", "valid.txt", "test.txt"]
    assert sorted(map(str, source.inputs())) == sorted(files.values())


def test_labels_tell_the_file_of_each_line(tmp_path):
    paths = three(tmp_path)
    files = {split: {"b": path, "a": paths["test"]} for split, path in paths.items()}
    source = parse_source({"kind": "files", "files": files})
    source.write(tmp_path / "raw")
    assert (tmp_path / "raw/train.txt").read_text() == "a test line\na train line\n"
    assert (tmp_path / "raw/train.labels.txt").read_text() == "a\nb\n"
    assert "valid.labels.txt" in source.outputs()


@pytest.mark.parametrize("labels", [("0", "1"), ("yes", "no"), ("007", "1.0"), ("null", "~")])
def test_labels_in_yaml_are_the_words_that_were_written(tmp_path, labels):
    paths = three(tmp_path)
    pairs = "".join(
        f"  {split}: {{{labels[0]}: '{path}', {labels[1]}: '{path}'}}\n"
        for split, path in paths.items()
    )
    (tmp_path / "s.yaml").write_text(f"kind: files\nfiles:\n{pairs}")
    source = parse_source(read_settings(str(tmp_path / "s.yaml")))
    source.write(tmp_path / "raw")
    assert (tmp_path / "raw/test.labels.txt").read_text().split() == sorted(labels)


@pytest.mark.parametrize("label", [0, True, None, 1.5])
def test_labels_that_are_no_words_are_refused_by_name(label):
    files = {split: {label: "x", "b": "y"} for split in ("train", "valid", "test")}
    with pytest.raises(SettingsError, match=rf"source\.files.*{label!r} is not text"):
        parse_source({"kind": "files", "files": files})


def test_bad_text_leaves_no_file(tmp_path):
    bad = tmp_path / "bad"
    bad.write_bytes(b"good line\n\xff\n")
    files = three(tmp_path, train=str(bad))
    with pytest.raises(DataError, match=r"bad: line 2: not UTF-8"):
        parse_source({"kind": "files", "files": files}).write(tmp_path / "raw")
    assert list((tmp_path / "raw").iterdir()) == []


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"kind": "file"}, "did you mean 'files'"),
        ({"files": {"train": "x", "valid": "y"}}, r"files\.test: missing"),
        ({"files": {"train": "x", "valid": "y", "tset": "z"}}, "did you mean 'test'"),
        ({"files": {"train": {"a": "x"}, "valid": "y", "test": "z"}}, "the same labels"),
        ({"files": {s: {"a b": "x"} for s in ("train", "valid", "test")}}, "without spaces"),
        ({"files": {s: {} for s in ("train", "valid", "test")}}, "at least one"),
        ({"colour": 1}, "unknown key"),
    ],
)
def test_mistakes_in_settings_name_the_key(change, message):
    values = {"kind": "files", "files": {"train": "x", "valid": "y", "test": "z"}, **change}
    with pytest.raises(SettingsError, match=message):
        parse_source(values)


def test_a_missing_kind_lists_the_known_ones():
    with pytest.raises(
        SettingsError, match=r"source\.kind: missing.*" + ", ".join(sorted(SOURCES))
    ):
        parse_source({})


def test_every_kind_names_itself():
    for kind, cls in SOURCES.items():
        assert cls.__dataclass_fields__["kind"].default == kind
