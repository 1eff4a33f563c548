"""Sentences drawn from each model, as many as the study's evaluation asks for."""


rule sample:
    input:
        expand("results/models/{{recipe}}/seed-{{seed}}/{file}", file=LOADED),
    output:
        sentences="results/samples/{study}/{recipe}/seed-{seed}.txt",
        provenance="results/samples/{study}/{recipe}/seed-{seed}.txt.provenance.json",
    log:
        "logs/sample/{study}/{recipe}/seed-{seed}.log",
    benchmark:
        "logs/benchmarks/sample/{study}/{recipe}/seed-{seed}.tsv"
    wildcard_constraints:
        study=one_of(plan.of_family("coverage")),
    threads: 1
    resources:
        gpu=GPU,
        mem_mb=more(4000),
        runtime=more(60),
    params:
        settings=lambda w: plan.sample(w.study, w.recipe),
        code=lambda w: plan.code("sample", w.recipe),
        model=lambda w, input: folder(input),
    message:
        "sample from {wildcards.recipe}, seed {wildcards.seed}, for {wildcards.study}"
    shell:
        "arae sample --model {params.model:q} --settings {params.settings:q}"
        " --seed {wildcards.seed} --threads {threads} --out {output.sentences:q} > {log:q} 2>&1"
