"""What the Snakefile stands on: the plan read from params.yaml, the session of a run, DVC's view."""
