"""Tracking beside the way of the data: stages append journals, one writer ships them to MLflow.

`invocation` is the workflow's side (no MLflow import), `writer` the separate process's.
"""
