"""Model directories of toy systems whose words are w0, w1, …"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from arae.engine.modeldir import LoadedModel, load_model, save_model
from arae.systems.system import System
from arae.text.vocabulary import SPECIALS
from toy import LABELS, VOCABULARY_SIZE, toy_store, toy_system

WORDS = [f"w{number}" for number in range(VOCABULARY_SIZE - len(SPECIALS))]
TOKENS = {"tokenizer": "whitespace", "lowercase": True, "max_length": 6}


def lively(name: str) -> System:
    """An untrained system of weights so large that different codes give different sentences."""
    changes = {"adversarial_std": 1.0} if "arae" in name else {}
    return toy_system(name, init_bound=2.0, **changes).eval()


@pytest.fixture(scope="session")
def folder_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Makes the model directory of a toy recipe, untrained."""
    home = tmp_path_factory.mktemp("models")
    vocabulary = home / "vocabulary.txt"
    vocabulary.write_text("".join(f"{word}\n" for word in (*SPECIALS, *WORDS)))

    def make(name: str) -> Path:
        folder = home / name
        if not folder.exists():
            system = lively(name)
            system.fit_prior(toy_store())
            selected = {"epoch": 1, "score": 2.0}
            history = [{"step": 1}]
            labels = LABELS if system.labels or name.startswith("nli") else ()
            save_model(folder, system, 1, vocabulary, history, selected, labels, TOKENS)
        return folder

    return make


@pytest.fixture
def model_of(folder_of: Callable[[str], Path]) -> Callable[[str], LoadedModel]:
    """Loads the model of a toy recipe."""
    return lambda name: load_model(folder_of(name))
