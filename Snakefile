# From raw text to the report.
#
#   snakemake                 the first embedded study, which needs no download, and its report
#   snakemake embedded        all embedded studies, and their report
#   snakemake <study>         one study; `snakemake --list-target-rules` names them
#   snakemake paper           all the others
#   snakemake -n              only show what would be done


# What all steps share.
include: "workflow/rules/common.smk"
# Which files steps read and studies are made of.
include: "workflow/rules/files.smk"
# Where the text comes from, and how it becomes ids.
include: "workflow/rules/corpora.smk"
# The same with labels beside the text.
include: "workflow/rules/labelled.smk"
# One trained model per recipe and seed.
include: "workflow/rules/models.smk"
# Sentences drawn from the models.
include: "workflow/rules/sampling.smk"
# The language models that judge the sentences, and the scores.
include: "workflow/rules/evaluation.smk"
# Labelled sentences in the words of other labels.
include: "workflow/rules/transfer.smk"
# The classifiers that judge those, and the scores.
include: "workflow/rules/transfer_scores.smk"
# What else is measured on the models.
include: "workflow/rules/probes.smk"
# Images: their corpora, models and scores.
include: "workflow/rules/images.smk"
# Each study's table and curves, and the report.
include: "workflow/rules/reports.smk"
# One target per study.
include: "workflow/rules/studies.smk"
# What happens when a run starts and ends.
include: "workflow/rules/tracking.smk"


# Every file is listed, not only the last ones: Snakemake does not notice that a file in the middle
# is missing when what was once made from it is there.
rule reproduce:
    default_target: True
    input:
        [files_of(plan.study(name)) for name in plan.default],
        rules.report.output,
    message:
        "complete: results/report.html"


rule embedded:
    input:
        [files_of(plan.study(name)) for name in plan.embedded],
        rules.report.output,
        rules.embedded_report.output,
    message:
        "all embedded studies are complete: results/embedded/report.html"
