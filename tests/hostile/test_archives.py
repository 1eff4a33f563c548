"""Extraction from hostile and damaged archives."""

from __future__ import annotations

import gzip
import io
import lzma
import random
import stat
import tarfile
import tracemalloc
import zipfile

import pytest

from arae.corpora.archives import extract_members
from arae.corpora.lines import read_lines
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


@pytest.mark.parametrize(
    "kind",
    [
        tarfile.BLKTYPE,
        tarfile.CONTTYPE,
        tarfile.GNUTYPE_SPARSE,
    ],
)
def test_rarer_kinds_of_tar_members_make_nothing_but_files(tmp_path, kind):
    archive = make_tar(tmp_path / "archive", {**GOOD, "set/odd": b""}, {"set/odd": kind})
    try:
        found = extract_members(archive, ["set/odd"], tmp_path / "out", 1000)
    except IntegrityError as error:
        assert "link or a device" in str(error)
        assert not (tmp_path / "out").exists()
    else:
        assert found["set/odd"].is_file() and not found["set/odd"].is_symlink()


def test_a_member_that_announces_less_than_it_holds(tmp_path):
    archive = make_zip(tmp_path / "archive", GOOD)
    content = archive.read_bytes()
    announced = (50_000).to_bytes(4, "little")
    assert content.count(announced) == 2  # in the member's header and in the directory
    archive.write_bytes(content.replace(announced, (10).to_bytes(4, "little")))
    with pytest.raises((DataError, IntegrityError), match=r"damaged|more than"):
        extract_members(archive, ["set/huge.bin"], tmp_path / "out", 1000)
    assert list((tmp_path / "out").iterdir()) == []


def test_a_bomb_beside_the_wanted_member_is_not_unpacked(tmp_path):
    bomb = {"set/train.txt": b"train\n", "set/bomb": b"\0" * 50_000_000}
    archive = make_zip(tmp_path / "archive", bomb)
    tracemalloc.start()
    try:
        extract_members(archive, ["set/train.txt"], tmp_path / "out", 1000)
        assert tracemalloc.get_traced_memory()[1] < 5_000_000
    finally:
        tracemalloc.stop()


def test_an_encrypted_member_is_refused_in_words(tmp_path):
    archive = make_zip(tmp_path / "archive", GOOD)
    content = bytearray(archive.read_bytes())
    for signature, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(signature) + place] |= 1
    archive.write_bytes(content)
    with pytest.raises(DataError, match=r"archive: damaged or not an archive.*get it again"):
        extract_members(archive, ["set/train.txt"], tmp_path / "out", 1000)


@pytest.mark.parametrize("packing", ["gz", "bz2", "xz"])
@pytest.mark.parametrize("place", range(0, 100, 7))
def test_damage_anywhere_in_a_tar_is_told_with_its_name(tmp_path, packing, place):
    archive = tmp_path / "archive"
    with tarfile.open(archive, f"w:{packing}") as tape:
        info = tarfile.TarInfo("train.txt")
        noise = random.Random(1).randbytes(20_000)
        info.size = len(noise)
        tape.addfile(info, io.BytesIO(noise))
    content = bytearray(archive.read_bytes())
    first = len(content) * place // 100
    content[first : first + 40] = b"\xff" * 40
    archive.write_bytes(content)
    try:
        found = extract_members(archive, ["train.txt"], tmp_path / "out", 100_000)
    except (DataError, IntegrityError) as error:
        assert str(archive) in str(error)
    else:  # damage that the packing does not notice, which the archive's checksum does
        assert found["train.txt"].stat().st_size == 20_000


@pytest.mark.parametrize("opener", [gzip.open, lzma.open])
def test_a_packed_text_of_one_endless_line_is_stopped(tmp_path, opener):
    path = tmp_path / "train.txt"
    with opener(path, "wb") as handle:
        for _ in range(100):
            handle.write(b"a" * 1_000_000)
    assert path.stat().st_size < 200_000
    tracemalloc.start()
    try:
        with pytest.raises(DataError, match=r"train\.txt: line 1: longer than 1000000 bytes"):
            list(read_lines(path))
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()
