"""What all rules share: the plan, names of files, and the files of a study."""

import sys
from pathlib import Path

from snakemake.utils import min_version

min_version("9.27")
sys.path.insert(0, str(Path(workflow.basedir, "src")))

from arae.workflow.families import KINDS
from arae.workflow.machine import gpus, one_line_errors, use_checkout
from arae.workflow.plan import Plan
from arae.workflow.records import bring_back_to_now, distrust_torn_records
from arae.workflow.session import Session
from arae.workflow.versions import commit_to_dvc

use_checkout(workflow.basedir)
with one_line_errors():
    plan = Plan.load(schema=Path(workflow.basedir, "workflow/schemas/params.schema.json"))

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
STUDY = ["table.csv", "table.md", "table.json", "curves.csv", "provenance.json"]


# The files of a study beyond its corpus, models and table, by family: each rule file adds its own.
MADE = {}


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


def ids_of(corpus, splits):
    """Encoded splits of a corpus, with their labels if it has any."""
    arrays = ARRAYS + (["labels.npy"] if corpus in plan.labelled else [])
    files = expand(f"data/processed/{corpus}/ids/{{split}}.{{array}}", split=splits, array=arrays)
    names = [f"data/processed/{corpus}/ids/labels.txt"] if corpus in plan.labelled else []
    return files + names


def tokens_of(corpus):
    """Tokenised splits of a corpus."""
    return expand(f"data/processed/{corpus}/tokens/{{split}}.txt", split=SPLITS)


def images_of(corpus, splits):
    """Binarised splits of a corpus, with their labels."""
    return expand(
        f"data/processed/{corpus}/images/{{split}}.{{array}}",
        split=splits,
        array=["npy", "labels.npy"],
    )


def image_model_of(wildcards):
    """Files of the model that a text of a study comes from; none for real images."""
    if wildcards.text == "real":
        return []
    return [
        f"results/models/{wildcards.text}/seed-{wildcards.seed}/{file}" for file in IMAGE_MODEL[:2]
    ]


def one_of(names):
    """Pattern of a wildcard that is one of these names; matches nothing if there are none."""
    return "|".join(names) or "(?!)"


def text_of(wildcards):
    """The sentences of a text: a recipe's samples, or real ones.

    Where text is transferred, the real ones are the sentences that systems are given.
    """
    given = plan.study(wildcards.study).family == "transfer"
    if wildcards.text == "forward" or (wildcards.text == "real" and not given):
        return f"data/processed/{plan.study(wildcards.study).corpus}/tokens/train.txt"
    return f"results/samples/{wildcards.study}/{wildcards.text}/seed-{wildcards.seed}.txt"


def scores_of(study):
    """A score for every text and seed of a study."""
    return expand(
        rules.evaluate.output.scores, study=study.name, text=study.texts, seed=study.seeds
    )


def language_models_of(study):
    """A language model for every text and seed of a study, and the one that measures all texts."""
    models = rules.train_lm.output
    return [
        *expand(models, study=study.name, text=study.texts, seed=study.seeds),
        *expand(models, study=study.name, text="forward", seed=study.instrument_seed),
    ]


def histories_of(study):
    """The course of training of every model of a study."""
    return expand(
        "results/models/{recipe}/seed-{seed}/history.jsonl", recipe=study.recipes, seed=study.seeds
    )


def text_files_of(study):
    """Files of a study's text, from its source to its ids, and its models."""
    made = [rules.fetch, rules.tokenize, rules.encode]
    if study.corpus in plan.labelled:
        made = [rules.fetch_labelled, rules.tokenize_labelled, rules.encode_labelled]
    corpus = [path for rule in [*made, rules.vocabulary] for path in rule.output]
    return [
        *expand(corpus, corpus=study.corpus),
        *expand(rules.train.output, recipe=study.recipes, seed=study.seeds),
    ]


def files_of(study):
    """Every file that the stages of a study make."""
    own = [] if study.embedded else rules.study_report.output
    return [
        *([] if study.corpus in plan.image_corpora else text_files_of(study)),
        *MADE[study.family](study),
        *tables([study.name]),
        *expand(own, study=study.name),
    ]


def table_files(kind):
    """Names of the files that a study of a kind is shown by."""
    return STUDY + [f"{figure}.svg" for figure in KINDS[kind].figures]


def tables(studies):
    """What some studies are shown by."""
    return [
        f"results/studies/{name}/{file}"
        for name in studies
        for file in table_files(plan.study(name).kind)
    ]
