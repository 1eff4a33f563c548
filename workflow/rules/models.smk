"""Training: one model per recipe and seed."""


rule train:
    input:
        ids=lambda w: ids_of(plan.recipe_corpus(w.recipe), ["train", "valid"]),
        vocabulary=lambda w: f"data/processed/{plan.recipe_corpus(w.recipe)}/vocabulary.txt",
        start=lambda w: expand("{start}/{file}", start=plan.start(w.recipe, w.seed), file=LOADED),
    output:
        expand("results/models/{{recipe}}/seed-{{seed}}/{file}", file=MODEL),
    log:
        "logs/train/{recipe}/seed-{seed}.log",
    benchmark:
        "logs/benchmarks/train/{recipe}/seed-{seed}.tsv"
    priority: 20
    threads: 1
    resources:
        processes=1,
        gpu=GPU,
        mem_mb=more(6000),
        runtime=more(24 * 60),
    params:
        settings=lambda w: plan.train(w.recipe),
        code=lambda w: plan.code("train", w.recipe),
        ids=lambda w, input: folder(input.ids),
        folder=lambda w, output: folder(output),
        start=lambda w: [f"--start={folder}" for folder in plan.start(w.recipe, w.seed)],
    message:
        "train {wildcards.recipe}, seed {wildcards.seed}"
    shell:
        "arae train --ids {params.ids:q} --vocabulary {input.vocabulary:q}"
        " --settings {params.settings:q} {params.start:q} --seed {wildcards.seed} --threads {threads}"
        " --processes {resources.processes} --device auto --out {params.folder:q} > {log:q} 2>&1"
