"""One thread per process: tests run beside each other, and tiny matrices gain nothing from two."""

import os
import signal

import hypothesis
import pytest

# The same examples in every run: a test that fails, fails for a change and not for a draw.
hypothesis.settings.register_profile("repeatable", derandomize=True, database=None)
hypothesis.settings.load_profile("repeatable")

os.environ.setdefault("OMP_NUM_THREADS", "1")
# A shell's background job ignores Ctrl-C, and so would the programs under test.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_xdist_auto_num_workers() -> int:
    """One more than there are processors: the longest tests wait for what they have started."""
    return len(os.sched_getaffinity(0)) + 1


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with the slowest tests first: what is left for the end is short, for all processes."""
    marked = {
        mark: {item.path for item in items if item.get_closest_marker(mark)}
        for mark in ("workflow", "slow")
    }
    items.sort(key=lambda item: [item.path not in paths for paths in marked.values()])


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What was skipped and why, each reason once: a test that did not run showed nothing."""
    reasons: dict[str, list[str]] = {}
    for report in terminalreporter.stats.get("skipped", []):
        words = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        reasons.setdefault(words.removeprefix("Skipped: "), []).append(report.nodeid)
    for reason, tests in sorted(reasons.items()):
        files = ", ".join(sorted({test.split("::")[0] for test in tests}))
        terminalreporter.write_line(f"skipped: {len(tests)} in {files}: {reason}")
