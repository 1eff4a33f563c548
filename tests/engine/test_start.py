"""A recipe that starts from another recipe's model: which weights it takes, and what is refused."""

from pathlib import Path

import pytest
import torch

from arae.engine.modeldir import load_model, save_model, start_from
from arae.foundation.errors import DataError, SettingsError
from toy import VOCABULARY_SIZE, toy_system


@pytest.fixture
def parent(tmp_path: Path) -> tuple[Path, Path]:
    vocabulary = tmp_path / "vocabulary.txt"
    words = ["<pad>", "<bos>", "<eos>", "<unk>", *(f"w{i}" for i in range(VOCABULARY_SIZE - 4))]
    vocabulary.write_text("".join(f"{word}\n" for word in words))
    folder = tmp_path / "parent"
    save_model(folder, toy_system("vae", seed=3), 3, vocabulary, [], {"epoch": 1, "score": 0.0})
    return folder, vocabulary


def child(parts: list[str], name: str = "vae", **changes):
    return toy_system(name, seed=7, start={"recipe": "parent", "parts": parts}, **changes)


def test_named_parts_are_the_parent_s_and_the_rest_is_drawn(parent: tuple[Path, Path]) -> None:
    folder, vocabulary = parent
    system, fresh = child(["encoder"]), toy_system("vae", seed=7)
    started = start_from(system, folder, vocabulary)
    weights = load_model(folder).system.state_dict()
    for name, tensor in system.state_dict().items():
        wanted = weights[name] if name.startswith("encoder.") else fresh.state_dict()[name]
        assert torch.equal(tensor, wanted), name
    assert started["parts"] == ["encoder"] and started["seed"] == 3
    assert len(started["weights"]) == 64


@pytest.mark.parametrize(
    ("parts", "changes", "message"),
    [
        (["encodr"], {}, "has no part 'encodr'; did you mean 'encoder'"),
        (["encoder"], {"latent": 5}, "'encoder' of .* does not fit: the tensor head.linear"),
    ],
)
def test_parts_that_do_not_fit_are_refused(parent, parts, changes, message) -> None:
    folder, vocabulary = parent
    with pytest.raises(DataError, match=message):
        start_from(child(parts, **changes), folder, vocabulary)


def test_a_part_that_only_the_new_model_has_is_refused(parent) -> None:
    folder, vocabulary = parent
    with pytest.raises(DataError, match="has no part 'generator'"):
        start_from(child(["generator"], "arae-spectral"), folder, vocabulary)


def test_another_vocabulary_is_refused(parent, tmp_path: Path) -> None:
    folder, vocabulary = parent
    other = tmp_path / "other.txt"
    other.write_text(vocabulary.read_text().replace("w0\n", "x0\n"))
    with pytest.raises(DataError, match="do not belong together"):
        start_from(child(["encoder"]), folder, other)


def test_no_part_at_all_is_refused() -> None:
    with pytest.raises(SettingsError, match="parts: empty"):
        child([])
