"""Table 1 at the paper's sizes on real captions (`snli_open`): one command on a GPU, one here for the page.

  python -m benchmarks.paper_open run --seeds 1 2 3 --minutes 100      there; again, and it goes on
  python -m benchmarks.paper_open page results/paper_open.tar.xz       here: docs/results/coverage-snli-open-paper.md

`run` needs torch, numpy, safetensors, PyYAML and tqdm, no network, and the encoded corpus, which
`snakemake coverage-snli-open` makes here (`data/processed/snli_open`: ids, tokens, vocabulary.txt). Each
text is trained, sampled, read by a language model and scored by the project's own commands, which skip nothing
and resume where they were stopped. When the time is up the current one is told to stop and keeps its state.
What is done is packed: scores, histories, provenance, and as many first samples as fit; no weights.
"""

from __future__ import annotations

import argparse
import json
import signal
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from arae.evaluation.intervals import t_interval
from arae.foundation.settings import load_yaml, read_settings
from arae.stages.evaluate import FORMAT

PARAMS = Path("params.yaml")
SYSTEMS = {
    "LM": "lm-snli",
    "AE": "ae-snli",
    "VAE": "vae-snli",
    "AAE": "aae-snli",
    "ARAE (paper)": "arae-snli-paper",
    "ARAE (code 2018)": "arae-snli-code2018",
}
PAGE = Path("docs/results/coverage-snli-open-paper.md")
LARGEST = 15_000_000  # bytes of the archive
SAMPLES = (100_000, 30_000, 10_000, 3_000, 1_000, 100)  # lines of each text, as many as fit
STOPPED = 75  # the exit code of a training that was told to stop and kept its state
COLUMNS = {
    "reverse_ppl": "Reverse PPL",
    "forward_ppl": "Forward PPL",
    "reverse_ppl_ngram": "Reverse PPL, n-gram",
    "forward_ppl_ngram": "Forward PPL, n-gram",
    "distinct": "Distinct",
    "types": "Types used",
    "mean_length": "Mean length",
}


@dataclass(frozen=True)
class Job:
    """One command, the text that it is for, and the file that says that it has ended."""

    words: Sequence[str]
    text: str
    made: Path


@dataclass(frozen=True)
class Plan:
    """What is to be run, and where."""

    data: Path
    out: Path
    recipes: dict[str, dict[str, Any]]  # by name, as in params.yaml
    language_model: dict[str, Any]
    count: int
    device: str

    def jobs(self, seeds: Sequence[int]) -> Iterator[Job]:
        """All commands, seed by seed."""
        forward = self.out / "language_models/real/seed-1"
        yield self._reader("real", self.data / "tokens/train.txt", forward, 1)
        for seed in seeds:
            for name in self.recipes:
                yield from self._text(name, seed, forward)

    def _text(self, name: str, seed: int, forward: Path) -> Iterator[Job]:
        recipe = {**self.recipes[name], "corpus": "snli_open"}
        sampling = {"count": self.count, **recipe.get("sampling", {})}
        model = self.out / f"models/{name}/seed-{seed}"
        text = self.out / f"samples/{name}/seed-{seed}.txt"
        reader = self.out / f"language_models/{name}/seed-{seed}"
        scores = self.out / f"scores/{name}/seed-{seed}.json"
        seeded = ("--seed", str(seed), "--device", self.device)
        of = f"{name}, seed {seed}"
        words: tuple[str, ...] = ("train", *self._corpus(), "--settings", json.dumps(recipe))
        yield Job((*words, *seeded, "--out", str(model)), of, model / "provenance.json")
        words = ("sample", "--model", str(model), "--settings", json.dumps(sampling), *seeded)
        yield Job((*words, "--out", str(text)), of, text.with_name(text.name + ".provenance.json"))
        yield self._reader(of, text, reader, seed)
        words = ("evaluate", "--samples", str(text), "--sentences", "none")
        words += ("--reverse-lm", str(reader), "--forward-lm", str(forward))
        words += ("--tokens", str(self.data / "tokens"))
        words += ("--vocabulary", str(self.data / "vocabulary.txt"))
        words += ("--settings", '{"ngram": {"order": 5}}', "--oracle", '{"kind": "files"}')
        words += ("--device", self.device, "--out", str(scores))
        yield Job(words, of, scores.with_name(scores.name + ".provenance.json"))

    def _reader(self, of: str, text: Path, folder: Path, seed: int) -> Job:
        words = ("train-lm", "--text", str(text), *self._corpus())
        words += ("--settings", json.dumps(self.language_model), "--seed", str(seed))
        words += ("--device", self.device, "--out", str(folder))
        return Job(words, of, folder / "provenance.json")

    def _corpus(self) -> tuple[str, ...]:
        return "--ids", str(self.data / "ids"), "--vocabulary", str(self.data / "vocabulary.txt")


def run(jobs: Iterator[Job], minutes: float) -> int:
    """Do what is not done yet, as long as there is time: 0 all done, 75 more to do, 1 something failed."""
    failed: set[str] = set()
    ends = time.monotonic() + 60 * minutes
    for job in jobs:
        if job.made.is_file() or job.text in failed:
            continue
        left = ends - time.monotonic()
        if left <= 0:
            return STOPPED
        print(f"[{left / 60:.1f} min left] {job.text}: {job.words[0]}", flush=True)
        process = subprocess.Popen([sys.executable, "-m", "arae", *job.words])
        try:
            code = process.wait(left)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGTERM)
            code = process.wait()
        if code == STOPPED or time.monotonic() >= ends:
            return STOPPED
        if code:
            failed.add(job.text)
            print(f"{job.text}: {job.words[0]} ended with {code}; other texts go on", flush=True)
    return int(bool(failed))


def pack(out: Path, archive: Path, facts: dict[str, Any]) -> int:
    """Write the archive with as many first samples as fit; returns how many of each text."""
    small = [p for p in sorted(out.rglob("*")) if p.name in ("history.jsonl", "provenance.json")]
    small += sorted((out / "scores").rglob("*.json"))
    for lines in SAMPLES:
        with tempfile.TemporaryDirectory() as folder, tarfile.open(archive, "w:xz") as file:
            for path in small:
                file.add(path, str(path.relative_to(out)))
            for path in sorted((out / "samples").rglob("seed-*.txt")):
                first = Path(folder) / "first.txt"
                kept = path.read_text(encoding="utf-8").splitlines(keepends=True)[:lines]
                first.write_text("".join(kept), encoding="utf-8")
                file.add(first, str(path.relative_to(out)))
            known = Path(folder) / "run.json"
            known.write_text(json.dumps({**facts, "samples_kept": lines}), encoding="utf-8")
            file.add(known, "run.json")
        if archive.stat().st_size < LARGEST:
            return lines
    raise SystemExit(f"{archive}: larger than {LARGEST} bytes without any samples")


def page(archive: Path) -> str:
    """The documentation's page of an archive."""
    scores, facts, ends = _read(archive)
    if not scores:
        raise SystemExit(f"{archive}: holds no scores; let `run` go on until a text is scored")
    names = [name for name, recipe in SYSTEMS.items() if recipe in scores]
    head = ["System", "seeds", "epochs", *COLUMNS.values()]
    rows = [head, ["---", *["---:"] * (len(head) - 1)]]
    for name in names:
        recipe = SYSTEMS[name]
        epochs = sorted({f"{ends[recipe, seed]:g}" for seed in scores[recipe]})
        cells = [_cell([s[metric] for s in scores[recipe].values()]) for metric in COLUMNS]
        rows.append([name, str(len(scores[recipe])), ", ".join(epochs), *cells])
    missing = [name for name, recipe in SYSTEMS.items() if recipe not in scores]
    by_seed = [
        f"- {name}, seed {seed}: reverse {s['reverse_ppl']:.4g}, forward {s['forward_ppl']:.4g}, "
        f"n-gram reverse {s['reverse_ppl_ngram']:.4g}"
        for name in names
        for seed, s in sorted(scores[SYSTEMS[name]].items())
    ]
    return "\n".join(
        [
            "# Table 1 at the paper's sizes on real captions (coverage-snli-open-paper)",
            "",
            f"`python -m benchmarks.paper_open run` on {facts['device']}, torch {facts['torch']}; "
            f"recipes of `params.yaml` ({', '.join(SYSTEMS[name] for name in names)}), corpus `snli_open`, "
            f"{facts['count']:,} samples a text. ± is half of Student's 95 % interval over seeds. The page is "
            "`python -m benchmarks.paper_open page ARCHIVE`.",
            "",
            *(["Not scored within the time: " + ", ".join(missing) + ".", ""] if missing else []),
            *("| " + " | ".join(row) + " |" for row in rows),
            "",
            "## By seed",
            "",
            *by_seed,
            "",
        ]
    )


def _read(archive: Path) -> tuple[dict[str, dict[int, Any]], dict[str, Any], dict[Any, float]]:
    scores: dict[str, dict[int, Any]] = {}
    ends: dict[Any, float] = {}
    facts: dict[str, Any] = {}
    with tarfile.open(archive) as file:
        for member in file.getmembers():
            path = Path(member.name)
            source = file.extractfile(member)
            text = source.read().decode() if source else ""
            if path.name == "run.json":
                facts = json.loads(text)
            elif path.parts[0] == "scores" and "provenance" not in path.name:
                found = json.loads(text)
                if found["format"] != FORMAT:
                    raise SystemExit(
                        f"{archive}: {path} has format {found['format']}, not {FORMAT}"
                    )
                scores.setdefault(found["text"], {})[found["seed"]] = found["metrics"]
            elif path.parts[0] == "models" and path.name == "history.jsonl":
                last = json.loads(text.splitlines()[-1])
                ends[path.parts[1], int(path.parts[2].removeprefix("seed-"))] = last["epoch"]
    return scores, facts, ends


def _cell(values: Sequence[float]) -> str:
    found = t_interval(values)
    return f"{found.mean:.4g}" + (f" ± {found.half_width:.2g}" if found.half_width else "")


def plan_of(a: argparse.Namespace) -> Plan:
    """The plan that the command line asks for."""
    missing = [name for name in ("ids", "tokens", "vocabulary.txt") if not (a.data / name).exists()]
    if missing:
        raise SystemExit(
            f"{a.data}: holds no {', '.join(missing)}; make it with `snakemake coverage-snli-open`"
        )
    changes = json.loads(a.changes) | ({"epochs": a.epochs} if a.epochs else {})
    recipes = {name: {**read_settings(f"{PARAMS}#recipes.{name}"), **changes} for name in a.systems}
    reader = load_yaml(PARAMS)["evaluation"]["paper"]["language_model"]
    reader |= json.loads(a.language_model)
    return Plan(a.data, a.out, recipes, reader, a.samples, a.device)


def main() -> int:
    """Command line; 75 if there is more to do, 1 if something failed."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.paper_open",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    verbs = parser.add_subparsers(dest="verb", required=True)
    add = verbs.add_parser("run", help="train, sample and score").add_argument
    add("--data", type=Path, default=Path("data/processed/snli_open"), help="the encoded corpus")
    add("--out", type=Path, default=Path("results/paper_open"), help="folder; state and results")
    add("--systems", nargs="+", choices=SYSTEMS.values(), default=list(SYSTEMS.values()))
    add("--seeds", type=int, nargs="+", default=[1], help="default: 1")
    add("--epochs", type=int, default=0, help="instead of the recipes' 15")
    add("--minutes", type=float, default=600.0, help="time limit; default: 600")
    add("--samples", type=int, default=100_000, help="sentences of each text; default: 100,000")
    add("--changes", default="{}", help="JSON laid over every recipe (to try it out)")
    add("--language-model", default="{}", help="JSON laid over the language model's recipe")
    add("--device", default="auto", help="auto, cpu or cuda[:n]; default: auto")
    add = verbs.add_parser("page", help="write the documentation's page").add_argument
    add("archive", type=Path)
    add("--out", type=Path, default=PAGE, help=f"default: {PAGE}")
    a = parser.parse_args()
    if a.verb == "page":
        a.out.write_text(page(a.archive), encoding="utf-8")
        print(f"written to {a.out}")
        return 0
    plan = plan_of(a)
    code = run(plan.jobs(a.seeds), a.minutes)
    archive = a.out.with_name(a.out.name + ".tar.xz")
    kept = pack(a.out, archive, _facts(a))
    size = archive.stat().st_size / 1e6
    print(f"{archive}: {size:.1f} MB, the first {kept:,} samples of each text")
    print("not all done: the same command goes on" if code else "all done")
    return code


def _facts(a: argparse.Namespace) -> dict[str, Any]:
    import torch

    from arae.engine.device import describe_device, prepare_device

    device = describe_device(prepare_device(a.device, 1))["device"]
    return {"device": device, "torch": torch.__version__, "count": a.samples, "seeds": a.seeds}


if __name__ == "__main__":
    sys.exit(main())
