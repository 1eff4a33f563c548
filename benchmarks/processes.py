"""Time `arae train` at the paper's size: one process, threads, data-parallel, two trainings at once.

The ways take turns; each trains the same epoch of a synthetic corpus, and its speed is taken from the
journal between the 10th and the 60th iteration. Example:

  python -m benchmarks.processes --rounds 2
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.checkpoints import corpus
from benchmarks.command import parser_of, write
from benchmarks.sizes import SIZES, Size

# Way: trainings at once, processes of each, threads of each.
WAYS = {
    "one process, one thread": (1, 1, 1),
    "one process, two threads": (1, 1, 2),
    "two processes": (1, 2, 2),
    "two trainings": (2, 1, 1),
}
# Iterations that are timed, and the sentences that make so many and a few more.
FIRST, LAST, SENTENCES = 10, 60, 3200


def start(size: Size, text: Path, folder: Path, processes: int, threads: int) -> Any:
    """Begin a training of one epoch in a folder of its own."""
    folder.mkdir()
    recipe = {**size.recipe, "log_every": 10, "epochs": 1, "selection": {"by": "valid_loss"}}
    command = [sys.executable, "-m", "arae", "train", "--ids", str(text / "ids"), "--out", "model"]
    command += ["--vocabulary", str(text / "vocabulary.txt"), "--settings", json.dumps(recipe)]
    command += ["--threads", str(threads), "--processes", str(processes)]
    environment = {**os.environ, "ARAE_JOURNAL": str(folder)}
    return subprocess.Popen(command, cwd=folder, env=environment, stderr=subprocess.DEVNULL)


def finish(training: Any, folder: Path, batch_size: int) -> dict[str, float]:
    """Wait for it; sentences a second, and the losses of its last record."""
    if training.wait():
        raise SystemExit(f"a training ended with {training.returncode}")
    (journal,) = folder.glob("*.jsonl")
    events = [json.loads(line) for line in journal.read_text(encoding="utf-8").splitlines()]
    losses = [e for e in events if e["event"] == "metrics" and "reconstruction" in e["values"]]
    at = {event["step"]: event["time"] / 1000 for event in losses}
    speed = (LAST - FIRST) * batch_size / (at[LAST] - at[FIRST])
    return {"sentences_per_second": speed, **losses[-1]["values"]}


def measure(rounds: int) -> dict[str, list[list[dict[str, float]]]]:
    """What each training gave, by way and round."""
    size = SIZES["paper"]
    found: dict[str, list[list[dict[str, float]]]] = {way: [] for way in WAYS}
    with tempfile.TemporaryDirectory() as home:
        text = corpus(size, Path(home) / "text", SENTENCES)
        for number in range(rounds):
            for way, (trainings, processes, threads) in WAYS.items():
                places = [Path(home) / f"{number} {way} {which}" for which in range(trainings)]
                begun = [start(size, text, place, processes, threads) for place in places]
                batch_size = size.recipe["batch_size"]
                found[way].append(
                    [finish(*both, batch_size) for both in zip(begun, places, strict=True)]
                )
    return found


def main() -> None:
    """Command line."""
    parser = parser_of("processes", __doc__, threads=None)
    parser.add_argument("--rounds", type=int, default=2, help="default: 2")
    a = parser.parse_args()
    found = measure(a.rounds)
    write(found, a.out, "processes")
    for way, runs in found.items():
        speeds = [[round(one["sentences_per_second"]) for one in run] for run in runs]
        losses = {name: runs[0][0][name] for name in ("reconstruction", "critic_penalty")}
        print(f"{way}: {speeds} sentences/s, {losses}")


if __name__ == "__main__":
    main()
