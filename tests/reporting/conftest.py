"""A whole small study with true provenance: raw text, models, samples and scores by real stage runs."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from arae.foundation.stage import stage_run
from prepared import STUDIES

SYSTEMS = {"AAE": "aae-toy", "AE": "ae-toy", "ARAE": "arae-toy", "LM": "lm-toy"}
SEEDS = (1, 2, 3)
# As in params.yaml; the toy project has no VAE.
TABLE_1 = [
    {
        key: [label for label in value if label != "VAE"] if key == "than" else value
        for key, value in claim.items()
    }
    for claim in STUDIES["coverage-scenes"]["claims"]
]
LEVELS = {"real": 20.0, "lm-toy": 30.0, "ae-toy": 45.0, "arae-toy": 25.0, "aae-toy": 700.0}
DEFINITIONS = {
    "reverse_ppl": "real test text under a model of the samples",
    "forward_ppl": "samples under a model of real text",
    "distinct": "share of different sentences",
    "grammatical": "share that the grammar can make",
    "oracle_ppl": "true perplexity of the grammatical ones",
}


def study_settings(seeds=SEEDS, systems=None):
    return {
        "kind": "coverage",
        "corpus": "toy",
        "evaluation": {"samples": 500, "ngram": {"order": 3}, "language_model": {"hidden": 8}},
        "systems": systems or SYSTEMS,
        "seeds": list(seeds),
        "embedded": True,
        "published": {
            "source": "ARAE, Table 1 (SNLI)",
            "rows": {
                "Real data": {"reverse_ppl": 27.4},
                "LM": {"reverse_ppl": 90.6, "forward_ppl": 18.8},
                "AE": {"reverse_ppl": 97.3, "forward_ppl": 87.8},
                "ARAE": {"reverse_ppl": 82.2, "forward_ppl": 44.3},
                "AAE": {"reverse_ppl": 980.0},
            },
            "marks": {"AAE": {"reverse_ppl": "in the text only"}},
        },
        "claims": TABLE_1 if systems is None or systems == SYSTEMS else [],
    }


class FakeProject:
    """Makes artefacts with provenance under the current folder."""

    def __init__(self, seeds=SEEDS, systems=None, examples=None):
        self.seeds, self.systems = seeds, systems or SYSTEMS
        self.examples = ["a man is walking .", "two dogs run ."] if examples is None else examples
        self.scores, self.histories = [], []

    def build(self):
        raw = self.made("fetch", "data/raw/toy", {"train.txt": "a b c\nd e f\n"}, [], {"seed": 1})
        for text in ("real", *self.systems.values()):
            for seed in self.seeds:
                model = [] if text == "real" else self.model(text, seed, raw)
                self.score(text, seed, [*raw, *model])
        return self

    def model(self, recipe, seed, raw):
        generator = random.Random(f"{recipe}-{seed}")
        lines = []
        for step in range(0, 3001, 10):
            record = {"step": step, "epoch": step / 1000}
            record["reconstruction"] = 4 / (1 + step / 400) + generator.gauss(0, 0.05)
            if step % 500 == 0:
                record["valid_reverse_ppl_ngram"] = LEVELS[recipe] * (
                    1 + 3 / (1 + step / 300) + generator.gauss(0, 0.03)
                )
            lines.append(json.dumps(record))
        files = {
            "recipe.json": '{"settings": {"system": "toy"}}',
            "history.jsonl": "\n".join(lines),
        }
        folder = f"results/models/{recipe}/seed-{seed}"
        settings = {"system": recipe.partition("-")[0], "optimiser": {"rate": 0.001}}
        made = self.made("train", folder, files, raw, settings, seed)
        self.histories.append(Path(folder) / "history.jsonl")
        return made

    def score(self, text, seed, inputs):
        generator = random.Random(f"{text}-{seed}")
        level = LEVELS[text]
        wobble = 1 if text == "real" else generator.gauss(1, 0.01)
        metrics = {
            "reverse_ppl": level * wobble,
            "forward_ppl": level * 0.6 * wobble,
            "distinct": 0.95 - level / 2000,
            "grammatical": min(1.0, 20 / level) * wobble if text != "real" else 1.0,
        }
        if text != "aae-toy":
            metrics["oracle_ppl"] = 15 * wobble
        value = {
            "format": 1,
            "text": text,
            "system": text,
            "seed": seed,
            "metrics": metrics,
            "definitions": {name: DEFINITIONS[name] for name in metrics},
            "sentence_intervals": {"reverse_ppl": [level * 0.97, level * 1.03]},
            "examples": self.examples,
        }
        path = Path(f"results/scores/toy-study/{text}/seed-{seed}.json")
        path.parent.mkdir(parents=True, exist_ok=True)
        with stage_run(
            "evaluate",
            sidecar=path.with_name(path.name + ".provenance.json"),
            inputs=inputs,
            outputs=[path],
            settings={"ngram": {"order": 3}},
            seed=seed,
        ):
            path.write_text(json.dumps(value), encoding="utf-8")
        self.scores.append(path)

    @staticmethod
    def made(stage, folder, files, inputs, settings, seed=None):
        paths = [Path(folder) / name for name in files]
        Path(folder).mkdir(parents=True, exist_ok=True)
        with stage_run(
            stage,
            sidecar=Path(folder) / "provenance.json",
            inputs=inputs,
            outputs=paths,
            settings=settings,
            seed=seed,
        ):
            for path, text in zip(paths, files.values(), strict=True):
                path.write_text(text, encoding="utf-8")
        return paths

    def tabulate_command(self, **changes):
        settings = study_settings(self.seeds, self.systems) | changes
        return [
            *("tabulate", "--study", "toy-study", "--settings", json.dumps(settings)),
            *("--scores", *map(str, self.scores), "--histories", *map(str, self.histories)),
            *("--out", "results/studies/toy-study"),
        ]

    report_command = (
        *("report", "--studies", "results/studies/toy-study"),
        *("--out", "results/report.html", "--metrics", "results/metrics.json"),
    )


@pytest.fixture
def make_project(tmp_path, monkeypatch):
    """Builds a `FakeProject` in an empty folder, which becomes the current one."""
    monkeypatch.chdir(tmp_path)
    return lambda **options: FakeProject(**options).build()


@pytest.fixture
def project(make_project):
    """Four systems, three seeds."""
    return make_project()
