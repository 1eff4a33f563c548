"""Images: from their source to the scores of the models that draw them."""

MADE["images"] = lambda study: [
    *expand(rules.fetch_images.output, corpus=study.corpus),
    *expand(rules.train_images.output, recipe=study.recipes, seed=study.seeds),
    *expand(rules.train_image_classifier.output, study=study.name),
    *expand(rules.score_images.output, study=study.name, text=study.texts, seed=study.seeds),
]


rule fetch_images:
    output:
        images=images_of("{{corpus}}", SPLITS),
        provenance="data/processed/{corpus}/images/provenance.json",
    log:
        "logs/fetch_images/{corpus}.log",
    benchmark:
        "logs/benchmarks/fetch_images/{corpus}.tsv"
    wildcard_constraints:
        corpus=one_of(plan.image_corpora),
    resources:
        mem_mb=more(2000),
        runtime=more(120),
    params:
        settings=lambda w: plan.fetch(w.corpus),
        code=lambda w: plan.code("fetch-images"),
        folder=lambda w, output: folder(output.provenance),
    message:
        "fetch and binarise the images of {wildcards.corpus}"
    shell:
        "arae fetch-images --settings {params.settings:q} --out {params.folder:q} > {log:q} 2>&1"


# The folders of models are named alike for text and images.
ruleorder: train_images > train


rule train_images:
    input:
        lambda w: images_of(plan.recipe_corpus(w.recipe), ["train", "valid"]),
    output:
        expand("results/models/{{recipe}}/seed-{{seed}}/{file}", file=IMAGE_MODEL),
    log:
        "logs/train_images/{recipe}/seed-{seed}.log",
    benchmark:
        "logs/benchmarks/train_images/{recipe}/seed-{seed}.tsv"
    wildcard_constraints:
        recipe=one_of(plan.image_recipes),
    priority: 20
    threads: 1
    resources:
        gpu=GPU,
        mem_mb=more(4000),
        runtime=more(12 * 60),
    params:
        settings=lambda w: plan.train(w.recipe),
        code=lambda w: plan.code("train-images", w.recipe),
        images=lambda w, input: folder(input),
        folder=lambda w, output: folder(output),
    message:
        "train {wildcards.recipe}, seed {wildcards.seed}"
    shell:
        "arae train-images --images {params.images:q} --settings {params.settings:q}"
        " --seed {wildcards.seed} --threads {threads} --out {params.folder:q} > {log:q} 2>&1"


rule train_image_classifier:
    input:
        lambda w: images_of(plan.study(w.study).corpus, SPLITS),
    output:
        classifier=expand("results/image_classifiers/{{study}}/{file}", file=IMAGE_CLASSIFIER),
        provenance="results/image_classifiers/{study}/provenance.json",
    log:
        "logs/train_image_classifier/{study}.log",
    benchmark:
        "logs/benchmarks/train_image_classifier/{study}.tsv"
    wildcard_constraints:
        study=one_of(plan.of_family("images")),
    priority: 20
    threads: 1
    resources:
        gpu=GPU,
        mem_mb=more(4000),
        runtime=more(60),
    params:
        settings=lambda w: plan.classifier(w.study),
        code=lambda w: plan.code("train-image-classifier"),
        images=lambda w, input: folder(input),
        folder=lambda w, output: folder(output.classifier),
    message:
        "train the classifier that judges {wildcards.study}"
    shell:
        "arae train-image-classifier --images {params.images:q} --settings {params.settings:q}"
        " --threads {threads} --out {params.folder:q} > {log:q} 2>&1"


rule score_images:
    input:
        model=image_model_of,
        images=lambda w: images_of(plan.study(w.study).corpus, ["train", "test"]),
        classifier=expand("results/image_classifiers/{{study}}/{file}", file=IMAGE_CLASSIFIER),
    output:
        scores="results/scores/{study}/{text}/seed-{seed}.json",
        provenance="results/scores/{study}/{text}/seed-{seed}.json.provenance.json",
    log:
        "logs/score_images/{study}/{text}/seed-{seed}.log",
    benchmark:
        "logs/benchmarks/score_images/{study}/{text}/seed-{seed}.tsv"
    wildcard_constraints:
        study=one_of(plan.of_family("images")),
    threads: 1
    resources:
        gpu=GPU,
        mem_mb=more(4000),
        runtime=more(60),
    params:
        settings=lambda w: plan.probe(w.study),
        code=lambda w: plan.code("score-images", w.text),
        model=lambda w, input: folder(input.model) if input.model else "none",
        images=lambda w, input: folder(input.images),
        classifier=lambda w, input: folder(input.classifier),
    message:
        "score the images of {wildcards.text}, seed {wildcards.seed}, for {wildcards.study}"
    shell:
        "arae score-images --model {params.model:q} --images {params.images:q}"
        " --classifier {params.classifier:q} --settings {params.settings:q}"
        " --seed {wildcards.seed} --threads {threads} --out {output.scores:q} > {log:q} 2>&1"
