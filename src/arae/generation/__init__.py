"""Sentences out of trained systems."""
