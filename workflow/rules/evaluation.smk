"""The evaluation: language models trained on each text, and what they say about it.

A text is a recipe's samples, `real` (as many real sentences), or `forward` (all real sentences:
the instrument that measures every text's forward perplexity).
"""

MADE["coverage"] = lambda study: [
    *expand(rules.sample.output, study=study.name, recipe=study.recipes, seed=study.seeds),
    *expand(rules.evaluate.output, study=study.name, text=study.texts, seed=study.seeds),
    *language_models_of(study),
]


rule train_lm:
    input:
        text=text_of,
        ids=lambda w: ids_of(plan.study(w.study).corpus, ["valid"]),
        vocabulary=lambda w: f"data/processed/{plan.study(w.study).corpus}/vocabulary.txt",
    output:
        expand("results/language_models/{{study}}/{{text}}/seed-{{seed}}/{file}", file=MODEL),
    log:
        "logs/train_lm/{study}/{text}/seed-{seed}.log",
    benchmark:
        "logs/benchmarks/train_lm/{study}/{text}/seed-{seed}.tsv"
    priority: 30  # before the models: a text with too few sentences is told at once
    threads: 1
    resources:
        processes=1,
        gpu=GPU,
        mem_mb=more(6000),
        runtime=more(12 * 60),
    params:
        settings=lambda w: plan.train_lm(w.study, w.text),
        code=lambda w: plan.code("train-lm"),
        ids=lambda w, input: folder(input.ids),
        folder=lambda w, output: folder(output),
    message:
        "train the language model of {wildcards.study} on {wildcards.text}, seed {wildcards.seed}"
    shell:
        "arae train-lm --text {input.text:q} --ids {params.ids:q}"
        " --vocabulary {input.vocabulary:q} --settings {params.settings:q}"
        " --seed {wildcards.seed} --threads {threads} --processes {resources.processes}"
        " --out {params.folder:q} > {log:q} 2>&1"


rule evaluate:
    input:
        samples=text_of,
        train=lambda w: f"data/processed/{plan.study(w.study).corpus}/tokens/train.txt",
        test=lambda w: f"data/processed/{plan.study(w.study).corpus}/tokens/test.txt",
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
    output:
        scores="results/scores/{study}/{text}/seed-{seed}.json",
        provenance="results/scores/{study}/{text}/seed-{seed}.json.provenance.json",
    log:
        "logs/evaluate/{study}/{text}/seed-{seed}.log",
    benchmark:
        "logs/benchmarks/evaluate/{study}/{text}/seed-{seed}.tsv"
    wildcard_constraints:
        study=one_of(plan.of_family("coverage")),
    threads: 1
    resources:
        gpu=GPU,
        mem_mb=more(4000),
        runtime=more(60),
    params:
        settings=lambda w: plan.evaluate(w.study),
        oracle=lambda w: plan.fetch(plan.study(w.study).corpus),
        sentences=lambda w: plan.sentences(w.study) if w.text == "real" else "none",
        code=lambda w: plan.code("evaluate"),
        # Real text is judged forward on sentences that no language model has seen.
        forward_text=lambda w, input: input.test if w.text == "real" else input.samples,
        tokens=lambda w, input: folder(input.test),
        reverse_lm=lambda w, input: folder(input.reverse_lm),
        forward_lm=lambda w, input: folder(input.forward_lm),
    message:
        "evaluate {wildcards.text}, seed {wildcards.seed}, for {wildcards.study}"
    shell:
        "arae evaluate --samples {input.samples:q} --sentences {params.sentences}"
        " --forward-text {params.forward_text:q} --reverse-lm {params.reverse_lm:q}"
        " --forward-lm {params.forward_lm:q} --tokens {params.tokens:q}"
        " --vocabulary {input.vocabulary:q} --settings {params.settings:q}"
        " --oracle {params.oracle:q} --threads {threads} --out {output.scores:q} > {log:q} 2>&1"
