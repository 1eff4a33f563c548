"""Verified downloads: resumed where they stopped, never used before size and hash are right."""

from __future__ import annotations

import fcntl
import http.client
import re
import shutil
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from arae.foundation.console import progress, say
from arae.foundation.errors import DataError, IntegrityError, SettingsError
from arae.foundation.files import CHUNK_BYTES, commit_partial, partial_path, sha256_file

TIMEOUT_SECONDS = 30.0
ATTEMPTS = 3


@dataclass(frozen=True, kw_only=True)
class Download:
    """A file on the web: its address, size in bytes and SHA-256."""

    url: str
    bytes: int
    sha256: str

    @property
    def name(self) -> str:
        """File name: the last part of the address's path."""
        return unquote(urlsplit(self.url).path).rsplit("/", 1)[-1]


def obtain(
    download: Download,
    folder: Path,
    mirror: str | None = None,
    timeout: float = TIMEOUT_SECONDS,
) -> Path:
    """The verified file in `folder`: there already, from the mirror folder, or downloaded.

    The final name appears only after size and hash were checked. A download that stops half-way
    keeps its `.part` file, and the next call goes on from there. Errors: `SettingsError` for an
    address that is not http(s) or a mirror that is no folder; `DataError` if the file cannot be
    had; `IntegrityError` if it is not the right one.
    """
    if urlsplit(download.url).scheme not in ("http", "https") or not download.name:
        raise SettingsError(f"{download.url}: only http and https addresses of files are fetched")
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / download.name
    with (folder / f".{download.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # freed by the kernel however the holder ends
        if target.is_file() and _fault(target, download) is None:
            return target
        if mirror is None or not _copy_from_mirror(Path(mirror), download, target):
            _fetch(download, target, timeout)
    return target


def _copy_from_mirror(mirror: Path, download: Download, target: Path) -> bool:
    if not mirror.is_dir():
        raise SettingsError(f"mirror {mirror}: no such folder; correct it or leave it out")
    original = mirror / download.name
    if not original.is_file():
        say(f"{original}: not there; trying {download.url}")
        return False
    partial = partial_path(target)
    try:
        shutil.copyfile(original, partial)
        _require(partial, download, f"mirror file {original}")
        commit_partial(partial, target)
    finally:
        partial.unlink(missing_ok=True)
    return True


def _fetch(download: Download, target: Path, timeout: float) -> None:
    part = target.with_name(target.name + ".part")
    failure = ""
    for _ in range(ATTEMPTS):
        if _size(part) >= download.bytes:
            break
        try:
            _continue(download, part, timeout)
        except urllib.error.HTTPError as error:
            failure = f"the server answered {error.code} {error.reason}; "
            if error.code == http.client.REQUESTED_RANGE_NOT_SATISFIABLE:
                part.unlink()
            if error.code < 500:
                raise DataError(f"{download.url}: {failure}{_by_hand(download)}") from error
        except (OSError, http.client.HTTPException) as error:
            failure = f"{getattr(error, 'reason', error)}; "
    if _size(part) < download.bytes:
        raise DataError(
            f"{download.url}: {failure}got {_size(part)} of {download.bytes} bytes; run the same "
            f"command again to go on from there, or {_by_hand(download)}"
        )
    try:
        _require(part, download, download.url)
    except IntegrityError:
        part.unlink()  # resuming wrong bytes can never give the right file
        raise
    commit_partial(part, target)


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0


def _continue(download: Download, part: Path, timeout: float) -> None:
    have = _size(part)
    request = urllib.request.Request(download.url, headers={"User-Agent": "arae"})
    if have:
        request.add_header("Range", f"bytes={have}-")
    with urllib.request.urlopen(request, timeout=timeout) as answer:
        if have and not _continues_at(answer, have):
            say(f"{download.url}: the server cannot resume; starting over")
            have = 0
        with (
            part.open("ab" if have else "wb") as handle,
            progress(f"download {download.name}", download.bytes, "B", have) as shown,
        ):
            # One byte more than announced tells a longer file without swallowing all of it.
            while chunk := answer.read(min(CHUNK_BYTES, download.bytes + 1 - have)):
                handle.write(chunk)
                have += len(chunk)
                shown.advance(len(chunk))


def _continues_at(answer: http.client.HTTPResponse, offset: int) -> bool:
    found = re.match(r"bytes (\d+)-", answer.headers.get("Content-Range", ""))
    return answer.status == 206 and found is not None and int(found.group(1)) == offset


def _require(path: Path, download: Download, origin: str) -> None:
    fault = _fault(path, download)
    if fault is not None:
        raise IntegrityError(f"{origin}: {fault}; it is not used. {_by_hand(download)}")


def _fault(path: Path, download: Download) -> str | None:
    size = path.stat().st_size
    if size != download.bytes:
        relation = "fewer" if size < download.bytes else "more"
        return f"it has {relation} than the right {download.bytes} bytes"
    found = sha256_file(path)
    return None if found == download.sha256 else f"sha256 {found}, not {download.sha256}"


def _by_hand(download: Download) -> str:
    return (
        f"put a good copy of {download.name} into a folder and name that folder as the source's "
        "mirror"
    )
