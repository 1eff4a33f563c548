"""Tables, curves and figures of each study, and the reports over studies."""

# One rule for each kind of study: kinds differ in their figures.
for kind, studies in plan.kinds.items():

    rule:
        name:
            f"tabulate_{kind}"
        input:
            scores=lambda w: scores_of(plan.study(w.study)),
            histories=lambda w: histories_of(plan.study(w.study)),
        output:
            expand("results/studies/{{study}}/{file}", file=table_files(kind)),
        log:
            "logs/tabulate/{study}.log",
        benchmark:
            "logs/benchmarks/tabulate/{study}.tsv"
        wildcard_constraints:
            study=one_of(studies),
        resources:
            mem_mb=more(2000),
            runtime=more(30),
        params:
            settings=lambda w: plan.tabulate(w.study),
            code=lambda w: plan.code("tabulate", study=w.study),
            folder=lambda w, output: folder(output),
        message:
            "tabulate {wildcards.study}"
        shell:
            "arae tabulate --study {wildcards.study} --settings {params.settings:q}"
            " --scores {input.scores:q} --histories {input.histories:q}"
            " --out {params.folder:q} > {log:q} 2>&1"


rule report:
    input:
        tables(plan.default),
    output:
        report="results/report.html",
        metrics="results/metrics.json",
        provenance="results/report.html.provenance.json",
    log:
        "logs/report/default.log",
    benchmark:
        "logs/benchmarks/report/default.tsv"
    resources:
        mem_mb=more(2000),
        runtime=more(30),
    params:
        code=lambda w: plan.code("report"),
        studies=expand("results/studies/{study}", study=plan.default),
    message:
        "report on the default study"
    shell:
        "arae report --studies {params.studies:q} --out {output.report:q}"
        " --metrics {output.metrics:q} > {log:q} 2>&1"


use rule report as embedded_report with:
    input:
        tables(plan.embedded),
    output:
        report="results/embedded/report.html",
        metrics="results/embedded/metrics.json",
        provenance="results/embedded/report.html.provenance.json",
    log:
        "logs/report/embedded.log",
    benchmark:
        "logs/benchmarks/report/embedded.tsv"
    params:
        code=lambda w: plan.code("report"),
        studies=expand("results/studies/{study}", study=plan.embedded),
    message:
        "report on all embedded studies"


# A study that needs a download has a report of its own.
use rule report as study_report with:
    input:
        lambda w: tables([w.study]),
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
