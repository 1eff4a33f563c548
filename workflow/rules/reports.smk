"""Tables and curves of a study, and the reports over studies."""


rule tabulate:
    input:
        scores=lambda w: scores_of(plan.study(w.study)),
        histories=lambda w: histories_of(plan.study(w.study)),
    output:
        expand("results/studies/{{study}}/{file}", file=STUDY),
    log:
        "logs/tabulate/{study}.log",
    benchmark:
        "logs/benchmarks/tabulate/{study}.tsv"
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        settings=lambda w: plan.tabulate(w.study),
        code=lambda w: plan.code("tabulate"),
        folder=lambda w, output: folder(output),
    message:
        "tabulate {wildcards.study}"
    shell:
        "arae tabulate --study {wildcards.study} --settings {params.settings:q}"
        " --scores {input.scores:q} --histories {input.histories:q}"
        " --out {params.folder:q} > {log:q} 2>&1"


rule report:
    input:
        expand("results/studies/{study}/{file}", study=plan.embedded, file=STUDY),
    output:
        report="results/report.html",
        metrics="results/metrics.json",
        provenance="results/report.html.provenance.json",
    log:
        "logs/report/embedded.log",
    benchmark:
        "logs/benchmarks/report/embedded.tsv"
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        code=lambda w: plan.code("report"),
        studies=expand("results/studies/{study}", study=plan.embedded),
    message:
        "report on the embedded studies"
    shell:
        "arae report --studies {params.studies:q} --out {output.report:q}"
        " --metrics {output.metrics:q} > {log:q} 2>&1"


# A study outside the default target has a report of its own.
use rule report as study_report with:
    input:
        expand("results/studies/{{study}}/{file}", file=STUDY),
    output:
        report="results/studies/{study}/report.html",
        metrics="results/studies/{study}/metrics.json",
        provenance="results/studies/{study}/report.html.provenance.json",
    log:
        "logs/report/{study}.log",
    benchmark:
        "logs/benchmarks/report/{study}.tsv"
    params:
        code=lambda w: plan.code("report"),
        studies=lambda w, output: folder(output.report),
    message:
        "report on {wildcards.study}"
