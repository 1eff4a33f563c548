"""Which files steps read and studies are made of."""

from arae.reporting.kinds.registry import KINDS

# The files of a study beyond its corpus, models and table, by family: each rule file adds its own.
MADE = {}


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
    return STUDY + [f"{figure}.svg" for figure in KINDS[kind].figure_names]


def tables(studies):
    """What some studies are shown by."""
    return [
        f"results/studies/{name}/{file}"
        for name in studies
        for file in table_files(plan.study(name).kind)
    ]
