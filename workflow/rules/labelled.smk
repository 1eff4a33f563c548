"""Corpora with labels (styles, topics, relations): the same steps, with the labels beside the text."""


use rule fetch as fetch_labelled with:
    output:
        splits=expand("data/raw/{{corpus}}/{split}.txt", split=SPLITS),
        labels=expand("data/raw/{{corpus}}/{split}.labels.txt", split=SPLITS),
        provenance="data/raw/{corpus}/provenance.json",
    wildcard_constraints:
        corpus=one_of(plan.labelled),


use rule tokenize as tokenize_labelled with:
    input:
        expand("data/raw/{{corpus}}/{split}.txt", split=SPLITS),
        expand("data/raw/{{corpus}}/{split}.labels.txt", split=SPLITS),
    output:
        splits=expand("data/processed/{{corpus}}/tokens/{split}.txt", split=SPLITS),
        labels=expand("data/processed/{{corpus}}/tokens/{split}.labels.txt", split=SPLITS),
        report="data/processed/{corpus}/tokens/report.json",
        provenance="data/processed/{corpus}/tokens/provenance.json",
    wildcard_constraints:
        corpus=one_of(plan.labelled),


use rule encode as encode_labelled with:
    input:
        tokens=expand("data/processed/{{corpus}}/tokens/{split}.txt", split=SPLITS),
        labels=expand("data/processed/{{corpus}}/tokens/{split}.labels.txt", split=SPLITS),
        vocabulary="data/processed/{corpus}/vocabulary.txt",
    output:
        ids=expand("data/processed/{{corpus}}/ids/{split}.{array}", split=SPLITS, array=ARRAYS),
        labels=expand("data/processed/{{corpus}}/ids/{split}.labels.npy", split=SPLITS),
        names="data/processed/{corpus}/ids/labels.txt",
        report="data/processed/{corpus}/ids/report.json",
        provenance="data/processed/{corpus}/ids/provenance.json",
    wildcard_constraints:
        corpus=one_of(plan.labelled),
