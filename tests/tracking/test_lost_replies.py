"""A gateway that loses the server's replies: what was done is not done a second time."""

from __future__ import annotations

import shutil
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from arae.foundation.files import write_json
from arae.tracking import shipping
from arae.tracking.store import Store, StoreAway

from .conftest import DEAD, Shelf
from .servers import TrackingServer
from .test_shipping import train

pytestmark = pytest.mark.slow

SECRET = "s3cr3t-w0rd"


@pytest.fixture
def server(empty_database: Path, tmp_path: Path) -> Iterator[TrackingServer]:
    """MLflow's server before a sqlite store."""
    shutil.copy(empty_database, tmp_path / "served.db")
    running = TrackingServer(f"sqlite:///{tmp_path / 'served.db'}", tmp_path)
    running.start()
    yield running
    running.kill()


class Gateway(ThreadingHTTPServer):
    """Passes each request on, but answers 503 to the first of each sort that changes something."""

    def __init__(self, behind: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.behind, self.lost = behind, set[str]()

    @property
    def with_password(self) -> str:
        return f"http://user:{SECRET}@127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: Gateway

    def _pass_on(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        kept = {"Content-Type": self.headers.get("Content-Type", "application/json")}
        request = urllib.request.Request(
            self.server.behind + self.path, body or None, kept, method=self.command
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                status, content = answer.status, answer.read()
        except urllib.error.HTTPError as error:
            status, content = error.code, error.read()
        verb = self.path.rpartition("/")[2]
        if verb in ("create", "log-batch", "update") and verb not in self.server.lost:
            self.server.lost.add(verb)
            status, content = 503, b"{}"
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_PATCH = _pass_on

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def gateway(server: TrackingServer) -> Iterator[Gateway]:
    """The gateway before the server."""
    made = Gateway(server.uri)
    thread = threading.Thread(target=made.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield made
    made.shutdown()
    made.server_close()
    thread.join()


def test_a_lost_reply_makes_no_second_run_and_no_second_point(
    server: TrackingServer,
    gateway: Gateway,
    invocation: Callable[..., Path],
    journal: Callable[..., Any],
    capfd: pytest.CaptureFixture[str],
) -> None:
    folder = invocation(owner=DEAD)
    train(journal(folder))
    write_json(folder / "finished.json", {"status": "FINISHED", "time": 5})
    failures = 0
    while not (folder / "shipped.json").exists():
        try:
            shipping.ship(Store.connect(gateway.with_password), folder, final=True)
        except StoreAway:
            failures += 1
            assert failures < 10
    assert gateway.lost == {"create", "log-batch", "update"}
    shelf = Shelf(server.uri)
    assert len(shelf.parents()) == 1
    (child,) = shelf.children()
    assert len(shelf.points(child)) == 6
    assert child.info.status == "FINISHED"
    assert SECRET not in "".join(capfd.readouterr())
