"""What all rules share: the plan, names of files, and the files of a study."""

import sys
from pathlib import Path

from snakemake.utils import min_version

min_version("9.27")
sys.path.insert(0, str(Path(workflow.basedir, "src")))

from arae.workflow.machine import gpus, one_line_errors, use_checkout
from arae.workflow.plan import Plan
from arae.workflow.session import Session
from arae.workflow.versions import commit_to_dvc

use_checkout(workflow.basedir)
with one_line_errors():
    plan = Plan.load(schema=Path(workflow.basedir, "workflow/schemas/params.schema.json"))

session = Session()
GPU = gpus()
SPLITS = ["train", "valid", "test"]
ARRAYS = ["npy", "offsets.npy"]
# Files of a trained model that its users load, and all of them.
LOADED = ["model.safetensors", "recipe.json", "vocabulary.txt"]
MODEL = [*LOADED, "history.jsonl", "provenance.json"]
STUDY = ["table.csv", "table.md", "table.json", "curves.csv", "perplexity.svg", "selection.svg"]
STUDY += ["provenance.json"]


wildcard_constraints:
    corpus=r"[\w-]+",
    recipe=r"[\w-]+",
    study=r"[\w-]+",
    text=r"[\w-]+",
    seed=r"\d+",


# Only used with `--software-deployment-method apptainer`; requirements.lock pins the rest.
container: "docker://python:3.11-slim"


def folder(files):
    """Folder of a file, or of the first of several."""
    return str(Path(files if isinstance(files, str) else files[0]).parent)


def ids_of(corpus, splits):
    """Encoded splits of a corpus."""
    return expand(f"data/processed/{corpus}/ids/{{split}}.{{array}}", split=splits, array=ARRAYS)


def text_of(wildcards):
    """The sentences of a text: a recipe's samples, or real ones."""
    if wildcards.text in ("real", "forward"):
        return f"data/processed/{plan.study(wildcards.study).corpus}/tokens/train.txt"
    return f"results/samples/{wildcards.study}/{wildcards.text}/seed-{wildcards.seed}.txt"


def scores_of(study):
    """A score for every text and seed of a study."""
    return expand(rules.evaluate.output.scores, study=study.name, text=study.texts, seed=study.seeds)


def histories_of(study):
    """The course of training of every model of a study."""
    return expand(
        "results/models/{recipe}/seed-{seed}/history.jsonl", recipe=study.recipes, seed=study.seeds
    )


def files_of(study):
    """Every file that the stages of a study make."""
    corpus = [*rules.fetch.output, *rules.tokenize.output]
    corpus += [*rules.vocabulary.output, *rules.encode.output]
    models = [*rules.train.output, *rules.sample.output]
    judged = [*rules.train_lm.output, *rules.evaluate.output]
    forward = dict(text="forward", seed=study.instrument_seed)
    own = [] if study.embedded else rules.study_report.output
    return [
        *expand(corpus, corpus=study.corpus),
        *expand(models, study=study.name, recipe=study.recipes, seed=study.seeds),
        *expand(judged, study=study.name, text=study.texts, seed=study.seeds),
        *expand(rules.train_lm.output, study=study.name, **forward),
        *expand([*rules.tabulate.output, *own], study=study.name),
    ]
