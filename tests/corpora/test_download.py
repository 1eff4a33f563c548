"""The downloader against a real HTTP server on this machine that misbehaves in every known way."""

from __future__ import annotations

import hashlib
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from arae.corpora.download import Download, obtain
from arae.foundation.errors import DataError, IntegrityError, SettingsError

CONTENT = bytes(range(256)) * 1200  # 307,200 bytes


@dataclass
class Site:
    """A web site of one file, /set.bin, and how it behaves."""

    content: bytes = CONTENT
    ranges: bool = True
    cuts: list[int] = field(default_factory=list)  # bytes sent before hanging up, per request
    status: int = 0
    stall: float = 0.0
    asked: list[str | None] = field(default_factory=list)
    address: str = ""

    def download(self, content: bytes = CONTENT, path: str = "set.bin") -> Download:
        return Download(
            url=f"{self.address}/{path}",
            bytes=len(content),
            sha256=hashlib.sha256(content).hexdigest(),
        )


@pytest.fixture
def site():
    site = Site()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            site.asked.append(self.headers.get("Range"))
            time.sleep(site.stall)
            if site.status or not self.path.endswith("/set.bin"):
                self.send_error(site.status or 404)
                return
            begin = 0
            if site.ranges and site.asked[-1]:
                begin = int(site.asked[-1].removeprefix("bytes=").removesuffix("-"))
                if begin >= len(site.content):
                    self.send_error(416)
                    return
                self.send_response(206)
                end = len(site.content) - 1
                self.send_header("Content-Range", f"bytes {begin}-{end}/{end + 1}")
            else:
                self.send_response(200)
            body = site.content[begin:]
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[: site.cuts.pop(0)] if site.cuts else body)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    site.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield site
    server.shutdown()
    server.server_close()
    thread.join()


def visible(folder):
    return sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))


def test_a_good_file_is_kept_and_not_fetched_again(site, tmp_path):
    for _ in range(2):
        assert obtain(site.download(), tmp_path).read_bytes() == CONTENT
    assert site.asked == [None]
    assert visible(tmp_path) == ["set.bin"]


def test_a_spoilt_copy_is_fetched_again(site, tmp_path):
    (tmp_path / "set.bin").write_bytes(CONTENT[:-1] + b"x")
    assert obtain(site.download(), tmp_path).read_bytes() == CONTENT


def test_an_interrupted_download_goes_on_in_the_same_call(site, tmp_path):
    site.cuts = [100_000]
    assert obtain(site.download(), tmp_path).read_bytes() == CONTENT
    assert site.asked == [None, "bytes=100000-"]


def test_an_interrupted_download_goes_on_in_the_next_call(site, tmp_path):
    site.cuts = [100_000, 50_000, 7]
    with pytest.raises(DataError, match="got 150007 of 307200 bytes; run the same command again"):
        obtain(site.download(), tmp_path)
    assert visible(tmp_path) == ["set.bin.part"]
    assert obtain(site.download(), tmp_path).read_bytes() == CONTENT
    assert site.asked[-1] == "bytes=150007-"
    assert visible(tmp_path) == ["set.bin"]


def test_a_server_that_ignores_ranges_starts_over(site, tmp_path):
    site.ranges = False
    site.cuts = [100_000]
    assert obtain(site.download(), tmp_path).read_bytes() == CONTENT
    assert site.asked == [None, "bytes=100000-"]


@pytest.mark.parametrize("content", [CONTENT[:-1] + b"x", CONTENT + b"x"], ids=["hash", "longer"])
def test_a_wrong_file_is_refused_and_removed(site, tmp_path, content):
    site.content = content
    with pytest.raises(IntegrityError, match=r"sha256|more than the right"):
        obtain(site.download(), tmp_path)
    assert visible(tmp_path) == []
    site.content = CONTENT
    assert obtain(site.download(), tmp_path).read_bytes() == CONTENT


def test_a_wrong_beginning_is_found_after_resuming(site, tmp_path):
    (tmp_path / "set.bin.part").write_bytes(b"wrong" * 10)
    with pytest.raises(IntegrityError, match="sha256"):
        obtain(site.download(), tmp_path)
    assert visible(tmp_path) == []


def test_a_file_that_is_too_short_on_the_server(site, tmp_path):
    site.content = CONTENT[:1000]
    with pytest.raises(DataError, match="416"):
        obtain(site.download(), tmp_path)
    assert visible(tmp_path) == []


def test_not_found_and_server_errors_are_plain(site, tmp_path):
    with pytest.raises(DataError, match=r"other\.bin: the server answered 404.*mirror"):
        obtain(site.download(path="other.bin"), tmp_path)
    site.status = 503
    with pytest.raises(DataError, match="the server answered 503"):
        obtain(site.download(), tmp_path)
    assert visible(tmp_path) == []


def test_a_silent_server_times_out(site, tmp_path):
    site.stall = 1.0
    with pytest.raises(DataError, match="timed out; got 0 of"):
        obtain(site.download(), tmp_path, timeout=0.05)


def test_no_server_at_all(tmp_path):
    absent = Download(url="http://127.0.0.1:9/set.bin", bytes=1, sha256="0" * 64)
    with pytest.raises(DataError, match="got 0 of 1 bytes"):
        obtain(absent, tmp_path)


def test_the_mirror_comes_first_and_is_verified_too(site, tmp_path):
    mirror = tmp_path / "mirror folder"
    mirror.mkdir()
    (mirror / "set.bin").write_bytes(CONTENT)
    assert obtain(site.download(), tmp_path / "one", str(mirror)).read_bytes() == CONTENT
    assert site.asked == []
    (mirror / "set.bin").write_bytes(CONTENT[:-1])
    with pytest.raises(IntegrityError, match=r"mirror file .*fewer than the right 307200"):
        obtain(site.download(), tmp_path / "two", str(mirror))
    assert visible(tmp_path / "two") == []
    (mirror / "set.bin").unlink()
    obtain(site.download(), tmp_path / "two", str(mirror))
    assert site.asked == [None]
    with pytest.raises(SettingsError, match="no such folder"):
        obtain(site.download(), tmp_path / "three", str(mirror / "nowhere"))


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "ftp://host/x", "/etc/passwd", "http://host/"]
)
def test_only_web_addresses_of_files(tmp_path, url):
    with pytest.raises(SettingsError, match="only http and https"):
        obtain(Download(url=url, bytes=1, sha256="0" * 64), tmp_path)
