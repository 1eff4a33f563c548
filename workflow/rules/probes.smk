"""What a probe finds on each trained model: latent statistics, robustness, offsets, …"""

MADE["probe"] = lambda study: expand(
    rules.probe.output, study=study.name, recipe=study.recipes, seed=study.seeds
)


rule probe:
    input:
        model=expand(
            "results/models/{{recipe}}/seed-{{seed}}/{file}", file=[*LOADED, "history.jsonl"]
        ),
        ids=lambda w: ids_of(plan.study(w.study).corpus, SPLITS),
        tokens=lambda w: tokens_of(plan.study(w.study).corpus),
    output:
        scores="results/scores/{study}/{recipe}/seed-{seed}.json",
        provenance="results/scores/{study}/{recipe}/seed-{seed}.json.provenance.json",
    log:
        "logs/probe/{study}/{recipe}/seed-{seed}.log",
    benchmark:
        "logs/benchmarks/probe/{study}/{recipe}/seed-{seed}.tsv"
    wildcard_constraints:
        study=one_of(plan.of_family("probe")),
    threads: 1
    resources:
        gpu=GPU,
        mem_mb=more(4000),
        runtime=more(120),
    params:
        settings=lambda w: plan.probe(w.study),
        source=lambda w: plan.fetch(plan.study(w.study).corpus),
        code=lambda w: plan.code("probe", w.recipe, w.study),
        kind=lambda w: plan.study(w.study).kind,
        model=lambda w, input: folder(input.model),
        ids=lambda w, input: folder(input.ids),
        tokens=lambda w, input: folder(input.tokens),
    message:
        "{params.kind} of {wildcards.recipe}, seed {wildcards.seed}"
    shell:
        "arae probe --probe {params.kind} --model {params.model:q} --ids {params.ids:q}"
        " --tokens {params.tokens:q} --source {params.source:q} --settings {params.settings:q}"
        " --seed {wildcards.seed} --threads {threads} --out {output.scores:q} > {log:q} 2>&1"
