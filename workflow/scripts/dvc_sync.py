"""Keep DVC in step with the Snakefile.

generate [TARGET ...] write dvc.yaml for these targets or studies (the default target's)
check                 fail if dvc.yaml does not match the Snakefile
commit                record the outputs of all up-to-date stages in dvc.lock and DVC's cache
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "src"))

from arae.foundation.errors import AraeError, SettingsError  # noqa: E402
from arae.foundation.settings import suggest  # noqa: E402
from arae.workflow.graph import Job, read_graph  # noqa: E402
from arae.workflow.plan import Plan  # noqa: E402
from arae.workflow.versions import current, discard_torn_lock, document, targets_in  # noqa: E402

TARGETS = ("reproduce", "embedded", "paper")
DVC_YAML = Path("dvc.yaml")
DVC = [sys.executable, "-m", "dvc"]


def main() -> int:
    """Run the command line; returns the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("action", choices=["generate", "check", "commit"])
    parser.add_argument("studies", nargs="*", metavar="TARGET")
    arguments = parser.parse_args()
    try:
        return {"generate": generate, "check": check, "commit": commit}[arguments.action](
            arguments.studies
        )
    except AraeError as error:
        print(f"dvc_sync: error: {error}", file=sys.stderr)
        return error.exit_code


def generate(names: list[str]) -> int:
    """Write dvc.yaml."""
    jobs, targets = _graph(names)
    DVC_YAML.write_text(document(jobs, targets), encoding="utf-8")
    return 0


def check(names: list[str]) -> int:
    """Compare dvc.yaml with the Snakefile; 1 if they differ."""
    written = _written()
    jobs, targets = _graph(names or targets_in(written))
    if document(jobs, targets) == written:
        return 0
    print(f"{DVC_YAML}: out of date; run: python workflow/scripts/dvc_sync.py generate")
    return 1


def commit(names: list[str]) -> int:
    """Let DVC take over the outputs of stages that Snakemake calls up to date and complete."""
    written = _written()
    jobs, targets = _graph(names or targets_in(written))
    wanted = document(jobs, targets)
    if discard_torn_lock():
        print("dvc.lock: was not whole; it is written anew")
    if wanted != written:
        DVC_YAML.write_text(wanted, encoding="utf-8")
        print(f"{DVC_YAML}: renewed, the plan has changed")
    clean, stale = current(jobs)
    if stale:
        print(f"dvc: not recorded, because not up to date: {' '.join(stale)}")
        clean = sorted(_changed().intersection(clean))
    if not clean:
        return 0
    # Without names DVC takes all stages at once, many times faster than one by one.
    names = clean if stale else []
    return subprocess.run(
        [*DVC, "commit", "--force", "--no-relink", "--quiet", *names], check=False
    ).returncode


def _changed() -> set[str]:
    """Stages that differ from dvc.lock."""
    told = subprocess.run([*DVC, "status", "--json"], stdout=subprocess.PIPE, check=False).stdout
    return set(json.loads(told or "{}"))


def _graph(names: list[str]) -> tuple[list[Job], list[str]]:
    plan = Plan.load()
    targets = names or ["reproduce"]
    known = (*TARGETS, *plan.studies)
    for name in targets:
        if name not in known:
            raise SettingsError(f"no target or study '{name}'{suggest(name, known)}")
    return read_graph(plan, targets), targets


def _written() -> str:
    return DVC_YAML.read_text(encoding="utf-8") if DVC_YAML.exists() else ""


if __name__ == "__main__":
    sys.exit(main())
