"""The SNLI source on a small archive of the official layout."""

from __future__ import annotations

import hashlib
import json
import zipfile

import pytest

from arae.corpora import snli
from arae.corpora.download import Download
from arae.foundation.errors import DataError, IntegrityError

PAIRS = [
    ("( ( A man ) ( walks . ) )", "( ( A man ) moves )"),
    ("( ( A man ) ( walks . ) )", "( Nobody ( walks -LRB- here -RRB- ) )"),
    ("( ( A dog ) ( barks . ) )", "( ( A dog ) sleeps )"),
    ("( ( A man ) ( walks . ) )", "( ( A man ) moves )"),
]
SENTENCES = [
    "A man walks .",
    "A dog barks .",
    "A man walks .",  # a premise repeated later stays: only immediate repeats go
    "A man moves",
    "Nobody walks -LRB- here -RRB-",
    "A dog sleeps",
    "A man moves",
]


def jsonl(pairs):
    keys = ("sentence1_binary_parse", "sentence2_binary_parse")
    return "".join(json.dumps(dict(zip(keys, pair, strict=True))) + "\n" for pair in pairs)


@pytest.fixture
def archive(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mirror").mkdir()
    path = tmp_path / "mirror/snli_1.0.zip"
    with zipfile.ZipFile(path, "w") as zipped:
        zipped.writestr("snli_1.0/", "")
        zipped.writestr("snli_1.0/Icon\r", "")
        for index, member in enumerate(snli.MEMBERS.values()):
            zipped.writestr(member, jsonl(PAIRS[index:]))
    content = path.read_bytes()
    return Download(
        url="http://127.0.0.1:9/snli_1.0.zip",
        bytes=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
    )


def test_text_rule(archive, tmp_path):
    facts = snli.write_snli(archive, tmp_path / "raw", "mirror")
    assert (tmp_path / "raw/train.txt").read_text().splitlines() == SENTENCES
    assert facts["sentences"] == {"train": 7, "valid": 6, "test": 4}
    assert facts["archive"]["sha256"] == archive.sha256
    assert list((tmp_path / "work/downloads/snli").iterdir()) == []


def test_the_official_archive_is_pinned(archive, tmp_path):
    with pytest.raises(IntegrityError, match="94550081"):
        snli.SnliSource(mirror="mirror").write(tmp_path / "raw")
    assert not (tmp_path / "raw").exists()


@pytest.mark.parametrize("line", ["{", "[]", '{"sentence1": "x"}', '{"sentence1_binary_parse": 3}'])
def test_a_bad_pair_is_named_by_line(tmp_path, line):
    path = tmp_path / "pairs.jsonl"
    path.write_text(jsonl(PAIRS[:2]) + line + "\n")
    with pytest.raises(DataError, match=r"pairs\.jsonl: line 3: not an SNLI pair"):
        list(snli.snli_sentences(path))
