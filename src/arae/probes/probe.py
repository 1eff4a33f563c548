"""What a probe is given, what it answers, and how probes are found by name."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol, cast

import numpy as np
import torch

import arae.probes as package
from arae.corpora.source import Source
from arae.engine.modeldir import LoadedModel
from arae.foundation.errors import SettingsError
from arae.foundation.settings import parse_settings, suggest
from arae.nn.batch import TextStore
from arae.systems.system import System
from arae.text.encoded import EncodedText
from arae.text.vocabulary import SPECIALS


@dataclass(frozen=True, kw_only=True)
class Subject:
    """A trained model with the text that it is asked about."""

    model: LoadedModel
    history: list[dict[str, Any]]  # records of history.jsonl
    ids: Path  # folder of the encoded splits
    tokens: Path  # folder of the tokenised splits
    source: Source  # where the text comes from: a grammar knows the truth about it
    seed: int
    device: torch.device

    @cached_property
    def train(self) -> EncodedText:
        """Training text."""
        return EncodedText.open(self.ids, "train")

    @cached_property
    def valid(self) -> EncodedText:
        """Validation text."""
        return EncodedText.open(self.ids, "valid")

    @cached_property
    def test(self) -> EncodedText:
        """Test text."""
        return EncodedText.open(self.ids, "test")


@dataclass(frozen=True, kw_only=True)
class Findings:
    """What a probe found."""

    metrics: dict[str, float]
    definitions: dict[str, str]  # one line for each metric
    examples: list[str] = field(default_factory=list)
    details: dict[str, Any] = field(default_factory=dict)  # JSON data for figures


class Probe(Protocol):
    """What a module of `arae.probes` has."""

    Settings: type

    def require(self, system: System, source: Source, settings: Any) -> None:
        """Raise a `SettingsError` if the system cannot do what the probe asks: before any training."""

    def measure(self, subject: Subject, settings: Any) -> Findings:
        """What the probe finds on a trained model."""


def specimen(device: torch.device) -> TextStore:
    """Two made-up sentences, to see what a system's encoder gives."""
    ids = np.arange(3, dtype=np.int32) + len(SPECIALS)
    return TextStore(EncodedText(ids, np.array([0, 1, 3])), device)


def probe_names() -> list[str]:
    """Names of all probes, sorted."""
    names = (module.name for module in pkgutil.iter_modules(package.__path__))
    return sorted(name for name in names if name != "probe")


def find_probe(name: str, where: str = "probe") -> Probe:
    """The module of a probe; a `SettingsError` naming the valid ones if there is none."""
    if name not in probe_names():
        raise SettingsError(f"{where}: no probe '{name}'{suggest(name, probe_names())}")
    return cast(Probe, importlib.import_module(f"{package.__name__}.{name}"))


def parse_probe(name: str, values: Mapping[str, Any], where: str = "probe") -> Any:
    """The typed settings of a probe."""
    return parse_settings(find_probe(name, where).Settings, values, where)
