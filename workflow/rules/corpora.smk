"""From a source of text to memory-mapped ids."""


rule fetch:
    input:
        lambda w: plan.user_files(w.corpus),
    output:
        splits=expand("data/raw/{{corpus}}/{split}.txt", split=SPLITS),
        provenance="data/raw/{corpus}/provenance.json",
    log:
        "logs/fetch/{corpus}.log",
    benchmark:
        "logs/benchmarks/fetch/{corpus}.tsv"
    wildcard_constraints:
        corpus=one_of(plan.unlabelled),
    resources:
        mem_mb=more(2000),
        runtime=more(120),
    params:
        settings=lambda w: plan.fetch(w.corpus),
        code=lambda w: plan.code("fetch"),
        folder=lambda w, output: folder(output.provenance),
    message:
        "fetch {wildcards.corpus}"
    shell:
        "arae fetch --settings {params.settings:q} --out {params.folder:q} > {log:q} 2>&1"


rule tokenize:
    input:
        expand("data/raw/{{corpus}}/{split}.txt", split=SPLITS),
    output:
        splits=expand("data/processed/{{corpus}}/tokens/{split}.txt", split=SPLITS),
        report="data/processed/{corpus}/tokens/report.json",
        provenance="data/processed/{corpus}/tokens/provenance.json",
    log:
        "logs/tokenize/{corpus}.log",
    benchmark:
        "logs/benchmarks/tokenize/{corpus}.tsv"
    wildcard_constraints:
        corpus=one_of(plan.unlabelled),
    threads: 8
    resources:
        mem_mb=more(4000),
        runtime=more(60),
    params:
        settings=lambda w: plan.tokenize(w.corpus),
        bounds=lambda w: plan.bounds(w.corpus),
        code=lambda w: plan.code("tokenize"),
        raw=lambda w, input: folder(input),
        folder=lambda w, output: folder(output.provenance),
    message:
        "tokenize {wildcards.corpus}"
    shell:
        "arae tokenize --input {params.raw:q} --settings {params.settings:q}"
        " --bounds {params.bounds:q} --threads {threads} --out {params.folder:q} > {log:q} 2>&1"


rule vocabulary:
    input:
        "data/processed/{corpus}/tokens/train.txt",
    output:
        vocabulary="data/processed/{corpus}/vocabulary.txt",
        provenance="data/processed/{corpus}/vocabulary.txt.provenance.json",
    log:
        "logs/vocabulary/{corpus}.log",
    benchmark:
        "logs/benchmarks/vocabulary/{corpus}.tsv"
    resources:
        mem_mb=more(2000),
        runtime=more(30),
    params:
        settings=lambda w: plan.vocabulary(w.corpus),
        code=lambda w: plan.code("vocabulary"),
    message:
        "vocabulary of {wildcards.corpus}"
    shell:
        "arae vocabulary --input {input:q} --settings {params.settings:q}"
        " --out {output.vocabulary:q} > {log:q} 2>&1"


rule encode:
    input:
        tokens=expand("data/processed/{{corpus}}/tokens/{split}.txt", split=SPLITS),
        vocabulary="data/processed/{corpus}/vocabulary.txt",
    output:
        ids=expand("data/processed/{{corpus}}/ids/{split}.{array}", split=SPLITS, array=ARRAYS),
        report="data/processed/{corpus}/ids/report.json",
        provenance="data/processed/{corpus}/ids/provenance.json",
    log:
        "logs/encode/{corpus}.log",
    benchmark:
        "logs/benchmarks/encode/{corpus}.tsv"
    wildcard_constraints:
        corpus=one_of(plan.unlabelled),
    resources:
        mem_mb=more(2000),
        runtime=more(30),
    params:
        bounds=lambda w: plan.bounds(w.corpus),
        code=lambda w: plan.code("encode"),
        tokens=lambda w, input: folder(input.tokens),
        folder=lambda w, output: folder(output.report),
    message:
        "encode {wildcards.corpus}"
    shell:
        "arae encode --input {params.tokens:q} --vocabulary {input.vocabulary:q}"
        " --bounds {params.bounds:q} --out {params.folder:q} > {log:q} 2>&1"
