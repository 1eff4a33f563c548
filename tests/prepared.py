"""A text prepared, and models trained on it, by real stage runs in the current folder; params.yaml."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from arae.cli import main
from arae.foundation.params import load_params

# The studies of params.yaml, laid over their bases.
STUDIES = load_params(Path(__file__).parents[1] / "params.yaml")["studies"]


def prepare(source: dict[str, Any]) -> None:
    """`raw`, `tokens`, `vocabulary.txt` and `ids` of a source of sentences."""
    tokens = json.dumps({"tokenizer": "whitespace", "max_length": 15})
    run("fetch", "--settings", json.dumps(source), "--out", "raw")
    run("tokenize", "--input", "raw", "--settings", tokens, "--out", "tokens")
    words = ["--settings", '{"size": 400}', "--out", "vocabulary.txt"]
    run("vocabulary", "--input", "tokens/train.txt", *words)
    run("encode", "--input", "tokens", "--vocabulary", "vocabulary.txt", "--out", "ids")


def train(recipe: dict[str, Any], name: str) -> None:
    """`models/{name}/seed-1`, trained on what `prepare` made."""
    given = ["--ids", "ids", "--vocabulary", "vocabulary.txt", "--settings", json.dumps(recipe)]
    run("train", *given, "--out", f"models/{name}/seed-1")


def run(*words: object) -> None:
    """A verb, which is to succeed."""
    assert main([str(word) for word in words]) == 0, words
