"""What happens when a run starts and ends: one run at a time, journals for MLflow, DVC's lock."""


onstart:
    with one_line_errors():
        session.begin()
        check_outputs(workflow.dag.needrun_jobs())


onsuccess:
    session.end("FINISHED", meanwhile=commit_to_dvc)
    print(*summary(workflow.dag.jobs), sep="\n", file=sys.stderr)


onerror:
    session.end("FAILED", meanwhile=commit_to_dvc)
