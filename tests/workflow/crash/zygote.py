"""Runs stages in children of one process that has imported everything once.

Importing takes most of the time of a tiny stage. Each line on standard input is a request:
{"do": "stage", "argv": […], "cwd": "…", "log": "…", "fault": [at, action, log] or null} or
{"do": "verify", "paths": […], "cwd": "…", "log": "…"}; the answer is the child's exit code, negative
for a signal. What a stage prints, and what a verification finds, goes to the log.
"""

from __future__ import annotations

import importlib
import json
import os
import pkgutil
import sys
import traceback
from typing import Any

import arae.cli
from arae.foundation.provenance import verify_chain

from . import faults

PACKAGES = ("corpora", "engine", "evaluation", "foundation", "generation", "nn", "probes")
PACKAGES += ("reporting", "stages", "systems", "text")


def main() -> None:
    """Serve until standard input ends."""
    for name in PACKAGES:
        package = importlib.import_module(f"arae.{name}")
        for module in pkgutil.walk_packages(package.__path__, f"arae.{name}."):
            importlib.import_module(module.name)
    for line in sys.stdin:
        request = json.loads(line)
        child = os.fork()
        if child == 0:
            os._exit(_child(request))
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def _child(request: dict[str, Any]) -> int:
    os.chdir(request["cwd"])
    log = os.open(request["log"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for target, source in ((0, nothing), (1, log), (2, log)):
        os.dup2(source, target)
    try:
        if request["do"] == "verify":
            check = verify_chain(request["paths"])
            print(json.dumps({"files": check.files, "faults": check.faults}), flush=True)
            return 0
        if request["fault"]:
            faults.install(*request["fault"])
        code = arae.cli.main(request["argv"])
        sys.stdout.flush()
        return code
    except SystemExit as error:
        return int(error.code or 0)
    except BaseException:
        traceback.print_exc()
        return 1


if __name__ == "__main__":
    main()
