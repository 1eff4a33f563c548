"""What all rules share: the plan, and names of files."""

import sys
from pathlib import Path

from snakemake.utils import min_version

min_version("9.27")
sys.path.insert(0, str(Path(workflow.basedir, "src")))

from arae.workflow.feasible import ask_systems
from arae.workflow.machine import gpus, one_line_errors, use_checkout
from arae.workflow.places import check_outputs
from arae.workflow.plan import Plan
from arae.workflow.records import bring_back_to_now, distrust_torn_records
from arae.workflow.session import Session
from arae.workflow.summary import summary
from arae.workflow.versions import commit_to_dvc

use_checkout(workflow.basedir)
with one_line_errors():
    plan = Plan.load(schema=Path(workflow.basedir, "workflow/schemas/params.schema.json"))
    ask_systems({name: plan.identity(name) for name in plan.studies}, "params.yaml")

session = Session()
distrust_torn_records()
bring_back_to_now()
GPU = gpus()
SPLITS = ["train", "valid", "test"]
ARRAYS = ["npy", "offsets.npy"]
# Files of a trained model that its users load, and all of them.
LOADED = ["model.safetensors", "recipe.json", "vocabulary.txt"]
MODEL = [*LOADED, "history.jsonl", "provenance.json"]
# The same of a model of images, and of the classifier that judges them.
IMAGE_MODEL = ["model.safetensors", "recipe.json", "history.jsonl", "provenance.json"]
IMAGE_CLASSIFIER = ["model.safetensors", "recipe.json"]
STUDY = ["table.csv", "table.md", "table.json", "figures.json", "curves.csv", "provenance.json"]


wildcard_constraints:
    corpus=r"[\w-]+",
    recipe=r"[\w-]+",
    study=r"[\w-]+",
    text=r"[\w-]+",
    seed=r"\d+",


# Only used with `--software-deployment-method apptainer`; requirements.lock pins the rest.
container: "docker://python:3.11-slim"


def more(amount):
    """An amount of memory or time that grows with each attempt of a job."""
    return lambda wildcards, attempt: amount * attempt


def folder(files):
    """Folder of a file, or of the first of several."""
    return str(Path(files if isinstance(files, str) else files[0]).parent)


def one_of(names):
    """Pattern of a wildcard that is one of these names; matches nothing if there are none."""
    return "|".join(names) or "(?!)"
