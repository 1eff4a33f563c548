"""Transfer: test sentences in the words of every other label."""

MADE["transfer"] = lambda study: [
    *expand(rules.transfer.output, study=study.name, recipe=study.recipes, seed=study.seeds),
    *expand(rules.copy_sources.output, study=study.name, seed=study.seeds),
    *expand(rules.score_transfer.output, study=study.name, text=study.texts, seed=study.seeds),
    *expand(
        rules.train_classifier.output,
        study=study.name,
        kind=plan.classifiers(study.name),
        seed=study.instrument_seed,
    ),
    *language_models_of(study),
]


rule transfer:
    input:
        model=expand("results/models/{{recipe}}/seed-{{seed}}/{file}", file=LOADED),
        ids=lambda w: ids_of(plan.study(w.study).corpus, ["test"]),
        test=lambda w: f"data/processed/{plan.study(w.study).corpus}/tokens/test.txt",
    output:
        sentences="results/samples/{study}/{recipe}/seed-{seed}.txt",
        records="results/samples/{study}/{recipe}/seed-{seed}.jsonl",
        provenance="results/samples/{study}/{recipe}/seed-{seed}.txt.provenance.json",
    log:
        "logs/transfer/{study}/{recipe}/seed-{seed}.log",
    benchmark:
        "logs/benchmarks/transfer/{study}/{recipe}/seed-{seed}.tsv"
    wildcard_constraints:
        study=one_of(plan.of_family("transfer")),
        recipe=one_of(plan.transferring),
    threads: 1
    resources:
        gpu=GPU,
        mem_mb=more(4000),
        runtime=more(60),
    params:
        settings=lambda w: plan.transfer(w.study, w.recipe),
        code=lambda w: plan.code("transfer-split", w.recipe),
        model=lambda w, input: folder(input.model),
        ids=lambda w, input: folder(input.ids),
        tokens=lambda w, input: folder(input.test),
    message:
        "transfer by {wildcards.recipe}, seed {wildcards.seed}, for {wildcards.study}"
    shell:
        "arae transfer-split --model {params.model:q} --ids {params.ids:q}"
        " --tokens {params.tokens:q} --settings {params.settings:q} --seed {wildcards.seed}"
        " --threads {threads} --out {output.sentences:q} > {log:q} 2>&1"


# The sentences that systems are given, as if a system had changed nothing.
rule copy_sources:
    input:
        ids=lambda w: ids_of(plan.study(w.study).corpus, ["test"]),
        test=lambda w: f"data/processed/{plan.study(w.study).corpus}/tokens/test.txt",
    output:
        sentences="results/samples/{study}/real/seed-{seed}.txt",
        records="results/samples/{study}/real/seed-{seed}.jsonl",
        provenance="results/samples/{study}/real/seed-{seed}.txt.provenance.json",
    log:
        "logs/copy_sources/{study}/seed-{seed}.log",
    benchmark:
        "logs/benchmarks/copy_sources/{study}/seed-{seed}.tsv"
    wildcard_constraints:
        study=one_of(plan.of_family("transfer")),
    resources:
        mem_mb=more(2000),
        runtime=more(10),
    params:
        settings=lambda w: plan.transfer(w.study),
        code=lambda w: plan.code("transfer-split"),
        ids=lambda w, input: folder(input.ids),
        tokens=lambda w, input: folder(input.test),
    message:
        "copy the sentences to transfer, seed {wildcards.seed}, for {wildcards.study}"
    shell:
        "arae transfer-split --ids {params.ids:q} --tokens {params.tokens:q}"
        " --settings {params.settings:q} --seed {wildcards.seed}"
        " --out {output.sentences:q} > {log:q} 2>&1"
