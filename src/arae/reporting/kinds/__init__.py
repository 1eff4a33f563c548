"""The kinds of study, each one file: its columns, claims and figures."""
