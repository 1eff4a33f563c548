"""The command line's verbs, one module each: `add_arguments` and `run`."""
