"""What classifiers, language models and, where it is known, the corpus's grammar say of transfers."""

CLASSIFIER = ["model.safetensors", "classifier.json", "vocabulary.txt"]
TRANSFERRED = "results/samples/{study}/{text}/seed-{seed}"


rule train_classifier:
    input:
        lambda w: expand(
            "data/processed/{corpus}/tokens/{split}.{end}",
            corpus=plan.study(w.study).corpus,
            split=SPLITS,
            end=["txt", "labels.txt"],
        ),
    output:
        expand(
            "results/classifiers/{{study}}/{{kind}}/seed-{{seed}}/{file}",
            file=[*CLASSIFIER, "provenance.json"],
        ),
    log:
        "logs/train_classifier/{study}/{kind}/seed-{seed}.log",
    benchmark:
        "logs/benchmarks/train_classifier/{study}/{kind}/seed-{seed}.tsv"
    wildcard_constraints:
        study=one_of(plan.of_family("transfer")),
        kind=r"\w+",
    priority: 30  # as for language models: what is wrong with the text is told at once
    threads: 1
    resources:
        gpu=GPU,
        mem_mb=more(4000),
        runtime=more(6 * 60),
    params:
        settings=lambda w: plan.train_classifier(w.study, w.kind),
        code=lambda w: plan.code("train-classifier"),
        tokens=lambda w, input: folder(input),
        folder=lambda w, output: folder(output),
    message:
        "train the classifier {wildcards.kind} of {wildcards.study}"
    shell:
        "arae train-classifier --tokens {params.tokens:q} --settings {params.settings:q}"
        " --seed {wildcards.seed} --threads {threads} --out {params.folder:q} > {log:q} 2>&1"


rule score_transfer:
    input:
        samples=f"{TRANSFERRED}.txt",
        records=f"{TRANSFERRED}.jsonl",
        test=lambda w: f"data/processed/{plan.study(w.study).corpus}/tokens/test.txt",
        valid=lambda w: f"data/processed/{plan.study(w.study).corpus}/tokens/valid.txt",
        vocabulary=lambda w: f"data/processed/{plan.study(w.study).corpus}/vocabulary.txt",
        reverse_lm=expand(
            "results/language_models/{{study}}/{{text}}/seed-{{seed}}/{file}", file=LOADED
        ),
        forward_lm=lambda w: expand(
            "results/language_models/{study}/forward/seed-{seed}/{file}",
            study=w.study,
            seed=plan.study(w.study).instrument_seed,
            file=LOADED,
        ),
        classifiers=lambda w: expand(
            "results/classifiers/{study}/{kind}/seed-{seed}/{file}",
            study=w.study,
            kind=plan.classifiers(w.study),
            seed=plan.study(w.study).instrument_seed,
            file=CLASSIFIER,
        ),
    output:
        scores="results/scores/{study}/{text}/seed-{seed}.json",
        provenance="results/scores/{study}/{text}/seed-{seed}.json.provenance.json",
    log:
        "logs/score_transfer/{study}/{text}/seed-{seed}.log",
    benchmark:
        "logs/benchmarks/score_transfer/{study}/{text}/seed-{seed}.tsv"
    wildcard_constraints:
        study=one_of(plan.of_family("transfer")),
    threads: 1
    resources:
        gpu=GPU,
        mem_mb=more(4000),
        runtime=more(60),
    params:
        source=lambda w: plan.fetch(plan.study(w.study).corpus),
        code=lambda w: plan.code("score-transfer"),
        tokens=lambda w, input: folder(input.test),
        reverse_lm=lambda w, input: folder(input.reverse_lm),
        forward_lm=lambda w, input: folder(input.forward_lm),
        classifiers=lambda w, input: sorted({folder(path) for path in input.classifiers}),
    message:
        "score transfers of {wildcards.text}, seed {wildcards.seed}, for {wildcards.study}"
    shell:
        "arae score-transfer --samples {input.samples:q} --reverse-lm {params.reverse_lm:q}"
        " --forward-lm {params.forward_lm:q} --classifiers {params.classifiers:q}"
        " --tokens {params.tokens:q} --vocabulary {input.vocabulary:q} --source {params.source:q}"
        " --threads {threads} --out {output.scores:q} > {log:q} 2>&1"
