"""Extraction from hostile and damaged archives."""

from __future__ import annotations

import io
import stat
import tarfile
import zipfile

import pytest

from arae.corpora.archives import extract_members
from arae.foundation.errors import DataError, IntegrityError

GOOD = {"set/train.txt": b"train\n", "set/test.txt": b"test\n", "set/huge.bin": b"\0" * 50_000}


def make_zip(path, members, modes=None):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            info = zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = (modes or {}).get(name, 0) << 16
            archive.writestr(info, content)
    return path


def make_tar(path, members, kinds=None):
    with tarfile.open(path, "w:gz") as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.type = (kinds or {}).get(name, tarfile.REGTYPE)
            if info.type == tarfile.REGTYPE:
                info.size = len(content)
            else:
                info.linkname = "/etc/passwd"
            archive.addfile(info, io.BytesIO(content))
    return path


@pytest.mark.parametrize("make", [make_zip, make_tar])
def test_only_named_members_come_out(tmp_path, make):
    archive = make(tmp_path / "archive", GOOD)
    found = extract_members(archive, ["set/train.txt"], tmp_path / "out", 1000)
    assert found == {"set/train.txt": tmp_path / "out/train.txt"}
    assert found["set/train.txt"].read_bytes() == b"train\n"
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["train.txt"]


@pytest.mark.parametrize("make", [make_zip, make_tar])
@pytest.mark.parametrize("name", ["../evil", "/tmp/evil", "set/../../evil", "..\\evil", "C:\\evil"])
def test_paths_out_of_the_archive_are_refused(tmp_path, make, name):
    archive = make(tmp_path / "archive", {**GOOD, name: b"evil"})
    for wanted in (name, "set/train.txt"):
        with pytest.raises(IntegrityError, match="points outside"):
            extract_members(archive, [wanted], tmp_path / "deep/out", 1000)
    assert not (tmp_path / "deep").exists()
    assert not list(tmp_path.rglob("evil"))


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE]
)
def test_links_and_devices_in_tar_are_refused(tmp_path, kind):
    archive = make_tar(tmp_path / "archive", {**GOOD, "set/odd": b""}, {"set/odd": kind})
    with pytest.raises(IntegrityError, match="link or a device"):
        extract_members(archive, ["set/odd"], tmp_path / "out", 1000)


def test_links_in_zip_are_refused(tmp_path):
    modes = {"set/odd": stat.S_IFLNK | 0o777}
    archive = make_zip(tmp_path / "archive", {**GOOD, "set/odd": b"/etc/passwd"}, modes)
    with pytest.raises(IntegrityError, match="link or a device"):
        extract_members(archive, ["set/train.txt"], tmp_path / "out", 1000)


@pytest.mark.parametrize("make", [make_zip, make_tar])
def test_a_bomb_is_stopped_and_leaves_nothing(tmp_path, make):
    archive = make(tmp_path / "archive", GOOD)
    assert archive.stat().st_size < 1000
    with pytest.raises(IntegrityError, match="more than 1000 bytes"):
        extract_members(archive, ["set/huge.bin"], tmp_path / "out", 1000)
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize("make", [make_zip, make_tar])
def test_missing_members_and_damage(tmp_path, make):
    archive = make(tmp_path / "archive", GOOD)
    with pytest.raises(DataError, match=r"no file set/other\.txt"):
        extract_members(archive, ["set/other.txt"], tmp_path / "out", 1000)
    content = bytearray(archive.read_bytes())
    content[40:60] = b"\xff" * 20
    archive.write_bytes(content)
    with pytest.raises(DataError, match="damaged or not an archive"):
        extract_members(archive, ["set/train.txt"], tmp_path / "out", 1000)
    (tmp_path / "text").write_text("no archive")
    with pytest.raises(DataError, match="damaged or not an archive"):
        extract_members(tmp_path / "text", ["x"], tmp_path / "out", 1000)
