"""What a checkpoint costs, and how soon after SIGTERM a training has ended with its state saved.

A real training of the size's recipe is started by `arae train` and stopped by the signal; checkpoints
are timed in it, from the times of their files' iterations. Example:

  python -m benchmarks.checkpoints                   the paper's SNLI size, 3 stops
"""

from __future__ import annotations

import json
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import torch

from arae.cli import main as arae
from arae.engine.trainer import Trainer
from benchmarks.command import in_fresh_process, parser_of, write
from benchmarks.pair import Pair
from benchmarks.sizes import SIZES, Size

MINUTES = 5.0  # `checkpoint_minutes` as it is by default


def save_seconds(size: Size, folder: Path, threads: int, repeats: int) -> tuple[float, float, int]:
    """Median seconds of a save and of an iteration, and the bytes of a checkpoint.

    The best epoch's weights are in it, as in all of a training but its first epoch.
    """
    torch.set_num_threads(threads)
    trainer: Trainer = (pair := Pair(size)).ours
    trainer._folder = folder
    trainer._best_weights = {n: t.clone() for n, t in trainer.system.state_dict().items()}
    saves, iterations = [], []
    for _ in range(repeats):
        started = time.perf_counter()
        pair.iterate_ours()
        iterations.append(time.perf_counter() - started)
        started = time.perf_counter()
        trainer._save()
        saves.append(time.perf_counter() - started)
    (weights, *_) = sorted(folder.glob("*.safetensors"))
    return statistics.median(saves), statistics.median(iterations), weights.stat().st_size


def corpus(size: Size, folder: Path, sentences: int = 4000) -> Path:
    """A folder with ids of sentences as long as the size's, of as many types."""
    draw = random.Random(1)
    (folder / "tokens").mkdir(parents=True)
    words = [f"w{number}" for number in range(size.vocabulary - 4)]
    for split, count in (("train", sentences), ("valid", 200), ("test", 10)):
        text = [" ".join(draw.choices(words, k=draw.randint(5, 15))) for _ in range(count)]
        if split == "train":
            text += [" ".join(words[at : at + 15]) for at in range(0, len(words), 15)]
        (folder / "tokens" / f"{split}.txt").write_text("\n".join(text) + "\n", encoding="utf-8")
    vocabulary, tokens = folder / "vocabulary.txt", folder / "tokens"
    out = ["--out", str(vocabulary)]
    settings = json.dumps({"size": size.vocabulary})
    arae(["vocabulary", "--input", str(tokens / "train.txt"), "--settings", settings, *out])
    out = ["--vocabulary", str(vocabulary), "--out", str(folder / "ids")]
    arae(["encode", "--input", str(tokens), *out])
    return folder


def stop(size: Size, folder: Path, after: float) -> tuple[float, int]:
    """A training that runs for `after` seconds of iterations: seconds from SIGTERM to its end, and the most
    resident bytes that it had, its checkpoint included."""
    folder.mkdir()
    command = [sys.executable, "-m", "arae", "train", "--ids", str(folder.parent / "text/ids")]
    command += ["--vocabulary", str(folder.parent / "text/vocabulary.txt"), "--out", "model"]
    recipe = {**size.recipe, "log_every": 1}
    command += ["--settings", json.dumps(recipe), "--threads", str(torch.get_num_threads())]
    environment = {**os.environ, "ARAE_JOURNAL": str(folder)}
    run = subprocess.Popen(command, cwd=folder, env=environment, stderr=subprocess.DEVNULL)
    while not any('"metrics"' in path.read_text("utf-8") for path in folder.glob("*.jsonl")):
        time.sleep(0.05)
    time.sleep(after)
    started = time.perf_counter()
    run.send_signal(signal.SIGTERM)
    _, status, usage = os.wait4(run.pid, 0)
    seconds = time.perf_counter() - started
    run.returncode = code = os.waitstatus_to_exitcode(status)
    saved = list(folder.glob("work/train/*/step-*.json"))
    if code != 75 or not saved:
        raise SystemExit(f"the training ended with {code} and {len(saved)} checkpoints")
    return seconds, usage.ru_maxrss * 1024


def measure(name: str, repeats: int) -> dict[str, Any]:
    """All numbers."""
    size = SIZES[name]
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        # Not in this process: those that it starts would be said to have had as much memory as it has.
        threads = torch.get_num_threads()
        save, iteration, weight = in_fresh_process(
            save_seconds, size, home / "saves", threads, 5 * repeats
        )
        corpus(size, home / "text")
        stops = [stop(size, home / str(number), 0.7 * number) for number in range(repeats)]
    return {
        "size": name,
        "threads": torch.get_num_threads(),
        "checkpoint_bytes": weight,
        "save_seconds": save,
        "iteration_seconds": iteration,
        "share_of_training": save / (save + 60 * MINUTES),
        "stop_seconds": [seconds for seconds, _ in stops],
        "peak_memory": max(memory for _, memory in stops),
    }


def main() -> None:
    """Command line."""
    parser = parser_of("checkpoints", __doc__)
    parser.add_argument("--size", choices=SIZES, default="paper", help="default: paper")
    parser.add_argument("--repeats", type=int, default=3, help="stops; default: 3")
    a = parser.parse_args()
    torch.set_num_threads(a.threads)
    result = measure(a.size, a.repeats)
    write(result, a.out, "checkpoints")
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
