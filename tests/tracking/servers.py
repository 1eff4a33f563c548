"""A real MLflow server and a real PostgreSQL on the loopback, to be stopped and started by tests."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

START_SECONDS = 120.0
DRIVER = "psycopg2"
# PostgreSQL refuses to run as root; its package makes this user.
POSTGRES_USER = "postgres"
PROGRAMS = ("initdb", "pg_ctl", "createdb")


def free_port() -> int:
    """A port of the loopback that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class TrackingServer:
    """`mlflow server` before a database, always on the same port."""

    def __init__(self, database: str, folder: Path) -> None:
        self._database, self._folder, self._port = database, folder, free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def uri(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self._port}"

    def start(self) -> None:
        """Start it, and wait until it answers."""
        command = [sys.executable, "-m", "mlflow", "server", "--workers", "1"]
        command += ["--host", "127.0.0.1", "--port", str(self._port)]
        command += ["--backend-store-uri", self._database]
        command += ["--artifacts-destination", str(self._folder / "artifacts")]
        with (self._folder / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                command,
                cwd=self._folder,
                env={**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true"},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            assert self._process.poll() is None and time.monotonic() < deadline, (
                f"mlflow server did not start: {(self._folder / 'server.log').read_text()[-2000:]}"
            )
            time.sleep(0.2)

    def kill(self) -> None:
        """Kill it and its workers, whatever they are doing."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.uri}/health", timeout=2) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False


class Postgres:
    """A database cluster of its own in a folder of its own."""

    def __init__(self, programs: Path, folder: Path) -> None:
        self._programs, self._folder, self._port = programs, folder, free_port()
        self._data, self._count = folder / "data", 0
        options = ["--auth=trust", "--username=arae", "--encoding=UTF8", "--no-sync"]
        self._run("initdb", "-D", str(self._data), *options)

    def fresh(self) -> str:
        """Address of a new, empty database."""
        self._count += 1
        where = ["--host=127.0.0.1", f"--port={self._port}", "--username=arae"]
        self._run("createdb", *where, f"store{self._count}")
        return f"postgresql://arae@127.0.0.1:{self._port}/store{self._count}"

    def start(self) -> None:
        """Start it, and wait until it answers."""
        options = f"-c listen_addresses=127.0.0.1 -p {self._port} -k {self._folder}"
        log = str(self._folder / "server.log")
        self._run("pg_ctl", "-D", str(self._data), "-l", log, "-o", options, "-w", "start")

    def kill(self) -> None:
        """Stop it as a power cut would: connections are cut, the journal is replayed next time."""
        self._run("pg_ctl", "-D", str(self._data), "-m", "immediate", "-w", "stop")

    def _run(self, program: str, *words: str) -> None:
        as_user = ["runuser", "-u", POSTGRES_USER, "--"] if os.geteuid() == 0 else []
        log = self._folder / "postgres.log"
        # A file: pg_ctl hands its output to the server that it starts, which would keep a pipe open.
        with log.open("ab") as output:
            done = subprocess.run(
                [*as_user, str(self._programs / program), *words],
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                check=False,
            )
        said = log.read_text(encoding="utf-8", errors="replace")[-2000:]
        assert done.returncode == 0, f"{program} ended with {done.returncode}: {said}"


def postgres_programs() -> Path | None:
    """Folder of PostgreSQL's programs; Debian keeps them off the PATH."""
    found = shutil.which("initdb")
    folders = [Path(found).parent] if found else []
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next(
        (folder for folder in folders if all((folder / name).exists() for name in PROGRAMS)), None
    )


def why_no_postgres() -> str:
    """What is missing for PostgreSQL; "" if nothing is."""
    if postgres_programs() is None:
        return "PostgreSQL is not installed (Debian: apt-get install postgresql)"
    if importlib.util.find_spec(DRIVER) is None:
        return f"{DRIVER} is not installed (`make extras` installs it)"
    if os.geteuid() == 0 and shutil.which("runuser") is None:
        return "PostgreSQL does not run as root, and there is no runuser"
    return ""


@contextlib.contextmanager
def postgres() -> Iterator[Postgres]:
    """A running PostgreSQL with nothing in it, and no trace of it afterwards."""
    programs = postgres_programs()
    assert programs is not None
    # Not under pytest's folders, which only their owner may enter; socket names must be short, too.
    folder = Path(tempfile.mkdtemp(prefix="arae-pg-"))
    if os.geteuid() == 0:
        shutil.chown(folder, POSTGRES_USER)
    try:
        server = Postgres(programs, folder)
        server.start()
        try:
            yield server
        finally:
            if (folder / "data/postmaster.pid").exists():
                server.kill()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
