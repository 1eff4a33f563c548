"""The targets beside the default one. As there, each lists every file of its stages."""


rule paper:
    input:
        [files_of(plan.study(name)) for name in plan.studies if name not in plan.embedded],
    message:
        "everything that the paper needs is there"


for name in plan.studies:

    rule:
        name:
            name
        input:
            files_of(plan.study(name)),
        message:
            f"{name} is complete"
