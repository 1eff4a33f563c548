"""The verbs for using a trained model: thin, each one `add_arguments(parser)` and `run(arguments)`."""
