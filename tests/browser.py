"""A real browser without a window: one visit, its console, and what the page asked for."""

from __future__ import annotations

import json
import shutil
import subprocess

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
BROWSER = next(filter(None, map(shutil.which, BROWSERS)), None)
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--disable-default-apps", "--disable-extensions", "--hide-scrollbars"),
)


def browse(page, profile, *flags):
    """Output of one headless visit: the DOM on stdout, the browser's log on stderr."""
    return subprocess.run(
        [BROWSER, *FLAGS, f"--user-data-dir={profile}", *flags, page.as_uri()],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )


def visit_in_silence(page, folder):
    """The report's DOM, after a visit with no message on the console and no request."""
    log = folder / "net.json"
    flags = ("--dump-dom", "--enable-logging=stderr", f"--log-net-log={log}")
    done = browse(page, folder / "profile", *flags)
    assert console(done) == []
    assert requests(log) == []
    assert "<title>Adversarially Regularized Autoencoders: results</title>" in done.stdout
    return done.stdout


def console(done):
    return [line for line in done.stderr.splitlines() if "CONSOLE" in line]


def requests(log):
    """URLs that the page (a file, or a document inside it) asked for, by the browser's network log."""
    return [
        event["params"]["url"]
        for event in json.loads(log.read_text())["events"]
        if "url" in event.get("params", {})
        and (
            "file://" in str(event["params"].get("initiator", ""))
            or "null" in str(event["params"].get("initiator", ""))
        )
    ]
