"""A stage of tests: writes as many points as it is told, one line a step, and its output last.

Halfway it stays at work, with a point a second, until the file `go` is there.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from arae.foundation.stage import stage_run


def main(seed: int, steps: int, pause: float) -> None:
    """Run the stage."""
    folder = Path(f"results/models/load/seed-{seed}")
    folder.mkdir(parents=True)
    output = folder / "model.txt"
    with stage_run(
        "fetch",
        sidecar=folder / "provenance.json",
        inputs=[],
        outputs=[output],
        settings={"steps": steps},
        seed=seed,
    ) as stage:
        step = 0
        while step < steps:
            stage.metrics(step, {"loss": seed / (step + 1)})
            waits = step >= steps // 2 and not Path("go").exists()
            steps += waits
            step += 1
            time.sleep(1.0 if waits else pause)
        output.write_text("done\n", encoding="utf-8")


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]))
