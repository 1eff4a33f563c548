"""Trained models as MLflow models: what is logged, and what answers when one is served."""
